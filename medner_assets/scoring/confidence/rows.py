"""Figures of confidence as rows of the tables `confidence`, `metrics` and `confidence_comparisons`. Pure."""

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

import polars as pl

from medner_assets.scoring.confidence.calibration import Calibration
from medner_assets.scoring.confidence.items import TABLE_OF
from medner_assets.scoring.confidence.measures import (
    IntervalFigure,
    Items,
    Point,
    Sureness,
    area_under_risk,
    calibration_error,
    differences,
    measured,
)
from medner_assets.scoring.schemes import FINAL, HEADLINES, Task
from medner_assets.tables import TABLES


def with_confidence(
    scored: Mapping[str, pl.DataFrame],
    items: Mapping[Task, pl.DataFrame],
    documents: pl.DataFrame,
    calibration: Calibration | None,
    seed: int,
) -> dict[str, pl.DataFrame]:
    """Return the tables `metrics`, with calibration error and area under risk, and `confidence`.

    scored: the tables of `score_version`. items: of the test split; without any there are no figures.
    documents: doc_id and group_id of the test split.
    """
    metrics, rows = scored["metrics"], []
    at = metrics.select("evaluation_id", "dataset").row(0, named=True)
    for task, scheme in HEADLINES:
        if items[task].is_empty():
            continue
        own = calibration.tasks.get(task) if calibration else None
        sure = measured(Items.of(items[task], documents), own, seed)
        headline = (pl.col("stage") == FINAL) & (pl.col("task") == task) & (pl.col("scheme") == scheme)
        metrics = metrics.with_columns(
            pl.when(headline).then(pl.lit(figure.value)).otherwise(pl.col(name)).alias(name)
            for name, figure in (("ece", sure.ece), ("aurc", sure.aurc))
        )
        rows += [{**at, "task": task, **row} for row in _rows(sure, items[task].height)]
    return {"metrics": metrics, "confidence": pl.DataFrame(rows, schema=TABLES["confidence"].schema)}


def _rows(sure: Sureness, items: int) -> Iterator[dict[str, Any]]:
    for name in ("ece", "ece_before", "aurc"):
        yield {"figure": name, **_numbers(getattr(sure, name)), "items": items}
    for name in ("reliability", "reliability_before", "risk", "coverage_at", "precision_at"):
        points: tuple[Point, ...] = getattr(sure, name)
        for point in points:
            more = {"along": point.at, "items": point.items, "threshold": point.threshold}
            yield {"figure": name, **_numbers(point.figure), **more}


def _numbers(figure: IntervalFigure) -> dict[str, float | None]:
    """Return the numbers of a figure; null where it is not defined."""
    values = {"value": figure.value, "low": figure.low, "high": figure.high}
    return {name: None if isnan(value) else value for name, value in values.items()}


def confidence_comparison(
    items: Mapping[Task, pl.DataFrame],
    baseline: Mapping[Task, pl.DataFrame],
    documents: pl.DataFrame,
    at: Mapping[str, str],
    seed: int,
) -> pl.DataFrame:
    """Return the rows of `confidence_comparisons`; none for a task in which one side has no item.

    items, baseline: of `items_of`, on the same documents (doc_id, group_id). at: the columns that are the
    same in every row.
    """
    rows = []
    for task in TABLE_OF:
        if items[task].is_empty() or baseline[task].is_empty():
            continue
        own, other = Items.of(items[task], documents), Items.of(baseline[task], documents)
        values = {
            "ece": [float(calibration_error(each.bins().sum(axis=0))) for each in (own, other)],
            "aurc": [float(area_under_risk(each.steps().sum(axis=0))) for each in (own, other)],
        }
        for name, figure in differences(own, other, seed).items():
            numbers = _numbers(figure)
            first, second = values[name]
            rows.append(
                {
                    **at, "task": task, "figure": name, "version_value": first, "baseline_value": second,
                    "difference": numbers["value"], "low": numbers["low"], "high": numbers["high"],
                }
            )  # fmt: skip
    return pl.DataFrame(rows, schema=TABLES["confidence_comparisons"].schema)
