"""Whether measured scores reach what was asked or expected of them. Rows in, sentences out; pure."""

from collections.abc import Mapping, Sequence

import polars as pl

from medner_assets.recipes.sources import Targets
from medner_assets.reporting.expectation import ExpectationRow, Measured, Outcome
from medner_assets.scoring.schemes import FINAL, HEADLINES

Scores = Mapping[tuple[str, str], Mapping[str, float | None]]
"""(stage, task) → figure → value, under the scheme by which the task is judged."""


def headline_scores(metrics: pl.DataFrame) -> Scores:
    """Return the scores by which a version is judged. metrics: rows of that table, of one version."""
    judged = dict(HEADLINES)
    return {
        (row["stage"], row["task"]): {name: row[name] for name in ("precision", "recall", "f1")}
        for row in metrics.iter_rows(named=True)
        if judged[row["task"]] == row["scheme"]
    }


def missed_targets(targets: Targets, scores: Scores) -> list[str]:
    """Return the targets that the final stage does not reach, a sentence each."""
    return [
        _sentence(FINAL, task, "f1", value, target, "the target")
        for task, target in (("entity", targets.entity_f1), ("relation", targets.relation_f1))
        if (value := scores[FINAL, task]["f1"]) is None or value < target
    ]


def missed_expectations(rows: Sequence[ExpectationRow]) -> list[str]:
    """Return what is not known to be within its conservative range, a sentence each, with its interval.

    A figure past its range, where that is better, is no miss: it is told by the report.
    """
    return [
        f"{row.stage} {row.task} {row.label} is {_measured(row.measured)}, "
        f"{'the most' if row.is_share else 'the least'} expected is {_border(row):.3f}: "
        f"{row.conservative.outcome.value}"
        for row in rows
        if row.conservative.outcome in (Outcome.NOT_MET, Outcome.CANNOT_TELL, Outcome.NOT_MEASURED)
    ]


def _border(row: ExpectationRow) -> float:
    end = row.conservative.high if row.is_share else row.conservative.low
    return end.value or 0.0


def _measured(result: Measured) -> str:
    if result.value.value is None:
        return "not defined"
    if result.low.value is None or result.high.value is None:
        return f"{result.value.value:.3f} without an interval"
    return f"{result.value.value:.3f} (95 % {result.low.value:.3f} to {result.high.value:.3f})"


def _sentence(stage: str, task: str, figure: str, value: float | None, bound: float, what: str) -> str:
    measured = "not defined" if value is None else f"{value:.3f}"
    return f"{stage} {task} {figure} is {measured}, {what} is {bound:.3f}"
