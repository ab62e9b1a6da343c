"""SmolLM2-135M-Instruct on ADE: the untuned base with no and with five examples, and fine-tuned; one table.

    python benchmarks/prompt_styles.py prepare FOLDER --gguf FILE   documents of ADE, the weights in pieces
    python benchmarks/arena.py run FOLDER --output FOLDER           writes completions; a GPU pays
    python benchmarks/arena.py score FOLDER --output FOLDER         reads and scores them; writes JSON

Every system gets the same test documents and is read by the same parser. `run` needs torch, transformers,
peft, pydantic, click and gguf, no package of tables. `score` writes OUTPUT/NAME.predicted.jsonl too, which
`medner score` reads.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from prompt_styles import RECIPE, limited, smollm2

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.modeling.job import GenerationJob, ShotsJob, TrainingJob
from medner_assets.modeling.progress import StandardError
from medner_assets.recipes.sources import BaseModelRecipe

RESULTS = Path(__file__).parent / "results" / "arena.json"
PROMPTED: dict[str, tuple[int, str]] = {
    "zero-shot": (0, "seed"),
    "5-shot": (5, "seed"),
    "5-shot-nearest": (5, "nearest"),
}
"""Name → examples, and how they are chosen."""
TUNED = "tuned"
SEEDS = (42, 43, 44)
"""Of the fine-tuned adapters: three trainings of one recipe; the first is compared with the others."""


@click.group()
def main() -> None:
    """Put a base, prompted and tuned, on one ladder."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--limit", type=int, help="Documents a split, to try the script or for a CPU.")
@click.option("--only", multiple=True, help="Names of systems; all if left out.")
def run(folder: Path, output: Path, limit: int | None, only: tuple[str, ...]) -> None:
    """Complete the test split with every system; OUTPUT gets completions, whole files only."""
    from medner_assets.environment import QUIET
    from medner_assets.modeling.inference.generate import generate
    from medner_assets.modeling.training.train import train

    os.environ.update(QUIET)
    output.mkdir(parents=True, exist_ok=True)
    base = smollm2(folder)
    documents = read_jsonl(folder / "train.jsonl").documents
    here = {split: limited(folder / f"{split}.jsonl", limit) for split in ("train", "dev", "test")}

    def common(name: str, style: Any) -> dict[str, Any]:
        recipe = BaseModelRecipe(
            summary="SmolLM2-135M", path="data/base/x", prompt_style=style, licence="Apache-2.0"
        )
        return {
            "version": name, "base": recipe, "base_folder": base.resolve(),
            "entity_types": tuple(sorted({e.type for d in documents for e in d.entities})),
            "relation_types": tuple(sorted({r.type for d in documents for r in d.relations})),
        }  # fmt: skip

    def complete(name: str, style: str, adapter: Path | None, shots: ShotsJob | None) -> None:
        work = (folder / "arena" / name).resolve()
        work.mkdir(parents=True, exist_ok=True)
        job = GenerationJob(
            **common(name, style), adapter=adapter, shots=shots, documents=here["test"],
            decoding=RECIPE.decoding, max_tokens=RECIPE.training.max_tokens, work=work,
            output=(output / f"{name}.jsonl").resolve(), generation_id=name,
        )  # fmt: skip
        generate(job, StandardError())

    for name, (count, choice) in PROMPTED.items():
        if not only or name in only:
            shots = ShotsJob(pool=here["train"], count=count, choice=choice, seed=RECIPE.seed)  # type: ignore[arg-type]
            complete(name, "chat", None, shots)
    for seed in SEEDS:
        name = f"{TUNED}-{seed}"
        if only and name not in only:
            continue
        work = (folder / "arena" / name).resolve()
        training = TrainingJob(
            **common(name, "instruct"), recipe=RECIPE.model_copy(update={"seed": seed}), train=here["train"],
            dev=here["dev"], work=work / "work", output=work / "adapter", fingerprint=name,
            dataset_version="benchmark",
        )  # fmt: skip
        facts = train(training, StandardError())
        (output / f"{name}.facts.json").write_text(json.dumps(facts, indent=1))
        complete(name, "instruct", work / "adapter", None)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--limit", type=int, help="As given to `run`.")
@click.option("--dry", is_flag=True, help="Do not write the results of the project.")
def score(folder: Path, output: Path, limit: int | None, dry: bool) -> None:
    """Print F1 with intervals of every system, and the paired test against the first fine-tuned one."""
    from medner_assets.prompting.grounding import predict
    from medner_assets.scoring.external import compared_submissions, scored_submission
    from medner_assets.scoring.submissions import read_submission

    gold = read_jsonl(limited(folder / "test.jsonl", limit)).documents
    texts = {document.id: document.text for document in gold}
    scored, results = {}, {}
    for name in (*PROMPTED, *(f"{TUNED}-{seed}" for seed in SEEDS)):
        file = output / f"{name}.jsonl"
        if not file.is_file():
            print(f"{name}: no completions, left out")
            continue
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        read = [
            predict(row["doc_id"], texts[row["doc_id"]], row["completion"],
                    is_cut=row["finish_reason"] == "length")
            for row in rows
        ]  # fmt: skip
        predicted = output / f"{name}.predicted.jsonl"
        predicted.write_text("".join(json.dumps(line_of(each)) + "\n" for each in read), encoding="utf-8")
        with predicted.open(encoding="utf-8") as lines:
            scored[name] = scored_submission(gold, read_submission(lines, predicted.name))
        told = scored[name].to_json()
        results[name] = {
            "entity": told["entity"]["text"], "relation": told["relation"]["strict"],
            "signature": told["signature"], "documents": told["documents"],
            "cut": sum(row["finish_reason"] == "length" for row in rows),
            "unreadable_lines": sum(len(each.rejected) for each in read),
            "prompt_tokens": sum(row["prompt_tokens"] for row in rows),
            "seconds": round(sum(row["seconds"] for row in rows), 1),
        }  # fmt: skip
    reference = next((name for name in results if name.startswith(TUNED)), None)
    for name, row in results.items():
        if reference is not None and name != reference:
            row["against"] = {reference: compared_submissions(scored[name], scored[reference], reference)}
        shown = "  ".join(
            f"{task} F1 {row[task]['f1']:.3f} ({row[task]['f1_low']:.3f} to {row[task]['f1_high']:.3f})"
            for task in ("entity", "relation")
        )
        print(f"{name:<15} {shown}  cut {row['cut']}, unreadable lines {row['unreadable_lines']}")
    (output / "arena.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if not dry:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def line_of(prediction: Any) -> dict[str, Any]:
    """Return a prediction as `medner score` reads it; relations by their strings, with their types."""
    entities = []
    for each in prediction.entities:
        entity = {"id": f"E{each.ordinal}", "type": each.type, "text": each.text}
        if each.grounding in ("exact", "case"):
            entity |= {"start": each.start, "end": each.end}
        entities.append(entity)
    relations = []
    for each in prediction.relations:
        relation = {
            "type": each.type, "head_text": each.head_text, "head_type": each.head_type,
            "tail_text": each.tail_text, "tail_type": each.tail_type,
        }  # fmt: skip
        relations.append({key: value for key, value in relation.items() if value is not None})
    return {"id": prediction.doc_id, "entities": entities, "relations": relations}


if __name__ == "__main__":
    main()
