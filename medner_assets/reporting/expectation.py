"""Expectation against result: what a version's author wrote down before training, held against what was
measured, with the interval of what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from medner_assets.recipes.expectations import Expectation
from medner_assets.reporting.numbers import Number, Unit

_METRICS = ("precision", "recall", "f1")
_NOTHING = Number(None, Unit.SHARE)


class Outcome(StrEnum):
    """How a result stands to a range."""

    NOT_MET = "not met"
    """The whole interval is on the wrong side of the border that counts."""
    MET = "met"
    """The whole interval is on the right side of it, the border included."""
    EXCEEDED = "exceeded"
    """The whole interval is past the other end of the range, where the result is better than expected."""
    CANNOT_TELL = "cannot tell"
    """The interval crosses the border, or there is none."""
    NOT_MEASURED = "not measured"
    NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Measured:
    """A result with its 95 % interval; ends without a value: it has none."""

    value: Number = _NOTHING
    low: Number = _NOTHING
    high: Number = _NOTHING


@dataclass(frozen=True, slots=True)
class Range:
    """One expected range, and how the result stands to it."""

    low: Number
    high: Number
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ExpectationRow:
    """One figure of one task at one stage, expected and measured."""

    stage: str
    task: str
    figure: str
    """precision, recall, f1, or an error class: its share of what is predicted."""
    conservative: Range
    """Of an error class: the range that is stated."""
    optimistic: Range
    measured: Measured
    confidence: Number
    """Stated belief that the conservative range is reached; a Number without a value: none was stated."""

    @property
    def is_share(self) -> bool:
        """Whether it is the share of an error class, where less is better."""
        return self.figure not in _METRICS

    @property
    def label(self) -> str:
        """The figure as people read it."""
        return f"share of {self.figure}" if self.is_share else "F1" if self.figure == "f1" else self.figure


def expectation_rows(
    expectation: Expectation, measured: Mapping[tuple[str, str, str], Measured], version: str
) -> tuple[ExpectationRow, ...]:
    """Return a row for each figure of which anything was expected, in the order stage, task, figure.

    measured: (stage, task, figure) → result; a missing key is a result that was not measured.
    """
    rows = []
    for stage in ("raw", "final"):
        for task in ("entity", "relation"):
            stated = getattr(getattr(expectation, stage), task)
            key = f"expectation.{stage}.{task}"
            belief = Number(
                stated.confidence, Unit.SHARE, _setting_sql(version, f"{key}.confidence", "value")
            )
            for metric in _METRICS:
                ends = getattr(stated.conservative, metric), getattr(stated.optimistic, metric)
                if ends == (None, None):
                    continue
                result = measured.get((stage, task, metric), Measured())
                conservative, optimistic = (
                    _range(bounds, result, _At(version, f"{key}.{band}.{metric}"), less_is_better=False)
                    for band, bounds in zip(("conservative", "optimistic"), ends, strict=True)
                )
                rows.append(ExpectationRow(stage, task, metric, conservative, optimistic, result, belief))
            for error, bounds in stated.error_shares.items():
                result = measured.get((stage, task, error), Measured())
                asked = _range(
                    bounds, result, _At(version, f"{key}.error_shares.{error}"), less_is_better=True
                )
                unstated = Range(_NOTHING, _NOTHING, Outcome.NOT_STATED)
                rows.append(ExpectationRow(stage, task, error, asked, unstated, result, _NOTHING))
    return tuple(rows)


def outcome(
    value: float | None,
    interval: tuple[float | None, float | None],
    bounds: tuple[float, float] | None,
    less_is_better: bool = False,
) -> Outcome:
    """Return how a result with its interval stands to the range `bounds`, whose ends belong to it.

    The border that counts is the lower end; of a figure where less is better, the upper.
    """
    if bounds is None:
        return Outcome.NOT_STATED
    if value is None:
        return Outcome.NOT_MEASURED
    low, high = interval
    if low is None or high is None:
        return Outcome.CANNOT_TELL
    border, beyond = bounds
    if less_is_better:
        low, high, border, beyond = -high, -low, -bounds[1], -bounds[0]
    if high < border:
        return Outcome.NOT_MET
    if low < border:
        return Outcome.CANNOT_TELL
    return Outcome.EXCEEDED if low > beyond else Outcome.MET


@dataclass(frozen=True, slots=True)
class _At:
    version: str
    setting: str


def _range(bounds: tuple[float, float] | None, result: Measured, at: _At, less_is_better: bool) -> Range:
    low, high = bounds or (None, None)

    def end(value: float | None, place: int) -> Number:
        return Number(value, Unit.SHARE, _setting_sql(at.version, at.setting, f"value->>{place}"))

    interval = result.low.value, result.high.value
    return Range(end(low, 0), end(high, 1), outcome(result.value.value, interval, bounds, less_is_better))


def _setting_sql(version: str, setting: str, value: str) -> str:
    # Both names are partition keys or dotted keys of a recipe: neither can hold a quote.
    where = f"where model_version = '{version}' and setting = '{setting}'"
    return " ".join(("select cast(", value, "as double) from recipes", where))
