"""How one version fails, as a small table for Dagster's metadata. Pure: rows of outcomes in, GFM out."""

import polars as pl

from medner_assets.reporting.sections.errors import ERROR_CLASSES
from medner_assets.reporting.sections.scores import TASKS


def errors_markdown(version: str, entity_outcomes: pl.DataFrame, relation_outcomes: pl.DataFrame) -> str:
    """Return the items of each error class at stage final, the test split, most first, as a GFM table.

    Both: rows of the tables of that name, of one version. Items are those that the scores count, as in the
    view `error_counts`; a version without errors gets a sentence.
    """
    counted = pl.concat(
        rows.filter((pl.col("stage") == "final") & (pl.col("split") == "test"))
        .filter((pl.col("error") != "correct") & (pl.col("fp") + pl.col("fn") > 0))
        .select("error", pl.lit(task).alias("task"))
        for task, rows in (("entity", entity_outcomes), ("relation", relation_outcomes))
    )
    if counted.is_empty():
        return "No errors."
    found = counted.group_by("error", "task").len()
    numbers = {(error, task): items for error, task, items in found.iter_rows()}
    order = sorted(ERROR_CLASSES, key=lambda error: -sum(numbers.get((error, task), 0) for task in TASKS))
    lines = ["| error | entities | relations | what it is |", "|---|--:|--:|---|"]
    lines += [
        f"| {error} | {numbers.get((error, 'entity'), 0):,} | {numbers.get((error, 'relation'), 0):,} "
        f"| {ERROR_CLASSES[error]} |"
        for error in order
        if any((error, task) in numbers for task in TASKS)
    ]
    query = f"from error_counts where model_version = '{version}' and stage = 'final'"
    lines += ["", f'`medner sql "{query}"` has the same, the macro `examples` each one with its text.']
    return "\n".join(lines)
