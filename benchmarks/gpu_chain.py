"""Version v1 from the command to its report on one GPU, and five replicates of it trained together or one by
one.

    python benchmarks/gpu_chain.py FOLDER --tokenizer TOKENIZER [--part base chain replicates]
        [--output FILE.jsonl] [--alone 2] [--tiny]

Everything is run by `medner`, in a project of its own in FOLDER, as users run it. The base is a random
Mistral-7B in a hub cache of its own, with the hub id and revision that v1 names, so that the shipped recipe
runs unchanged. Times are those of the geometry; nothing is said of quality, and completions are as long as a
random base makes them, so that their tokens are counted.

TOKENIZER: a folder with Mistral's own tokenizer.json and tokenizer_config.json. Offline it comes from the
package mistral-common: copy `data/mistral_instruct_tokenizer_240323.model.v3` to `tokenizer.model`, then
`LlamaTokenizer.from_pretrained(FOLDER).save_pretrained(TOKENIZER)`; this needs sentencepiece.

Each line of the output is one measurement, written as soon as it is there; parts can be measured in several
calls with one FOLDER. --alone: how many of the five are trained alone; the time of five is then that of
their mean. --tiny: a tiny geometry on any machine, to try the script.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.gpu_model import GEOMETRY, SMALL

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("base", "chain", "replicates")
HUB_ID, REVISION = "mistralai/Mistral-7B-v0.3", "caa1feb0e54d415e2df31207e5f4e273e33509b1"

BASE = f"""\
summary: random weights
hub_id: {HUB_ID}
revision: {REVISION}
quantization: nf4
prompt_style: instruct
licence: none
"""
NOTES = """\
summary: notes for {steps} steps
source:
  {{kind: synthetic, process: stated, seed: 20260209, documents: {{train: {train}, dev: {dev}, test: {dev}}}}}
symmetric_relations: [interacts_with]
split: {{kind: documents}}
licence: CC0-1.0 (generated)
"""
REPLICATED = """\
summary: the recipe of v1, {steps} steps
baseline: {version}
dataset: notes
replicates: 5
training: {{epochs: 1}}
"""
TINY = """\
summary: the recipe of v1, tiny
base_model: random
dataset: notes
seed: 42
training: {epochs: 1, batch_size: 8, gradient_accumulation: 2, warmup_steps: 2}
decoding: {max_new_tokens: 8}
"""
STEPS = """\
import json
from medner_assets.launching import opened
with opened() as dagster:
    for run in reversed(dagster.get_runs()):
        for each in dagster.get_run_step_stats(run.run_id):
            if each.end_time is None:  # of a run that was cut
                continue
            print(json.dumps({"run": run.run_id, "step": each.step_key, "at": each.start_time,
                              "seconds": round(each.end_time - each.start_time, 2)}))
        for entry in dagster.all_logs(run.run_id):
            if entry.user_message.startswith("ready "):
                print(json.dumps({"run": run.run_id, "said": entry.user_message}))
"""


class Project:
    """A project with a random base, and the file that measurements are written to."""

    def __init__(self, folder: Path, output: Path, *, tiny: bool) -> None:
        self.root, self._hub, self._output, self.tiny = folder / "project", folder / "hub", output, tiny
        self.version = "tiny" if tiny else "v1"
        self.snapshot = self._hub / f"models--{HUB_ID.replace('/', '--')}" / "snapshots" / REVISION
        self._seen: set[str] = set()
        if self.root.is_dir():
            self._seen = {row["run"] for row in self._rows_of_dagster()}
            return
        folder.mkdir(parents=True, exist_ok=True)
        self._run(folder, "-m", "medner_assets.cli", "init", str(self.root))
        sizes = {"train": 32, "dev": 8, "steps": 2} if tiny else {"train": 640, "dev": 50, "steps": 40}
        recipes = {
            "datasets/notes": NOTES.format(**sizes),
            "versions/replicated": REPLICATED.format(version=self.version, **sizes),
            **({"base_models/random": BASE, "versions/tiny": TINY} if tiny else {}),
        }
        for name, text in recipes.items():
            (self.root / "recipes" / f"{name}.yaml").write_text(text)

    def write(self, part: str, **measured: Any) -> None:
        """Append a measurement to the output, and print it."""
        line = json.dumps({"date": datetime.now(UTC).date().isoformat(), "part": part, **measured})
        with self._output.open("a") as out:
            out.write(line + "\n")
        print(line, flush=True)

    def medner(self, *words: str) -> float:
        """Run `medner` and return its seconds."""
        began = time.monotonic()
        self._run(self.root, "-m", "medner_assets.cli", *words)
        return time.monotonic() - began

    def steps(self) -> list[dict[str, Any]]:
        """Return what Dagster recorded since the last call: seconds of each step, when it was ready."""
        rows = self._rows_of_dagster()
        new = [{k: v for k, v in row.items() if k != "run"} for row in rows if row["run"] not in self._seen]
        self._seen |= {row["run"] for row in rows}
        return new

    def _rows_of_dagster(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._run(self.root, "-c", STEPS).splitlines()]

    def facts(self, version: str) -> dict[str, Any]:
        """Return what an adapter says of its training."""
        return json.loads((self.root / "data" / "adapters" / version / "medner.json").read_text())

    def untrain(self) -> None:
        """Remove all adapters of the replicated version, and what their trainings left."""
        for kind in ("adapters", "work"):
            for folder in (self.root / "data" / kind).glob("replicated*"):
                shutil.rmtree(folder)

    def _run(self, folder: Path, *words: str) -> str:
        environment = {**os.environ, "HF_HOME": str(self._hub.parent), "HF_HUB_CACHE": str(self._hub)}
        environment |= {"HF_HUB_OFFLINE": "1", "NO_COLOR": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        ran = subprocess.run(
            [sys.executable, *words], cwd=folder, env=environment, text=True, check=False,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
        if ran.returncode:
            sys.exit(f"{' '.join(words[:5])} ended with {ran.returncode}: {ran.stderr[-3000:]}")
        return ran.stdout


def base(project: Project, tokenizer: Path) -> None:
    """Write the base into the hub's cache, as the hub has it: 16 bits in files of at most 5 GB."""
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    began = time.monotonic()
    geometry = {**SMALL, "intermediate_size": 256, "head_dim": 32} if project.tiny else GEOMETRY
    shutil.rmtree(project.snapshot, ignore_errors=True)
    partial = project.snapshot.with_name("partial")
    shutil.rmtree(partial, ignore_errors=True)
    torch.manual_seed(0)
    with torch.device("cpu" if project.tiny else "cuda"):
        model = MistralForCausalLM._from_config(MistralConfig(**geometry), dtype=torch.bfloat16)
    model.save_pretrained(partial, max_shard_size="5GB")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tokenizer / name, partial)
    partial.rename(project.snapshot)
    size = sum(file.stat().st_size for file in project.snapshot.iterdir())
    project.write("base", seconds=time.monotonic() - began, bytes=size)


def chain(project: Project) -> None:
    """Train and evaluate the version as shipped: from the first command to the report."""
    version = project.version
    trained = project.medner("train", version)
    project.write("chain", command=f"medner train {version}", seconds=trained, steps=project.steps())
    evaluated = project.medner("evaluate", version)
    project.write("chain", command=f"medner evaluate {version}", seconds=evaluated, steps=project.steps())
    facts = project.facts(version)
    kept = ("steps", "train_seconds", "start_seconds", "train_tokens", "peak_memory_bytes", "equality")
    project.write(
        "chain",
        launch_to_report=trained + evaluated,
        training={name: facts[name] for name in kept},
        final_train_loss=facts["final_train_loss"],
        completions=completions(project, version),
    )


def completions(project: Project, version: str) -> dict[str, Any]:
    """Return how many documents a version wrote about, their tokens, and how many were cut."""
    import pyarrow.parquet as parquet

    found: dict[str, Any] = {}
    for table in ("completions", "dev_completions"):
        for file in (project.root / "data" / "warehouse" / table).glob(f"*={version}/*.parquet"):
            rows = parquet.ParquetFile(file).read(["completion_tokens", "finish_reason"]).to_pylist()
            found[table] = {
                "documents": len(rows),
                "tokens": sum(row["completion_tokens"] for row in rows),
                "cut": sum(row["finish_reason"] == "length" for row in rows),
            }
    return found


def replicates(project: Project, alone: int) -> None:
    """Train one replicate alone `alone` times, then all five by one command; all from an empty folder."""
    project.untrain()
    dataset = "from medner_assets.launching import launch; launch(['dataset', 'dataset_audit'], 'notes')"
    project._run(project.root, "-c", dataset)  # no training of them pays for it
    seconds = []
    for turn in range(alone):
        seconds.append(project.medner("train", "replicated"))
        facts = project.facts("replicated")
        project.write(
            "replicates", trained="one alone", turn=turn + 1, seconds=seconds[-1], steps=facts["steps"],
            train_seconds=facts["train_seconds"], start_seconds=facts["start_seconds"],
        )  # fmt: skip
        project.untrain()
    project.steps()
    together = project.medner("train", "replicated", "--replicates", "5")
    names = ["replicated", *(f"replicated.r{n}" for n in range(2, 6))]
    facts_of = {name: project.facts(name) for name in names}
    project.write(
        "replicates", trained="five by one command", seconds=together, runs=project.steps(),
        train_seconds=[facts["train_seconds"] for facts in facts_of.values()],
        start_seconds=[facts["start_seconds"] for facts in facts_of.values()],
        final_train_loss=[facts["final_train_loss"] for facts in facts_of.values()],
    )  # fmt: skip
    if seconds:
        mean = statistics.mean(seconds)
        project.write(
            "replicates", five_one_after_the_other=5 * mean, five_together=together,
            times=5 * mean / together, measured_alone=alone,
        )  # fmt: skip


def main() -> None:
    """Measure the parts that are asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--tokenizer", type=Path)
    options.add_argument("--part", nargs="*", choices=PARTS, default=PARTS)
    options.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "gpu_chain.jsonl")
    options.add_argument("--alone", type=int, default=2)
    options.add_argument("--tiny", action="store_true")
    chosen = options.parse_args()
    folder = chosen.folder.resolve()
    project = Project(folder, chosen.output.resolve(), tiny=chosen.tiny)
    if "base" in chosen.part and not project.snapshot.is_dir():
        base(project, chosen.tokenizer)
    if "chain" in chosen.part:
        chain(project)
    if "replicates" in chosen.part:
        replicates(project, chosen.alone)


if __name__ == "__main__":
    main()
