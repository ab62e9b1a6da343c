"""What was predicted at `final`, as distinct items with their probabilities and whether they are right."""

from collections.abc import Mapping

import polars as pl

from medner_assets.normalising import normalised
from medner_assets.scoring.schemes import FINAL, Task

STRINGS: dict[Task, tuple[str, ...]] = {"entity": ("text",), "relation": ("head_text", "tail_text")}
"""Task → columns of its predictions that hold strings."""
TABLE_OF: dict[Task, str] = {"entity": "predicted_entities", "relation": "predicted_relations"}
_AT = ("split", "doc_id", "ordinal")


def sure_items(task: Task, predicted: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return the items of a task that count at `final`: split, doc_id, type, probability, model_probability,
    right.

    predicted, outcomes: rows of the task's tables of one evaluation; lines that say the same in a document
    are one item with the largest of their probabilities. Items without a probability are left out.
    """
    rows = largest(task, predicted.filter(pl.col("stage") == FINAL))
    counted = outcomes.filter((pl.col("stage") == FINAL) & (pl.col("tp") + pl.col("fp") > 0))
    return (
        counted.select(*_AT, right=pl.col("tp") > 0)
        .join(rows, on=_AT, how="inner", maintain_order="left")
        .select("split", "doc_id", "type", "probability", "model_probability", "right")
        .drop_nulls()
    )


def items_of(frames: Mapping[str, pl.DataFrame]) -> dict[Task, pl.DataFrame]:
    """Return the items of both tasks from the tables of predictions and outcomes of one evaluation."""
    return {
        task: sure_items(task, frames[table], frames[f"{task}_outcomes"]) for task, table in TABLE_OF.items()
    }


def largest(task: Task, rows: pl.DataFrame) -> pl.DataFrame:
    """Give the lines of a document with one type and the same strings the largest of their probabilities."""
    keys = [normalised(rows[name]).alias(f"said {name}") for name in STRINGS[task]]
    same = ["doc_id", "type", *(key.name for key in keys)]
    return (
        rows.with_columns(keys)
        .with_columns(pl.col("probability", "model_probability").max().over(same))
        .select(rows.columns)
    )
