"""Two GPUs of one host through `medner` itself, against one: one training on both, two trainings side by
side, and annotation with a worker on each.

    python benchmarks/two_gpus.py [--output benchmarks/results/two_gpus.json] [--notes 8000]

The base is a random Mistral-7B with the embedded base's tokenizer (8,192 tokens), saved in bf16 and read in
NF4 as any base is. Speed and losses are those of the geometry; nothing is said of quality. On a machine
without two GPUs a tiny geometry runs on the CPU, to try the script.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medner_assets.modeling.requirements import visible_gpus
from medner_assets_tests.support.checkout import make_checkout

ROOT = Path(__file__).resolve().parent.parent
BOTH = len(visible_gpus()) > 1

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


def main() -> None:
    """Measure, print and write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "two_gpus.json")
    options.add_argument("--notes", type=int, default=8000 if BOTH else 60)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), chosen.notes)
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def measure(folder: Path, notes: int) -> dict[str, Any]:
    """Return the figures of all three parts."""
    project = Project(folder)
    project.medner("versions")  # once, so that what Python compiles is there
    alone = project.train("one")
    together = project.train("both")
    losses = {name: project.losses(name) for name in ("one", "both")}
    second = project.train("two")
    for name in ("one", "two"):
        project.untrain(name)
    began = time.monotonic()
    side_by_side = [project.start("train", name) for name in ("one", "two")]
    if any(process.wait() for process in side_by_side):
        sys.exit("a training side by side failed")
    pair = time.monotonic() - began
    again = project.losses("one")
    one_worker, two_workers = (project.annotate(workers, notes) for workers in (1, 2))
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "gpus_visible": len(visible_gpus()),
        "one training": {
            "steps": len(losses["one"]),
            "seconds_on_one": alone,
            "seconds_on_both": together,
            "largest_loss_difference": difference(losses["one"], losses["both"]),
            "first_and_last_loss": [losses["one"][0], losses["one"][-1]],
        },
        "two trainings": {
            "seconds_one_after_the_other": alone + second,
            "seconds_side_by_side": pair,
            "speedup": (alone + second) / pair,
            "largest_loss_difference_to_alone": difference(losses["one"], again),
        },
        "annotation": {
            "notes_a_second_one_worker": one_worker,
            "notes_a_second_two_workers": two_workers,
            "speedup": two_workers / one_worker,
        },
    }


def difference(one: list[float], other: list[float]) -> float:
    """Return the largest difference of two loss curves of equal length."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


class Project:
    """A checkout of its own with a random base."""

    def __init__(self, folder: Path) -> None:
        self.checkout = make_checkout(folder / "checkout")
        self.data = self.checkout.data
        save_base(folder / "base")
        shutil.copy(
            ROOT / "medner_assets/recipes/datasets/synthetic-small.yaml",
            self.checkout.root / "recipes/datasets",
        )
        base = f"summary: random weights\npath: {folder / 'base'}\nprompt_style: compact\nlicence: none\n"
        self.checkout.recipe("base_models", "random", f"{base}quantization: {'nf4' if BOTH else 'none'}\n")
        accumulation = 2 if BOTH else 20
        for name, gpus, seed in (("one", 1, 1), ("two", 1, 2), ("both", "all", 1)):
            text = VERSION.format(gpus=gpus, seed=seed, accumulation=accumulation)
            self.checkout.recipe("versions", name, text)
        limit = [sys.executable, "-m", "dagster", "instance", "concurrency", "set", "gpu", "2"]
        home = {**self.checkout.environment(), "DAGSTER_HOME": str(self.checkout.root)}
        subprocess.run(limit, check=True, cwd=self.checkout.root, env=home)

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start `medner`."""
        return subprocess.Popen(
            [sys.executable, "-m", "medner_assets.cli", *words],
            cwd=self.checkout.root,
            env=self.checkout.environment(),
        )

    def medner(self, *words: str) -> float:
        """Run `medner` and return its seconds."""
        began = time.monotonic()
        if self.start(*words).wait():
            sys.exit(f"medner {' '.join(words)} failed")
        return time.monotonic() - began

    def train(self, name: str) -> float:
        """Train a version and return the seconds of the whole command."""
        return self.medner("train", name)

    def untrain(self, name: str) -> None:
        """Remove a version's adapter and scratch."""
        shutil.rmtree(self.data / "adapters" / name)
        shutil.rmtree(self.data / "work" / name, ignore_errors=True)

    def losses(self, name: str) -> list[float]:
        """Return the losses of a version's steps."""
        log = self.data / "adapters" / name / "training_log.jsonl"
        rows = map(json.loads, log.read_text().splitlines())
        return [row["loss"] for row in rows if row["kind"] == "train"]

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


def save_base(folder: Path) -> None:
    """Save a random Mistral with the embedded base's tokenizer."""
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    from benchmarks.gpu_model import GEOMETRY, SMALL

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
        model = MistralForCausalLM._from_config(
            MistralConfig(**{**(GEOMETRY if BOTH else SMALL), **tokens}), dtype=torch.bfloat16
        )
    model.save_pretrained(folder)


if __name__ == "__main__":
    main()
