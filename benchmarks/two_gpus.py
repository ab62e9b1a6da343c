"""Two GPUs of one host through `medner` itself, against one: one training on both, two trainings side by
side, annotation with a worker on each, and what is said when one of them fails.

    python benchmarks/two_gpus.py [--output benchmarks/results/two_gpus.json] [--notes 8000]
        [--parts training,side by side,annotation,faults] [--folder FOLDER]

The parts can be measured in several calls: FOLDER keeps the project between them, and each part is written
to the output as soon as it is measured.

The base is a random Mistral-7B with the embedded base's tokenizer (8,192 tokens), saved in bf16 and read in
NF4 as any base is. Speed and losses are those of the geometry; nothing is said of quality. On a machine
without two GPUs a tiny geometry runs on the CPU, to try the script.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.gpu_model import GEOMETRY, SMALL
from medner_assets.modeling.requirements import visible_gpus
from medner_assets_tests.support.checkout import Checkout, make_checkout

ROOT = Path(__file__).resolve().parent.parent
BOTH = len(visible_gpus()) > 1
ALL = "all" if BOTH else 2

VERSION = """\
summary: a random base
base_model: random
dataset: synthetic-small
seed: {seed}
training: {{epochs: 1, batch_size: 8, gradient_accumulation: {accumulation},
  warmup_steps: 5, gpus: {gpus}}}
lora: {{rank: 16, alpha: 16, dropout: 0.0}}
decoding: {{max_new_tokens: 64}}
"""


PARTS = ("training", "side by side", "annotation", "faults")


def main() -> None:
    """Measure, print and write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "two_gpus.json")
    options.add_argument("--notes", type=int, default=8000 if BOTH else 60)
    options.add_argument("--parts", default=",".join(PARTS))
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Project(chosen.folder or Path(folder))
        for part in chosen.parts.split(","):
            result = json.loads(chosen.output.read_text()) if chosen.output.is_file() else {}
            result |= {"date": datetime.now(UTC).date().isoformat(), "gpus_visible": len(visible_gpus())}
            result[part] = measure(project, part, chosen.notes)
            chosen.output.parent.mkdir(parents=True, exist_ok=True)
            chosen.output.write_text(json.dumps(result, indent=2) + "\n")
            print(json.dumps({part: result[part]}, indent=2), flush=True)


def measure(project: "Project", part: str, notes: int) -> dict[str, Any]:
    """Return the figures of one part."""
    if part == "training":
        seconds = {name: project.train(name) for name in ("one", "both")}
        curves = {name: project.losses(name) for name in seconds}
        return {
            "steps": len(curves["one"]),
            "seconds_of_the_command": seconds,
            "seconds_a_step": {name: project.seconds_a_step(name) for name in seconds},
            "speedup_of_a_step": project.seconds_a_step("one") / project.seconds_a_step("both"),
            "largest_loss_difference": difference(curves["one"], curves["both"]),
            "first_and_last_loss": [curves["one"][0], curves["one"][-1]],
        }
    if part == "side by side":
        return side_by_side(project)
    if part == "annotation":
        one, two = (project.annotate(workers, notes) for workers in (1, 2))
        return {
            "notes_a_second_one_worker": one,
            "notes_a_second_two_workers": two,
            "speedup": two / one,
        }
    from benchmarks.two_gpus_faults import faults

    return faults(project)


def side_by_side(project: "Project") -> dict[str, Any]:
    """Train two seeds of one recipe alone, then both at once, and compare times and losses."""
    if not project.trained("one"):
        project.train("one")
    names = ("one", "two")
    project.train("two")
    curves = {name: project.losses(name) for name in names}
    steps_alone = {name: project.seconds_a_step(name) for name in names}
    alone = {}
    for name in names:  # timed here, after both have run once: what the first run compiles is there for all
        project.untrain(name)
        alone[name] = project.train(name)
    for name in names:
        project.untrain(name)
    began = time.monotonic()
    processes = [project.start("train", name) for name in names]
    if any(process.wait() for process in processes):
        sys.exit("a training side by side failed")
    both = time.monotonic() - began
    steps_both = {name: project.seconds_a_step(name) for name in names}
    return {
        "seconds_alone": alone,
        "seconds_side_by_side": both,
        "speedup_of_the_commands": sum(alone.values()) / both,
        "seconds_a_step_alone": steps_alone,
        "seconds_a_step_side_by_side": steps_both,
        "speedup_of_a_step": sum(steps_alone.values()) / max(steps_both.values()),
        "largest_loss_difference_to_alone": max(
            difference(curves[name], project.losses(name)) for name in names
        ),
    }


def difference(one: list[float], other: list[float]) -> float:
    """Return the largest difference of two loss curves of equal length."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


class Project:
    """A checkout of its own with a random base."""

    def __init__(self, folder: Path) -> None:
        if (folder / "checkout" / "ready").is_file():
            self.checkout = Checkout(folder / "checkout")
            self.data = self.checkout.data
            return
        self.checkout = make_checkout(folder / "checkout")
        self.data = self.checkout.data
        save_base(folder / "base", GEOMETRY if BOTH else SMALL)
        save_base(folder / "small", SMALL)
        shutil.copy(
            ROOT / "medner_assets/recipes/datasets/synthetic-small.yaml",
            self.checkout.root / "recipes/datasets",
        )
        base = f"summary: random weights\npath: {folder / 'base'}\nprompt_style: compact\nlicence: none\n"
        self.checkout.recipe("base_models", "random", f"{base}quantization: {'nf4' if BOTH else 'none'}\n")
        small = base.replace(str(folder / "base"), str(folder / "small"))
        self.checkout.recipe("base_models", "small", f"{small}quantization: none\n")
        accumulation = 2 if BOTH else 20
        for name, gpus, seed in (("one", 1, 1), ("two", 1, 2), ("both", ALL, 1)):
            text = VERSION.format(gpus=gpus, seed=seed, accumulation=accumulation)
            self.checkout.recipe("versions", name, text)
        faulty = VERSION.format(gpus=ALL, seed=1, accumulation=accumulation)
        faulty = faulty.replace("base_model: random", "base_model: small").replace("epochs: 1", "epochs: 200")
        self.checkout.recipe("versions", "faulty", faulty)
        limit = [sys.executable, "-m", "dagster", "instance", "concurrency", "set", "gpu", "2"]
        home = {**self.checkout.environment(), "DAGSTER_HOME": str(self.checkout.root)}
        subprocess.run(limit, check=True, cwd=self.checkout.root, env=home)
        self.medner("versions")  # once, so that what Python compiles is there
        (folder / "checkout" / "ready").touch()

    def start(self, *words: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start `medner`; standard error goes to the file `said` of the checkout."""
        with (self.checkout.root / "said").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "medner_assets.cli", *words],
                cwd=self.checkout.root,
                env={**self.checkout.environment(), **environment},
                stderr=said,
            )

    def medner(self, *words: str) -> float:
        """Run `medner` and return its seconds."""
        began = time.monotonic()
        if self.start(*words).wait():
            said = (self.checkout.root / "said").read_text(errors="replace")
            sys.exit(f"medner {' '.join(words)} failed: {said[-3000:]}")
        return time.monotonic() - began

    def train(self, name: str) -> float:
        """Train a version and return the seconds of the whole command."""
        return self.medner("train", name)

    def untrain(self, name: str) -> None:
        """Remove a version's adapter and scratch."""
        shutil.rmtree(self.data / "adapters" / name)
        shutil.rmtree(self.data / "work" / name, ignore_errors=True)

    def trained(self, name: str) -> bool:
        """Return whether a version has an adapter."""
        return (self.data / "adapters" / name / "training_log.jsonl").is_file()

    def steps(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a version's training steps."""
        log = self.data / "adapters" / name / "training_log.jsonl"
        rows = map(json.loads, log.read_text().splitlines())
        return [row for row in rows if row["kind"] == "train"]

    def losses(self, name: str) -> list[float]:
        """Return the losses of a version's steps."""
        return [row["loss"] for row in self.steps(name)]

    def seconds_a_step(self, name: str) -> float:
        """Return the median seconds of a version's steps; the first fifth is warm-up."""
        at = [row["seconds"] for row in self.steps(name)]
        return statistics.median(b - a for a, b in pairwise(at[len(at) // 5 :]))

    def annotate(self, workers: int, notes: int) -> float:
        """Annotate a corpus and return notes a second between the first shard and the last.

        The time before a worker's first shard (start and loading) is left out: it is the same for any corpus.
        """
        from medner_assets.corpus.jsonl import write_documents
        from medner_assets.corpus.synthetic.generator import generate_documents

        corpus = self.data.parent / f"corpus-{workers}"
        corpus.mkdir()
        write_documents(corpus / "notes.jsonl", generate_documents("stated", 4 + workers, notes))
        shard = notes // 16
        self.medner(
            "annotate", "one", str(corpus), "--workers", str(workers), "--shard-documents", str(shard)
        )
        folder = self.data / "warehouse" / "annotations" / "model_version=one"
        ends = sorted(file.stat().st_mtime for file in folder.glob("*.parquet"))
        ends = ends[-16:]
        # The first shards of all workers end together; from there on shards come at the full rate.
        return shard * (len(ends) - workers) / (ends[-1] - ends[workers - 1])


def save_base(folder: Path, geometry: dict[str, Any]) -> None:
    """Save a random Mistral of a geometry with the embedded base's tokenizer."""
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    embedded = ROOT / "data" / "base" / "medner-tiny"
    folder.mkdir()
    for file in embedded.glob("*token*"):
        shutil.copy(file, folder)
    theirs = json.loads((embedded / "config.json").read_text())
    tokens = {
        key: theirs[key]
        for key in ("vocab_size", "bos_token_id", "eos_token_id", "pad_token_id")
        if key in theirs
    }
    torch.manual_seed(0)
    with torch.device("cuda" if BOTH else "cpu"):
        model = MistralForCausalLM._from_config(MistralConfig(**{**geometry, **tokens}), dtype=torch.bfloat16)
    model.save_pretrained(folder)


if __name__ == "__main__":
    main()
