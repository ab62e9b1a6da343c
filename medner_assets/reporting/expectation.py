"""Expectation against result: what a version's author wrote down before training, held against what was
measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from medner_assets.recipes.settings import Band, Expectation
from medner_assets.reporting.numbers import Number, Unit

MetricName = Literal["precision", "recall", "f1"]
_METRICS: tuple[MetricName, ...] = ("precision", "recall", "f1")


class Outcome(StrEnum):
    """How a result stands to a range."""

    NOT_MET = "not met"
    """Below the range."""
    MET = "met"
    """Inside the range, ends included."""
    EXCEEDED = "exceeded"
    """Above the range."""
    NOT_MEASURED = "not measured"
    NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Range:
    """One expected range, and how the result stands to it."""

    low: Number
    high: Number
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ExpectationRow:
    """One metric of one task at one stage, expected and measured."""

    stage: str
    task: str
    metric: MetricName
    conservative: Range
    optimistic: Range
    measured: Number
    confidence: Number
    """Stated belief that the conservative range is reached; a Number without a value: none was stated."""


def expectation_rows(
    expectation: Expectation, measured: Mapping[tuple[str, str, str], Number], version: str
) -> tuple[ExpectationRow, ...]:
    """Return a row for each metric of which anything was expected, in the order stage, task, metric.

    measured: (stage, task, metric) → result; a missing key is a result that was not measured.
    """
    rows = []
    for stage in ("raw", "final"):
        for task in ("entity", "relation"):
            stated = getattr(getattr(expectation, stage), task)
            for metric in _METRICS:
                if (
                    getattr(stated.conservative, metric) is None
                    and getattr(stated.optimistic, metric) is None
                ):
                    continue
                result = measured.get((stage, task, metric), Number(None, Unit.SHARE))
                key = f"expectation.{stage}.{task}"
                rows.append(
                    ExpectationRow(
                        stage=stage,
                        task=task,
                        metric=metric,
                        conservative=_range(
                            stated.conservative, metric, result, f"{key}.conservative", version
                        ),
                        optimistic=_range(stated.optimistic, metric, result, f"{key}.optimistic", version),
                        measured=result,
                        confidence=Number(
                            stated.confidence, Unit.SHARE, _setting_sql(version, f"{key}.confidence", "value")
                        ),
                    )
                )
    return tuple(rows)


def outcome(value: float | None, low: float | None, high: float | None) -> Outcome:
    """Return how `value` stands to the range, whose ends belong to it; without a range `NOT_STATED`."""
    if low is None or high is None:
        return Outcome.NOT_STATED
    if value is None:
        return Outcome.NOT_MEASURED
    return Outcome.NOT_MET if value < low else Outcome.EXCEEDED if value > high else Outcome.MET


def _range(band: Band, metric: MetricName, result: Number, key: str, version: str) -> Range:
    low, high = getattr(band, metric) or (None, None)

    def end(value: float | None, place: int) -> Number:
        return Number(value, Unit.SHARE, _setting_sql(version, f"{key}.{metric}", f"value->>{place}"))

    return Range(end(low, 0), end(high, 1), outcome(result.value, low, high))


def _setting_sql(version: str, setting: str, value: str) -> str:
    # Both names are partition keys or dotted keys of a recipe: neither can hold a quote.
    where = f"where model_version = '{version}' and setting = '{setting}'"
    return " ".join(("select cast(", value, "as double) from recipes", where))
