"""How well the embedded base learns: fine-tune it on real and synthetic text, on dev or test, over seeds.

`run` trains and generates in processes of their own (on a GPU if there is one) and writes one line a
completion; `score` reads those lines, scores them as medner scores a version (after the recipe's
post-processing, at mention level) and prints a line a run; `table` does both on test over several seeds, or
takes the lines of a `run` on another machine. Choices are made on dev; test is for the configurations that
are reported.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import mean

import click

from medner_assets import paths
from medner_assets.corpus.building import build_dataset
from medner_assets.corpus.jsonl import write_documents
from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.modeling.job import GenerationJob, TrainingJob
from medner_assets.recipes.loading import load_base_model, load_dataset, load_version

RESULTS = Path(__file__).parent / "results" / "base.json"
TASKS = ("entity", "relation")

# name: (dataset, recipe whose settings are used, what is changed)
CONFIGURATIONS: dict[str, tuple[str, str, dict]] = {
    "ade-r16": ("ade", "tiny-ade-v1", {}),
    "ade-r32": ("ade", "tiny-ade-v2", {}),
    "synthetic-v1": ("synthetic-small", "tiny-v1", {}),
    "synthetic-v2": ("synthetic-small", "tiny-v2", {}),
    "bc5cdr-r32": (
        "bc5cdr",
        "tiny-ade-v2",
        {"training": {"max_tokens": 96}},
    ),
    "biored-r32": ("biored", "tiny-ade-v2", {"training": {"max_tokens": 192}}),  # its types take 70
    "small-ade-v1": ("ade", "small-ade-v1", {}),
    "small-ade-v2": ("ade", "small-ade-v2", {}),
    "small-bc5cdr": ("bc5cdr", "small-bc5cdr", {}),
}
SMALL = tuple(name for name in CONFIGURATIONS if name.startswith("small"))
"""On SmolLM2-135M; a GPU pays."""

WRITTEN = ("doc_id", "completion", "finish_reason", "windows", "token_starts", "log_probabilities")
"""What is kept of a completion's row; lines that were kept before probabilities were have none."""

WORDS = {
    "ade-r16": "ADE by PMID, rank 16, 3 epochs (`tiny-ade-v1`)",
    "ade-r32": "ADE by PMID, rank 32, 7 epochs (`tiny-ade-v2`)",
    "synthetic-v1": "`synthetic-small`, rank 16, 3 epochs (`tiny-v1`)",
    "synthetic-v2": "`synthetic-small`, rank 32, 7 epochs (`tiny-v2`)",
    "bc5cdr-r32": "BC5CDR, rank 32, 7 epochs, sentence by sentence; relations at concept level",
    "biored-r32": "BioRED, rank 32, 7 epochs, sentence by sentence; relations at concept level",
}


@click.group()
def main() -> None:
    """Measure the embedded base."""


@main.command()
@click.option("--base", type=click.Path(path_type=Path), required=True)
@click.option("--small", type=click.Path(path_type=Path), help="Folder of SmolLM2-135M, for small-*.")
@click.option(
    "--documents", type=click.Path(path_type=Path), required=True, help="Folder of <dataset>.<split>.jsonl."
)
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--split", "splits", multiple=True, default=["dev"], help="dev, test, or both of one training.")
@click.option("--seeds", default=1)
@click.option("--only", multiple=True, help="Configurations; all if not given.")
@click.option(
    "--set", "overrides", multiple=True, help="A setting of every recipe, e.g. training.learning_rate=1e-4."
)
@click.option("--parallel", default=1)
def run(
    base: Path, small: Path | None, documents: Path, output: Path, splits: tuple[str, ...], seeds: int,
    only: tuple[str, ...], overrides: tuple[str, ...], parallel: int,
) -> None:  # fmt: skip
    """Train and generate; append lines of completions to OUTPUT."""
    names = only or tuple(name for name in CONFIGURATIONS if small is not None or name not in SMALL)
    runs = [(name, seed) for name in names for seed in range(1, seeds + 1)]
    folders = {name: small if name in SMALL and small is not None else base for name in names}

    failed: list[tuple[str, int]] = []

    def one(run: tuple[str, int]) -> list[dict]:
        try:
            return _one(folders[run[0]], documents, splits, *run, overrides)
        except subprocess.CalledProcessError as error:
            print(run, error.stderr[-3000:], file=sys.stderr)
            failed.append(run)
            return []

    with ThreadPoolExecutor(parallel) as pool, output.open("a", encoding="utf-8") as out:
        for lines in pool.map(one, runs):
            out.writelines(json.dumps(line) + "\n" for line in lines)
            out.flush()
    if failed:
        sys.exit(f"failed: {failed}")


def _one(
    base: Path, documents: Path, splits: Sequence[str], name: str, seed: int, overrides: tuple[str, ...]
) -> list[dict]:
    dataset, version, changes = CONFIGURATIONS[name]
    settings = load_version(version).model_dump()
    settings["seed"] = seed
    for section, values in changes.items():
        settings[section] = {**settings[section], **values}
    for override in overrides:
        key, _, value = override.partition("=")
        section, _, field = key.partition(".")
        settings[section][field] = json.loads(value)
    train = read_jsonl(documents / f"{dataset}.train.jsonl").documents
    common = {
        "version": version,
        "base": load_base_model(settings["base_model"]),
        "base_folder": base.resolve(),
        "entity_types": sorted({e.type for d in train for e in d.entities}),
        "relation_types": sorted({r.type for d in train for r in d.relations}),
    }
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        training = TrainingJob(
            **common, recipe=settings, train=documents.resolve() / f"{dataset}.train.jsonl",
            dev=documents.resolve() / f"{dataset}.dev.jsonl", output=work / "adapter", work=work / "training",
            fingerprint="benchmark", dataset_version="benchmark",
        )  # fmt: skip
        jobs: list[tuple[str, TrainingJob | GenerationJob]] = [("training.train", training)]
        for split in splits:
            generation = GenerationJob(
                **common, adapter=work / "adapter",
                documents=documents.resolve() / f"{dataset}.{split}.jsonl",
                decoding=settings["decoding"], max_tokens=settings["training"]["max_tokens"],
                output=work / f"{split}.jsonl", work=work, generation_id=split,
            )  # fmt: skip
            jobs.append(("inference.generate", generation))
        for module, job in jobs:
            (work / f"{module}.json").write_text(job.model_dump_json())
            command = [
                sys.executable,
                "-m",
                f"medner_assets.modeling.{module}",
                "--job",
                str(work / f"{module}.json"),
            ]
            subprocess.run(command, check=True, capture_output=True, text=True)
        facts = json.loads((work / "adapter" / "medner.json").read_text())
        keep = {
            "run": name,
            "dataset": dataset,
            "seed": seed,
            "base": base.name,
            "set": overrides,
        }
        keep |= {key: facts[key] for key in ("train_seconds", "final_train_loss", "best_eval_loss", "steps")}
        return [
            {**keep, "split": split, **{key: row[key] for key in WRITTEN}}
            for split in splits
            for row in map(json.loads, (work / f"{split}.jsonl").read_text().splitlines())
        ]


@main.command()
@click.argument("completions", type=click.Path(path_type=Path))
@click.option("--documents", type=click.Path(path_type=Path), required=True)
def score(completions: Path, documents: Path) -> None:
    """Print one line a run: entity F1 (type and string) and strict relation F1."""
    for row in scores(completions, documents):
        shown = " | ".join(
            f"{task} P {row[task]['precision']:.3f} R {row[task]['recall']:.3f} F1 {row[task]['f1']:.3f}"
            for task in TASKS
        )
        print(row["base"], row["run"], row["split"], row["seed"], row["set"], shown, "|", end=" ")
        print(f"eval loss {row['eval loss']:.3f}, {row['steps']} steps in {row['seconds']:.0f} s")


@main.command()
@click.option("--base", type=click.Path(path_type=Path), default=paths.EMBEDDED_BASES / "medner-tiny")
@click.option("--seeds", default=3, show_default=True)
@click.option("--only", multiple=True, help="Configurations; all if not given.")
@click.option("--completions", type=click.Path(path_type=Path), help="Where they go; kept if given.")
@click.option("--reuse", is_flag=True, help="Score the lines that are in --completions; train nothing.")
def table(base: Path, seeds: int, only: tuple[str, ...], completions: Path | None, reuse: bool) -> None:
    """Measure every configuration on test, print means over the seeds and write results/base.json."""
    with tempfile.TemporaryDirectory() as folder:
        documents, kept = Path(folder), completions or Path(folder) / "completions.jsonl"
        names = only or tuple(name for name in CONFIGURATIONS if name not in SMALL)
        for name in {CONFIGURATIONS[run][0] for run in names}:
            built = build_dataset(load_dataset(name), paths.corpora()).documents
            for split in ("train", "dev", "test"):
                write_documents(documents / f"{name}.{split}.jsonl", [d for d in built if d.split == split])
        for name in () if reuse else names:
            for seed in range(1, seeds + 1):
                with kept.open("a", encoding="utf-8") as out:
                    out.writelines(
                        json.dumps(line) + "\n" for line in _one(base, documents, ["test"], name, seed, ())
                    )
        rows = scores(kept, documents)
    runs = {
        name: [row for row in rows if row["run"] == name] for name in dict.fromkeys(r["run"] for r in rows)
    }
    print(f"{'configuration':<16}{'seeds':>6}{'entity F1':>12}{'lowest':>9}{'relation F1':>14}{'lowest':>9}")
    for name, found in runs.items():
        figures = [[row[task]["f1"] for row in found] for task in TASKS]
        shown = "".join(f"{mean(f):>{12 + 2 * i}.3f}{min(f):>9.3f}" for i, f in enumerate(figures))
        print(f"{name:<16}{len(found):>6}{shown}")
    RESULTS.write_text(json.dumps({"split": "test", "runs": runs}, indent=1) + "\n")
    into_card(base / "README.md", {name: found for name, found in runs.items() if name not in SMALL})


def into_card(card: Path, runs: dict[str, list[dict]]) -> None:
    """Write the figures of all configurations into the base's model card, between its two marks."""
    before, opens, rest = card.read_text(encoding="utf-8").partition("<!-- figures -->\n")
    _, closes, behind = rest.partition("<!-- /figures -->")
    if not opens or not closes:
        sys.exit(f"{card}: no place for figures in it")
    lines = [
        "Test split after fine-tuning and the recipe's post-processing, in per cent: the mean over the",
        "seeds, the lowest and the highest seed, and the first seed's 95 % interval over documents.",
        "",
        "| fine-tuned as | documents | entity F1 (type and string) | relation F1 (strict) |",
        "|---|---|---|---|",
    ]
    for name, found in runs.items():
        cells = []
        for task in TASKS:
            f1 = [100 * row[task]["f1"] for row in found]
            low, high = (100 * found[0][task][key] for key in ("f1_low", "f1_high"))
            seeds = f"{len(f1)} seeds {min(f1):.1f}–{max(f1):.1f}"
            cells.append(f"{mean(f1):.1f} ({seeds}; interval {low:.1f}–{high:.1f})")
        lines.append(f"| {WORDS[name]} | {found[0]['entity']['documents']} | {cells[0]} | {cells[1]} |")
    card.write_text(f"{before}{opens}" + "\n".join(lines) + f"\n{closes}{behind}", encoding="utf-8")


def scores(completions: Path, documents: Path) -> list[dict]:
    """Return one row a run of a file of completions: its scores in both tasks, and how it was trained."""
    runs: dict[tuple, list[dict]] = {}
    for line in completions.read_text().splitlines():
        row = json.loads(line)
        runs.setdefault((row["base"], row["run"], row["split"], row["seed"], str(row["set"])), []).append(row)
    return [_scored(rows, documents) for rows in runs.values()]


def _scored(rows: list[dict], documents: Path) -> dict:
    # The machine that trains need not have what scoring needs.
    from medner_assets.defs.evaluation.grounded import grounded
    from medner_assets.scoring.evaluation import score_version
    from medner_assets.scoring.frames import PredictedFrames
    from medner_assets.scoring.gold import gold_frames
    from medner_assets.scoring.postprocessing import RelationSchema, stage_names
    from medner_assets.scoring.schemes import FINAL, HEADLINES
    from medner_assets.scoring.staging import staged_frames

    first = rows[0]
    split, dataset = first["split"], first["dataset"]
    stages = load_version(CONFIGURATIONS[first["run"]][1]).postprocessing
    texts = {d.id: d for d in read_jsonl(documents / f"{dataset}.{split}.jsonl").documents}
    train = gold_frames(read_jsonl(documents / f"{dataset}.train.jsonl").documents)
    gold = gold_frames([replace(each, split="test") for each in texts.values()])
    frames = staged_frames(
        grounded([dict.fromkeys(WRITTEN) | row for row in rows], {d.id: d.text for d in texts.values()}),
        stages,
        RelationSchema.learned_from(train.relations, split=None),
        evaluation_id="benchmark", dataset=dataset, split="test",
    )  # fmt: skip
    predicted = PredictedFrames(frames["predicted_entities"], frames["predicted_relations"])
    measured = score_version(
        gold, predicted, evaluation_id="benchmark", dataset=dataset, dataset_version="",
        stages=stage_names(stages), seed=1,
    )["metrics"]  # fmt: skip
    found = {(r["stage"], r["task"], r["scheme"]): r for r in measured.iter_rows(named=True)}
    kept = ("precision", "recall", "f1", "f1_low", "f1_high", "documents", "signature")
    return {
        **{key: first[key] for key in ("base", "run", "split", "seed", "steps")},
        "set": list(first["set"]),
        "eval loss": first["best_eval_loss"],
        "seconds": first["train_seconds"],
        **{task: {key: found[FINAL, task, scheme][key] for key in kept} for task, scheme in HEADLINES},
    }


if __name__ == "__main__":
    main()
