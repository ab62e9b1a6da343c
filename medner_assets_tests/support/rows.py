"""Literal rows for the tests of the warehouse: what is not named is null, what repeats is filled in."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from medner_assets.tables import TABLES
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.store import Store

# What most rows have in common: one dataset, one content of it, its test split, the headline stage.
COMMON = {"dataset": "d", "dataset_version": "d-1", "split": "test", "stage": "final"}
HEADLINE = {"entity": "text", "relation": "strict"}


def frame(table: str, rows: Iterable[Mapping[str, Any]], key: str = "") -> pl.DataFrame:
    """Return rows with the declared columns. An evaluation is called after its version unless it is named."""
    schema = TABLES[table].schema
    common = {**COMMON, "evaluation_id": f"e-{key}"}
    filled = [{name: row.get(name, common.get(name)) for name in schema} for row in rows]
    unknown = {name for row in rows for name in row if name not in schema}
    assert not unknown, f"{table} has no column {unknown}"
    return pl.DataFrame(filled, schema=schema, orient="row")


def put(root: Path, table: str, key: str, *rows: Mapping[str, Any]) -> None:
    """Replace a partition by literal rows."""
    Store(root).replace({table: frame(table, rows, key)}, key)


def metric(task: str, f1: float, **more: Any) -> dict[str, Any]:
    """Return a row of `metrics` of a headline scheme; the interval is ± 0.05."""
    return {
        "task": task, "scheme": HEADLINE[task], "f1": f1, "precision": f1, "recall": f1,
        "f1_low": f1 - 0.05, "f1_high": f1 + 0.05, "tp": 1, "fp": 1, "fn": 1, "documents": 10, **more,
    }  # fmt: skip


def entity(error: str, predicted: str | None, gold: str | None, **more: Any) -> dict[str, Any]:
    """Return a row of `entity_outcomes`; predicted, gold: 'Type text'; counts are those of a counted item."""
    row = {"doc_id": "a", "error": error, **_counts(error), **more}
    if predicted is not None:
        row |= {
            "ordinal": 0,
            **dict(zip(("predicted_type", "predicted_text"), predicted.split(" ", 1), strict=True)),
        }
    if gold is not None:
        row |= dict(zip(("gold_type", "gold_text"), gold.split(" ", 1), strict=True))
    return row | more


def relation(error: str, predicted: str | None, gold: str | None, **more: Any) -> dict[str, Any]:
    """Return a row of `relation_outcomes`; predicted, gold: 'head type tail'."""
    row = {"doc_id": "a", "error": error, **_counts(error)}
    if predicted is not None:
        row |= {
            "ordinal": 0,
            **dict(
                zip(("predicted_head", "predicted_type", "predicted_tail"), predicted.split(" "), strict=True)
            ),
        }
    if gold is not None:
        row |= dict(zip(("gold_head", "gold_type", "gold_tail"), gold.split(" "), strict=True))
    return row | more


def _counts(error: str) -> dict[str, int]:
    """Return the counts of an item: a pair of a wrong prediction and a missed gold item is both."""
    if error == "correct":
        return {"tp": 1, "fp": 0, "fn": 0}
    if error == "missing":
        return {"tp": 0, "fp": 0, "fn": 1}
    return {"tp": 0, "fp": 1, "fn": int(error not in ("duplicate", "ungrounded", "spurious"))}


def answers(root: Path, query: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Return the rows of a query over the warehouse at `root`, floats rounded to four decimals."""
    rows = _session(root).execute(query, dict(parameters or {})).fetchall()
    return [tuple(round(value, 4) if isinstance(value, float) else value for value in row) for row in rows]


@cache
def _session(root: Path) -> duckdb.DuckDBPyConnection:
    return connect(root)


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """Open an analyst's file as an analyst does who only reads."""
    return duckdb.connect(path, read_only=True)
