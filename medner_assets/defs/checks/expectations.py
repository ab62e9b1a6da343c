"""Whether measured scores reach what was asked or expected of them. Rows in, sentences out; pure."""

from collections.abc import Mapping

import polars as pl

from medner_assets.recipes.settings import Expectation
from medner_assets.recipes.sources import Targets
from medner_assets.scoring.schemes import FINAL, HEADLINES, RAW

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


def missed_expectations(expectation: Expectation, scores: Scores) -> list[str]:
    """Return the figures below the lower end of their conservative range, a sentence each.

    A figure above its range is no miss: it is told by the report.
    """
    missed = []
    for stage, expected in ((RAW, expectation.raw), (FINAL, expectation.final)):
        for task, asked in (("entity", expected.entity), ("relation", expected.relation)):
            band = asked.conservative
            for figure, bounds in (("precision", band.precision), ("recall", band.recall), ("f1", band.f1)):
                value = scores[stage, task][figure]
                if bounds is not None and (value is None or value < bounds[0]):
                    missed.append(_sentence(stage, task, figure, value, bounds[0], "the least expected"))
    return missed


def _sentence(stage: str, task: str, figure: str, value: float | None, bound: float, what: str) -> str:
    measured = "not defined" if value is None else f"{value:.3f}"
    return f"{stage} {task} {figure} is {measured}, {what} is {bound:.3f}"
