"""A project of its own on a two-layer base, whose chain takes seconds, and what stands in it at the end."""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl

from medner_assets.corpus.jsonl import write_documents
from medner_assets_tests.support.checkout import VERSION, Checkout, make_checkout
from medner_assets_tests.support.miniature import documents

_CLOCK_COLUMNS = {
    "adapters": ("finished_at", "train_seconds", "peak_memory_bytes"),
    "training_log": ("seconds",),
    "completions": ("seconds",),
    "dev_completions": ("seconds",),
    "test_reads": ("read_at",),
}
"""What a clock or the system measured; all else of every table must be equal."""
_CLOCK_KEYS = ("finished_at", "train_seconds", "peak_memory_bytes")
_CLOCK_LINES = re.compile(rb"seconds?\b|\bs\b|minutes?\b|memory|trained (at|on)|UTC|\d{4}-\d\d-\d\d")
"""Lines of a report or a model card that tell what a clock or the system measured."""
LONG = "long"
"""A version whose training takes longer than any scenario."""


def make_project(root: Path, count: int = 48) -> Checkout:
    """Return a copy of the checkout with two versions that train for a few seconds, and one for long."""
    checkout = make_checkout(root)
    write_documents(checkout.root / "corpora" / "miniature.jsonl", documents(count))
    version = VERSION.replace("epochs: 1", "epochs: 6").replace("batch_size: 4}", "batch_size: 2}")
    checkout.recipe("versions", "tiny-v1", version)
    checkout.recipe("versions", LONG, VERSION.replace("epochs: 1", "epochs: 1000"))
    return checkout


def state(checkout: Checkout) -> dict[str, Any]:
    """Return every table, adapter and report, less what the clock decides."""
    found: dict[str, Any] = {}
    for file in sorted((checkout.data / "warehouse").rglob("*.parquet")):
        table, partition = file.parent.parent.name, file.parent.name
        frame = pl.read_parquet(file, hive_partitioning=False).drop(
            _CLOCK_COLUMNS.get(table, ()), strict=False
        )
        found[f"{table}/{partition}"] = frame.write_csv() if not _lists(frame) else frame.write_json()
    for file in sorted((checkout.data / "adapters").rglob("*")):
        if file.is_file():
            found[f"adapters/{file.parent.name}/{file.name}"] = _adapter_file(file)
    for file in sorted((checkout.data / "reports").rglob("*")):
        if file.is_file():
            found[f"reports/{file.name}"] = _without_clock(file)
    return found


def leftovers(checkout: Checkout) -> list[str]:
    """Return temporary files and folders that nobody owns any more."""
    marks = (".tmp", ".partial", ".whole", ".old")
    folders = [checkout.data / name for name in ("warehouse", "adapters", "reports")]
    return [
        str(path.relative_to(checkout.data))
        for folder in folders
        for path in folder.rglob("*")
        if path.name.endswith(marks)
    ]


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return the names of what is not equal."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _lists(frame: pl.DataFrame) -> bool:
    return any(isinstance(dtype, (pl.List, pl.Struct)) for dtype in frame.dtypes)


def _without_clock(file: Path) -> list[bytes]:
    return [line for line in file.read_bytes().splitlines() if not _CLOCK_LINES.search(line)]


def _adapter_file(file: Path) -> Any:
    if file.name == "README.md":
        return _without_clock(file)
    if file.name == "medner.json":
        facts = json.loads(file.read_text())
        return {key: value for key, value in facts.items() if key not in _CLOCK_KEYS}
    if file.name == "training_log.jsonl":
        return [json.loads(line) | {"seconds": 0} for line in file.read_text().splitlines()]
    return file.read_bytes()
