"""How well the embedded base learns: fine-tune it on real and synthetic text, on dev or test, over seeds.

`run` trains and generates in processes of their own (on a GPU if there is one) and writes one line a
completion; `score` reads those lines and prints the table. Choices are made on dev; test is for the
configurations that are reported.
"""

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.modeling.job import GenerationJob, TrainingJob
from medner_assets.recipes.loading import load_base_model, load_version

# name: (dataset, recipe whose settings are used, what is changed)
CONFIGURATIONS: dict[str, tuple[str, str, dict]] = {
    "ade-r16": ("ade", "tiny-ade-v1", {}),
    "ade-r32": ("ade", "tiny-ade-v2", {}),
    "synthetic-v1": ("synthetic-small", "tiny-v1", {}),
    "synthetic-v2": ("synthetic-small", "tiny-v2", {}),
    "bc5cdr-r32": (
        "bc5cdr",
        "tiny-ade-v2",
        {"training": {"max_tokens": 2048}, "decoding": {"max_new_tokens": 1024}},
    ),
}


@click.group()
def main() -> None:
    """Measure the embedded base."""


@main.command()
@click.option("--base", type=click.Path(path_type=Path), required=True)
@click.option(
    "--documents", type=click.Path(path_type=Path), required=True, help="Folder of <dataset>.<split>.jsonl."
)
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--split", default="dev")
@click.option("--seeds", default=1)
@click.option("--only", multiple=True, help="Configurations; all if not given.")
@click.option(
    "--set", "overrides", multiple=True, help="A setting of every recipe, e.g. training.learning_rate=1e-4."
)
@click.option("--parallel", default=1)
def run(
    base: Path, documents: Path, output: Path, split: str, seeds: int, only: tuple[str, ...],
    overrides: tuple[str, ...], parallel: int,
) -> None:  # fmt: skip
    """Train and generate; append lines of completions to OUTPUT."""
    runs = [(name, seed) for name in (only or CONFIGURATIONS) for seed in range(1, seeds + 1)]

    failed: list[tuple[str, int]] = []

    def one(run: tuple[str, int]) -> list[dict]:
        try:
            return _one(base, documents, split, *run, overrides)
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
    base: Path, documents: Path, split: str, name: str, seed: int, overrides: tuple[str, ...]
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
        "base": load_base_model("medner-tiny"),
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
        generation = GenerationJob(
            **common, adapter=work / "adapter", documents=documents.resolve() / f"{dataset}.{split}.jsonl",
            decoding=settings["decoding"] | {"batch_size": 64}, output=work / "completions.jsonl",
            work=work, generation_id="benchmark",
        )  # fmt: skip
        for module, job in (("train", training), ("generate", generation)):
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
            "split": split,
            "seed": seed,
            "base": base.name,
            "set": overrides,
        }
        keep |= {key: facts[key] for key in ("train_seconds", "final_train_loss", "best_eval_loss", "steps")}
        rows = [json.loads(line) for line in (work / "completions.jsonl").read_text().splitlines()]
        return [{**keep, "doc_id": row["doc_id"], "completion": row["completion"]} for row in rows]


@main.command()
@click.argument("completions", type=click.Path(path_type=Path))
@click.option("--documents", type=click.Path(path_type=Path), required=True)
def score(completions: Path, documents: Path) -> None:
    """Print one line a run: entity F1 (type and string) and strict relation F1, after removing duplicates."""
    from medner_assets.prompting.parsing import parse_completion
    from medner_assets.prompting.templates import in_text_order, one_line, stated_relations

    runs: dict[tuple, list[dict]] = {}
    for line in completions.read_text().splitlines():
        row = json.loads(line)
        runs.setdefault((row["base"], row["run"], row["split"], row["seed"], str(row["set"])), []).append(row)
    for key, rows in runs.items():
        gold = {
            d.id: d
            for d in read_jsonl(documents / f"{rows[0]['dataset']}.{rows[0]['split']}.jsonl").documents
        }
        counts = {"entity": [0, 0, 0], "relation": [0, 0, 0]}
        for row in rows:
            document, parsed = gold[row["doc_id"]], parse_completion(row["completion"])
            pairs = {
                "entity": (
                    {(e.type, one_line(e.text).lower()) for e in in_text_order(document)},
                    {(e.type, e.text.lower()) for e in parsed.entities},
                ),
                "relation": (
                    {(h.lower(), t, x.lower()) for h, t, x in stated_relations(document)},
                    {(r.head.lower(), r.type, r.tail.lower()) for r in parsed.relations},
                ),
            }
            for task, (wanted, found) in pairs.items():
                counts[task][0] += len(wanted & found)
                counts[task][1] += len(found)
                counts[task][2] += len(wanted)
        shown = " ".join(
            f"{task} P {tp / max(p, 1):.3f} R {tp / max(g, 1):.3f} F1 {2 * tp / max(p + g, 1):.3f} |"
            for task, (tp, p, g) in counts.items()
        )
        row = rows[0]
        print(
            *key,
            shown,
            f"eval loss {row['best_eval_loss']:.3f}, {row['steps']} steps in {row['train_seconds']:.0f} s",
        )


if __name__ == "__main__":
    main()
