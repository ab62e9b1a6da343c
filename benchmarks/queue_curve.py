"""What the queue buys: F1 by documents corrected, queue against random, with gold as the annotator.

    python benchmarks/queue_curve.py prepare FOLDER             here: documents, the embedded base
    python benchmarks/queue_curve.py run FOLDER --output OUT    there: trains and chooses; a GPU pays
    python benchmarks/queue_curve.py score FOLDER --output OUT  here: scores on test, writes the results

`run` needs torch, transformers, peft, scikit-learn, pydantic and click, no package of tables. A seed is a
first round of 50 documents, drawn at random, which both ways share; then each way goes on by itself, to 100,
200 and 400 documents: the queue by `medner_assets.scoring.selection` with its random part, from what the last
round's version says of the others, calibrated on documents of dev; random by lot. Every round trains the base
anew. OUT gets one file a round, whole files only: run it again and it goes on.
"""

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from medner_assets import paths
from medner_assets.corpus.jsonl import write_documents
from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.normalising import normalise
from medner_assets.prompting.parsing import parse_completion
from medner_assets.prompting.probability import TokenProbabilities
from medner_assets.recipes.loading import load_base_model, load_dataset, load_version
from medner_assets.recipes.replicates import seed_of
from medner_assets.schema import Document, Level
from medner_assets.scoring.selection import Candidate, Key, select

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "queue.json"
TINY, RECIPE = "medner-tiny", "tiny-ade-v2"
ROUNDS, WAYS, SEEDS = (50, 100, 200, 400), ("queue", "random"), (1, 2, 3)
CALIBRATED_ON = 150
"""Documents of dev."""
TRAINING: dict[str, dict[str, Any]] = {
    "bc5cdr": {"max_tokens": 96, "warmup_steps": 20},
    "ade": {"epochs": 10, "gradient_accumulation": 1, "warmup_steps": 20},
}
"""Dataset → what its training changes in the recipe. BC5CDR is read sentence by sentence; fifty sentences of
ADE are few steps, so that they are trained on for longer."""
Row = dict[str, Any]


@click.group()
def main() -> None:
    """Measure what the queue buys."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--corpora", type=click.Path(path_type=Path, exists=True), help="Folder of the corpora.")
def prepare(folder: Path, corpora: Path | None) -> None:
    """Write the documents of each dataset and the embedded base into FOLDER."""
    from medner_assets.corpus.building import build_dataset

    folder.mkdir(parents=True, exist_ok=True)
    for name in TRAINING:
        built = build_dataset(load_dataset(name), corpora or paths.corpora()).documents
        for split in ("train", "dev", "test"):
            write_documents(folder / f"{name}.{split}.jsonl", [d for d in built if d.split == split])
    shutil.copytree(paths.EMBEDDED_BASES / TINY, folder / TINY, dirs_exist_ok=True)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--dataset", type=click.Choice(list(TRAINING)), default="bc5cdr", show_default=True)
@click.option("--seeds", default=len(SEEDS), show_default=True)
@click.option("--parallel", default=6, show_default=True, help="Chains at once.")
@click.option("--limit", type=int, help="Documents of dev and test, and a tenth of train, to try it.")
@click.option("--pool", type=int, help="Documents of train, drawn at random; all if not given.")
@click.option("--rounds", default=",".join(map(str, ROUNDS)), show_default=True, help="Documents by round.")
def run(
    folder: Path, output: Path, dataset: str, seeds: int, parallel: int, limit: int | None, pool: int | None,
    rounds: str,
) -> None:  # fmt: skip
    """Train and choose, round by round; what is there already is kept."""
    output.mkdir(parents=True, exist_ok=True)
    began, sizes = time.monotonic(), [int(each) for each in rounds.split(",")]
    corpus = Corpus(folder.resolve(), dataset, limit, pool)
    threads = max(1, (os.cpu_count() or 1) // parallel)

    def told(chain: str, size: int, facts: Row) -> None:
        seconds = f"trained in {facts['train_seconds']:.0f} s"
        print(f"{chain} {size}: {seconds}, done after {time.monotonic() - began:.0f} s", flush=True)

    def first(seed: int) -> None:
        drawn = random.Random(f"first {seed}").sample([each.id for each in corpus.train], sizes[0])
        _round(corpus, output, seed, "first", drawn, threads, told)

    def chain(way: str, seed: int) -> None:
        labelled, rows = _read(output, dataset, seed, "first", sizes[0])
        for size in sizes[1:]:
            labelled += _chosen(corpus, way, seed, labelled, rows, size - len(labelled))
            chooses = way == "queue" and size != sizes[-1]
            _round(corpus, output, seed, way, labelled, threads, told, chooses=chooses)
            labelled, rows = _read(output, dataset, seed, way, size)

    own = range(1, seeds + 1)
    with ThreadPoolExecutor(parallel) as chains:
        list(chains.map(first, own))
        list(chains.map(lambda each: chain(*each), [(way, seed) for seed in own for way in WAYS]))


class Corpus:
    """The documents of one dataset, and what every job of it states."""

    def __init__(self, folder: Path, dataset: str, limit: int | None, pool: int | None) -> None:
        self.dataset = dataset
        read = {
            split: read_jsonl(folder / f"{dataset}.{split}.jsonl").documents
            for split in ("train", "dev", "test")
        }
        self.train: Sequence[Document] = read["train"][: limit and 10 * limit]
        if pool is not None:
            self.train = random.Random(0).sample(self.train, pool)
        self.test: Sequence[Document] = read["test"][:limit]
        calibrated_on = min(CALIBRATED_ON, limit or CALIBRATED_ON)
        self.dev: Sequence[Document] = random.Random(0).sample(read["dev"], calibrated_on)
        self.settings = load_version(RECIPE).model_dump(mode="json")
        self.settings["training"] = {**self.settings["training"], **TRAINING[dataset]}
        self.stated = {
            "base": load_base_model(TINY),
            "base_folder": folder / TINY,
            "version": dataset,
            "entity_types": tuple(sorted({e.type for d in self.train for e in d.entities})),
            "relation_types": tuple(sorted({r.type for d in self.train for r in d.relations})),
        }


def _file(output: Path, dataset: str, seed: int, way: str, size: int) -> Path:
    return output / f"{dataset}-{seed}-{way}-{size}.jsonl.gz"


def _read(output: Path, dataset: str, seed: int, way: str, size: int) -> tuple[list[str], list[Row]]:
    """Return the documents that a round was trained on, and what its version wrote."""
    content = gzip.decompress(_file(output, dataset, seed, way, size).read_bytes()).decode()
    facts, *rows = map(json.loads, content.splitlines())
    return facts["labelled"], rows


def _round(
    corpus: Corpus, output: Path, seed: int, way: str, labelled: list[str], threads: int, told: Any,
    *, chooses: bool = True,
) -> None:  # fmt: skip
    """Train on the labelled documents, write about test, and keep it all in one file.

    chooses: whether the next documents are chosen by what it says, so that dev and the others are read too.
    """
    target = _file(output, corpus.dataset, seed, way, len(labelled))
    if target.exists():
        return
    with tempfile.TemporaryDirectory() as work:
        facts, rows = _trained_and_written(corpus, Path(work), seed, set(labelled), threads, chooses=chooses)
    lines = [json.dumps(each) for each in ({**facts, "labelled": labelled}, *rows)]
    partial = target.with_suffix(".partial")
    partial.write_bytes(gzip.compress("\n".join(lines).encode()))
    partial.replace(target)
    told(f"{corpus.dataset} {seed} {way}", len(labelled), facts)


def _trained_and_written(
    corpus: Corpus, work: Path, seed: int, labelled: set[str], threads: int, *, chooses: bool
) -> tuple[Row, list[Row]]:
    from medner_assets.modeling.job import GenerationJob, TrainingJob

    recipe = {**corpus.settings, "seed": seed_of(corpus.settings["seed"], seed)}
    write_documents(work / "train.jsonl", [each for each in corpus.train if each.id in labelled])
    write_documents(work / "dev.jsonl", [])
    asked = {"test": corpus.test}
    if chooses:
        asked |= {"dev": corpus.dev, "pool": [each for each in corpus.train if each.id not in labelled]}
    write_documents(work / "asked.jsonl", [each for split in asked.values() for each in split])
    jobs: list[tuple[str, Any]] = [
        ("training.train", TrainingJob(
            **corpus.stated, recipe=recipe, train=work / "train.jsonl", dev=work / "dev.jsonl",
            output=work / "adapter", work=work / "training", fingerprint="benchmark",
            dataset_version="benchmark",
        )),
        ("inference.generate", GenerationJob(
            **corpus.stated, adapter=work / "adapter", documents=work / "asked.jsonl",
            decoding=recipe["decoding"], max_tokens=recipe["training"]["max_tokens"],
            output=work / "completions.jsonl", work=work, generation_id="benchmark",
        )),
    ]  # fmt: skip
    for module, job in jobs:
        (work / f"{module}.json").write_text(job.model_dump_json())
        command = [sys.executable, "-m", f"medner_assets.modeling.{module}", "--job", work / f"{module}.json"]
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )  # fmt: skip
        if ended.returncode:
            raise click.ClickException(f"{corpus.dataset} {module}: {ended.stderr[-2000:]}")
    facts = json.loads((work / "adapter" / "medner.json").read_text())
    by_id = {each.id: (split, each.text) for split, documents in asked.items() for each in documents}
    rows = [json.loads(line) for line in (work / "completions.jsonl").read_text("utf-8").splitlines()]
    kept = {key: facts[key] for key in ("device", "steps", "train_seconds", "train_tokens", "seed")}
    return kept, [_kept(row, *by_id[row["doc_id"]]) for row in rows]


def _kept(row: Row, split: str, text: str) -> Row:
    """Return what is kept of a completion: of test what is scored, of others their items."""
    if split != "test":
        items = [[list(key), probability] for key, probability in said(text, row).items()]
        return {"split": split, "doc_id": row["doc_id"], "items": items}
    return {**row, "split": split, "token_starts": None, "log_probabilities": None}


def _chosen(
    corpus: Corpus, way: str, seed: int, labelled: list[str], rows: list[Row], count: int
) -> list[str]:
    """Return which documents are corrected next."""
    left = [each for each in corpus.train if each.id not in set(labelled)]
    if way == "random":
        return random.Random(f"random {seed} {len(labelled)}").sample([each.id for each in left], count)
    curves = _calibrated(corpus.dev, rows)
    items = {row["doc_id"]: row["items"] for row in rows if row["split"] == "pool"}
    candidates = [
        Candidate(each.id, len(each.text), {tuple(key): curves[key[0]](p) for key, p in items[each.id]})
        for each in left
    ]
    return [each.doc_id for each in select(candidates, count, seed=seed)]


def said(text: str, row: Mapping[str, Any]) -> dict[Key, float]:
    """Return item → the model's probability: what a completion says and the text holds, each once.

    A key is the task, the type, and the strings as they are compared.
    """
    found: dict[Key, float] = {}
    there = normalise(text)
    tokens = TokenProbabilities(row["token_starts"], row["log_probabilities"])
    parsed = parse_completion(row["completion"])
    items: Iterable[tuple[Key, Any]] = [
        *((("entity", e.type, normalise(e.text)), e.place) for e in parsed.entities),
        *((("relation", r.type, normalise(r.head), normalise(r.tail)), r.place) for r in parsed.relations),
    ]
    for key, place in items:
        if all(string in there for string in key[2:]):
            found[key] = max(found.get(key, 0.0), tokens.at(place))
    return found


def _calibrated(dev: Sequence[Document], rows: list[Row]) -> dict[str, Any]:
    """Return task → the curve from a model's probability to the share of dev items that are right."""
    import numpy as np

    from medner_assets.scoring.confidence.curve import CalibrationCurve

    documents = {each.id: each for each in dev}
    items: dict[str, list[tuple[float, bool]]] = {"entity": [], "relation": []}
    for row in rows:
        if row["split"] == "dev":
            gold = _gold(documents[row["doc_id"]])
            for key, probability in row["items"]:
                items[key[0]].append((probability, tuple(key) in gold))
    curves = {}
    for task, found in items.items():
        if len(found) < 100:  # as the product does: the model's own are kept
            curves[task] = float
            continue
        curve = CalibrationCurve.fitted(np.array([p for p, _ in found]), np.array([ok for _, ok in found]))
        curves[task] = lambda p, curve=curve: float(curve.at(np.array([p]))[0])
    return curves


def _gold(document: Document) -> set[Key]:
    """Return the right items of a document; a relation of concepts holds between all of their strings."""
    found: set[Key] = {("entity", each.type, normalise(each.text)) for each in document.entities}
    of: dict[str, set[str]] = {}
    for each in document.entities:
        for name in each.concepts if document.level is Level.CONCEPT else (each.id,):
            of.setdefault(name, set()).add(normalise(each.text))
    for each in document.relations:
        concepts = document.level is Level.CONCEPT
        head, tail = (each.head_concept, each.tail_concept) if concepts else (each.head, each.tail)
        found |= {
            ("relation", each.type, one, other)
            for one in of.get(head or "", ())
            for other in of.get(tail or "", ())
        }
    return found


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--dry", is_flag=True, help="Do not write the results of the project.")
def score(folder: Path, output: Path, dry: bool) -> None:
    """Score every round on test; write the curves, and the differences at equal documents and seeds."""
    from queue_score import curves_of

    results = curves_of(folder, output)
    (output / "queue.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if not dry:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
