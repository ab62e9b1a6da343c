"""How sure the embedded base is, and whether it is right to be: calibration on real text, over replicates.

    python benchmarks/confidence.py prepare FOLDER          here: documents of ADE and BC5CDR, the base
    python benchmarks/confidence.py run FOLDER --output OUT there: trains, writes dev and test; a GPU pays
    python benchmarks/confidence.py score FOLDER --output OUT   here: calibrates on dev, measures on test
    python benchmarks/confidence.py speed                   generation with and without probabilities

`run` needs torch, transformers, peft, pydantic and click (and gguf for --base smollm2), no package of tables.
All trainings run at once, each in processes of its own.
"""

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import click

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from medner_assets import paths
from medner_assets.corpus.jsonl import write_documents
from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.recipes.loading import load_base_model, load_dataset, load_version
from medner_assets.recipes.replicates import seed_of

RESULTS = Path(__file__).parent / "results" / "confidence.json"
DATASETS = ("ade", "bc5cdr")
MAX_TOKENS = {("tiny", "bc5cdr"): 96, ("smollm2", "bc5cdr"): 256}
"""(base, dataset) → what its training changes in the recipe: the embedded base reads BC5CDR sentence by
sentence; SmolLM2's prompt alone takes most of 96 tokens."""
RECIPE, TINY, SPLITS = "tiny-ade-v2", "medner-tiny", ("dev", "test")


@click.group()
def main() -> None:
    """Measure confidence."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--corpora", type=click.Path(path_type=Path, exists=True), help="Folder of the corpora.")
@click.option("--only", multiple=True, help="Datasets; all if not given.")
def prepare(folder: Path, corpora: Path | None, only: tuple[str, ...]) -> None:
    """Write the documents of each dataset and the embedded base into FOLDER."""
    from medner_assets.corpus.building import build_dataset

    folder.mkdir(parents=True, exist_ok=True)
    for name in only or DATASETS:
        built = build_dataset(load_dataset(name), corpora or paths.corpora()).documents
        for split in ("train", *SPLITS):
            write_documents(folder / f"{name}.{split}.jsonl", [d for d in built if d.split == split])
    shutil.copytree(paths.EMBEDDED_BASES / TINY, folder / TINY, dirs_exist_ok=True)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--only", multiple=True, help="Datasets; all if not given.")
@click.option("--replicates", default=3, show_default=True)
@click.option("--base", type=click.Choice(["tiny", "smollm2"]), default="tiny", show_default=True)
@click.option(
    "--recipe", default=RECIPE, show_default=True, help="Version whose settings the embedded base takes."
)
@click.option("--parallel", default=6, show_default=True, help="Trainings at once.")
@click.option("--limit", type=int, help="Documents a split, to try the script or for a CPU.")
def run(
    folder: Path, output: Path, only: tuple[str, ...], replicates: int, base: str, recipe: str, parallel: int,
    limit: int | None,
) -> None:  # fmt: skip
    """Train and complete dev and test; OUTPUT gets one file a training, whole files only."""
    output.mkdir(parents=True, exist_ok=True)
    common, settings = _of_base(folder, base, recipe)
    runs = [(name, index) for name in (only or DATASETS) for index in range(1, replicates + 1)]
    began = time.monotonic()

    def one(dataset: str, index: int) -> bool:
        target = output / f"{base}-{dataset}-{index}.jsonl.gz"
        if target.exists():
            return True
        changed = {**settings, "seed": seed_of(settings["seed"], index)}
        if (base, dataset) in MAX_TOKENS:
            changed["training"] = {**settings["training"], "max_tokens": MAX_TOKENS[base, dataset]}
        with tempfile.TemporaryDirectory() as work:
            lines = _trained_and_written(folder.resolve(), dataset, Path(work), common, changed, limit)
        if lines is None:
            return False
        partial = target.with_suffix(".partial")
        partial.write_bytes(gzip.compress("".join(lines).encode()))
        partial.replace(target)
        print(f"{base} {dataset} {index}: done after {time.monotonic() - began:.0f} s", flush=True)
        return True

    with ThreadPoolExecutor(parallel) as pool:
        done = list(pool.map(lambda each: one(*each), runs))
    sys.exit(int(not all(done)))


def _of_base(folder: Path, base: str, version: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what jobs state of the base, and the settings of its recipe."""
    if base == "tiny":
        settings = load_version(version).model_dump(mode="json")
        return {"base": load_base_model(TINY), "base_folder": (folder / TINY).resolve()}, settings
    from prompt_styles import RECIPE as OF_SMOLLM2
    from prompt_styles import smollm2

    from medner_assets.recipes.sources import BaseModelRecipe

    recipe = BaseModelRecipe(
        summary="SmolLM2-135M", path="data/base/x", prompt_style="instruct", licence="Apache-2.0"
    )
    stated = {"base": recipe, "base_folder": smollm2(folder).resolve()}
    return stated, OF_SMOLLM2.model_dump(mode="json")


def _trained_and_written(
    folder: Path, dataset: str, work: Path, common: dict[str, Any], recipe: dict[str, Any], limit: int | None
) -> list[str] | None:
    """Return the lines of completions of dev and test, behind one line of facts; None where a step failed."""
    from medner_assets.modeling.job import GenerationJob, TrainingJob

    documents = {
        split: read_jsonl(folder / f"{dataset}.{split}.jsonl").documents for split in ("train", *SPLITS)
    }
    for split in SPLITS if limit is None else documents:
        write_documents(work / f"{split}.jsonl", documents[split][:limit])
    train = folder / f"{dataset}.train.jsonl" if limit is None else work / "train.jsonl"
    stated = {
        **common, "version": dataset,
        "entity_types": tuple(sorted({e.type for d in documents["train"] for e in d.entities})),
        "relation_types": tuple(sorted({r.type for d in documents["train"] for r in d.relations})),
    }  # fmt: skip
    jobs: list[tuple[str, Any]] = [
        ("training.train", TrainingJob(
            **stated, recipe=recipe, train=train, dev=work / "dev.jsonl", output=work / "adapter",
            work=work / "training", fingerprint="benchmark", dataset_version="benchmark",
        )),
        *(("inference.generate", GenerationJob(
            **stated, adapter=work / "adapter", documents=work / f"{split}.jsonl",
            decoding=recipe["decoding"], max_tokens=recipe["training"]["max_tokens"],
            output=work / f"{split}.completions.jsonl", work=work, generation_id=split,
        )) for split in SPLITS),
    ]  # fmt: skip
    for number, (module, job) in enumerate(jobs):
        file = work / f"{number}.json"
        file.write_text(job.model_dump_json())
        command = [sys.executable, "-m", f"medner_assets.modeling.{module}", "--job", str(file)]
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent
        )
        if ended.returncode:
            print(dataset, module, ended.stderr[-2000:], flush=True)
            return None
    facts = json.loads((work / "adapter" / "medner.json").read_text())
    kept = {key: facts[key] for key in ("device", "steps", "train_seconds", "best_eval_loss", "seed")}
    lines = [json.dumps({**kept, "recipe": recipe["summary"]}) + "\n"]
    for split in SPLITS:
        rows = (work / f"{split}.completions.jsonl").read_text(encoding="utf-8").splitlines()
        lines += [json.dumps({**json.loads(row), "split": split}) + "\n" for row in rows]
    return lines


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--dry", is_flag=True, help="Do not write the results of the project.")
def score(folder: Path, output: Path, dry: bool) -> None:
    """Calibrate each training on dev, measure on test, and hold votes against probabilities."""
    from sureness import scored_dataset

    names = sorted({file.name.rsplit("-", 1)[0] for file in output.glob("*.jsonl.gz")})
    results = {name: scored_dataset(folder, output, name) for name in names}
    (output / "confidence.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if not dry:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


@main.command()
@click.option("--documents", default=64, show_default=True)
@click.option("--repetitions", default=7, show_default=True)
@click.option("--tokens", default=64, show_default=True, help="New tokens at most.")
def speed(documents: int, repetitions: int, tokens: int) -> None:
    """Print seconds of generation with and without probabilities, in turn, and their ratio."""
    import torch

    from medner_assets.corpus.synthetic.generator import generate_documents
    from medner_assets.modeling.inference import decoding, stepping
    from medner_assets.modeling.inference.token_places import TokenPlaces
    from medner_assets.modeling.loading import load_base, load_tokenizer, pick_device
    from medner_assets.modeling.samples import Encoder

    folder = paths.EMBEDDED_BASES / TINY
    tokenizer = load_tokenizer(folder)
    model = load_base(folder, load_base_model(TINY), pick_device("auto")).eval()
    encoder = Encoder(tokenizer, "compact", ("Drug", "Effect"), ("causes",))
    texts = [each.text for each in generate_documents("stated", 1, documents)]
    prompts = [(str(n), encoder.prompt(text)) for n, text in enumerate(texts)]

    def once() -> float:
        clock = time.perf_counter if model.device.type == "cuda" else time.process_time  # others may run
        began = clock()
        list(decoding.generate_batches(model, tokenizer, prompts, batch_size=64, max_new_tokens=tokens))
        if model.device.type == "cuda":
            torch.cuda.synchronize()
        return clock() - began

    def without() -> float:
        plain = mock.Mock(side_effect=lambda new: (str(tokenizer.decode(new)), []))
        with (
            mock.patch.object(decoding, "_log_probabilities", lambda best, total: best),
            mock.patch.object(stepping, "_total", lambda scores: scores[:, 0]),
            mock.patch.object(decoding, "_distribute", return_value=None),
            mock.patch.object(TokenPlaces, "decoded", plain),
        ):
            return once()

    once()
    pairs = [(once(), without()) if n % 2 else (without(), once())[::-1] for n in range(repetitions)]
    ratio = median(own / other for own, other in pairs)
    print(f"{model.device}: with {median(a for a, _ in pairs):.3f} s, "
          f"without {median(b for _, b in pairs):.3f} s, ratio {ratio:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
