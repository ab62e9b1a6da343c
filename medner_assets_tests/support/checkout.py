"""A whole project of its own: a copy of the checkout with miniature recipes, corpora and base.

What runs here is what users run, and leaves the checkout that is tested as it is.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from medner_assets.corpus.jsonl import write_documents
from medner_assets.paths import PROJECT
from medner_assets_tests.support.miniature import documents, make_base

COPIED = ("medner_assets", "sql", "dagster.yaml", "workspace.yaml", "pyproject.toml")

DATASET = """\
summary: miniature sentences
source:
  kind: files
  format: jsonl
  files: {all: [miniature.jsonl]}
split: {kind: documents}
licence: CC0-1.0
"""
VERSION = """\
summary: the first miniature version
base_model: miniature
dataset: miniature
training: {epochs: 1, batch_size: 4, gradient_accumulation: 1, learning_rate: 0.001, warmup_steps: 2}
lora: {rank: 4, alpha: 4}
decoding: {max_new_tokens: 24, batch_size: 4}
"""


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def reason(self) -> str:
        """The last line on standard error."""
        return self.err.strip().splitlines()[-1] if self.err.strip() else ""


@dataclass(frozen=True)
class Checkout:
    """The copy in `root`."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    def recipe(self, kind: str, name: str, content: str) -> Path:
        """Write a recipe file and return it."""
        file = self.root / "recipes" / kind / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def environment(self) -> dict[str, str]:
        """Return the environment in which everything is this copy's."""
        own = {
            "MEDNER_RECIPES": str(self.root / "recipes"),
            "MEDNER_CORPORA": str(self.root / "corpora"),
            "MEDNER_DATA": str(self.data),
            "PYTHONPATH": os.pathsep.join([str(self.root), *filter(None, [os.environ.get("PYTHONPATH")])]),
        }
        return {**os.environ, **own}

    def medner(self, *arguments: str) -> Ran:
        """Run a command of the command line."""
        return self._run("-m", "medner_assets.cli", *arguments)

    def python(self, *lines: str) -> Ran:
        """Run lines of Python on this copy."""
        return self._run("-c", "\n".join(lines))

    def _run(self, *arguments: str) -> Ran:
        ran = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root.parent,  # a folder that is not the checkout
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def rows(self, table: str, key: str) -> pl.DataFrame:
        """Return one partition of a table as its file has it."""
        (file,) = (self.data / "warehouse" / table).glob(f"*={key}/part-0.parquet")
        return pl.read_parquet(file, hive_partitioning=False)

    def contents(self) -> dict[str, bytes]:
        """Return every file of results: tables, adapters and reports."""
        return {
            str(file.relative_to(self.data)): file.read_bytes()
            for folder in ("warehouse", "adapters", "reports")
            for file in sorted((self.data / folder).rglob("*"))
            if file.is_file() and "_locks" not in file.parts
        }


def make_checkout(root: Path) -> Checkout:
    """Copy the checkout to `root` and give it a dataset, a base and the two versions of the demo."""
    root.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=ignored)
        else:
            shutil.copy2(source, root / name)
    make_base(root / "base")
    (root / "corpora").mkdir()
    write_documents(root / "corpora" / "miniature.jsonl", documents())
    checkout = Checkout(root)
    base = f"summary: random weights\npath: {root / 'base'}\nprompt_style: compact\nlicence: CC0-1.0\n"
    checkout.recipe("base_models", "miniature", base)
    checkout.recipe("datasets", "miniature", DATASET)
    checkout.recipe("versions", "tiny-v1", VERSION)
    second = "summary: the second one\nbaseline: tiny-v1\nlora: {rank: 8, alpha: 8}\n"
    checkout.recipe("versions", "tiny-v2", f"{second}postprocessing: [deduplicate]\n")
    return checkout
