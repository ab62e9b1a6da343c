"""A number that says where it comes from: its value, the SQL that yields it, and how people read it. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

MISSING = "–"


class Unit(StrEnum):
    """What a number counts, which decides how it is written."""

    COUNT = "count"
    SHARE = "share"
    """A fraction, written in per cent without the sign: 0.884 → 88.4."""
    POINTS = "points"
    """A difference of two fractions, written in percentage points with its sign: 0.016 → +1.6."""
    BOUND = "bound"
    """An end of an interval of a difference: as points, whose name stands beside it once."""
    GAP = "gap"
    """A difference of two fractions whose direction the words say, in percentage points: 0.086 → 8.6."""
    CHANGE = "change"
    """A relative change, written in per cent with its sign: -0.74 → −74 %."""
    LOSS = "loss"
    """Nats per token."""
    DURATION = "duration"
    """Seconds."""
    BYTES = "bytes"
    PARAMETERS = "parameters"
    P = "p"
    """A p-value."""
    PLAIN = "plain"
    """A setting or a statistic without a unit of its own."""
    DELTA = "delta"
    """A difference of two counts or settings, with its sign."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the report.

    `value` is exact (None: there is none, `sql` yields null or no row); `sql` is one query over the
    warehouse's
    tables that yields exactly it, or None where no table holds it (a target of the dataset's recipe).
    """

    value: float | None
    unit: Unit = Unit.PLAIN
    sql: str | None = None
    signed: bool = False
    """Whether a plus sign stands before it where it is positive: a difference."""

    def __str__(self) -> str:
        """Return it as people read it, without its SQL."""
        text = written(self.value, self.unit)
        unsigned = self.unit in (Unit.SHARE, Unit.GAP, Unit.P) or text[0] == "+"
        plus = self.signed and not unsigned and (self.value or 0) > 0
        return f"+{text}" if plus else text

    @property
    def exact(self) -> str:
        """The value in full, as a program reads it back; empty if there is none."""
        return "" if self.value is None else repr(self.value)

    @property
    def suffix(self) -> str:
        """What follows the number in running text."""
        return (
            {Unit.SHARE: " %", Unit.POINTS: " points", Unit.GAP: " points"}.get(self.unit, "")
            if self.value is not None
            else ""
        )

    def as_unit(self, unit: Unit) -> Self:
        """Return the same number, written as another unit."""
        return replace(self, unit=unit)


def written(value: float | None, unit: Unit) -> str:
    """Return `value` as people read it, e.g. 0.9176 as a share → `91.8`; None, NaN and infinities → `–`,
    `NaN`, `∞`."""
    if value is None:
        return MISSING
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    return _WRITERS[unit](value)


def _grouped(value: float) -> str:
    return _minus(f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:,.1f}")


def _signed(value: float, digits: int) -> str:
    text = f"{value:+,.{digits}f}"
    # A difference that rounds to nothing has no direction.
    return _minus(text) if any(digit in text for digit in "123456789") else text[1:]


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _p(value: float) -> str:
    if value < 0.001:
        return "< 0.001"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def _duration(seconds: float) -> str:
    if 0 < abs(seconds) < 0.95:
        return _minus(f"{1000 * seconds:.0f} ms")
    if abs(seconds) < 10:
        return _minus(f"{seconds:.1f} s")
    if abs(seconds) < 59.5:
        return _minus(f"{seconds:.0f} s")
    sign = "−" if seconds < 0 else ""
    if abs(seconds) < 599.5:  # minutes and seconds, so that a difference adds up as it is read
        return f"{sign}{round(abs(seconds)) // 60} min {round(abs(seconds)) % 60} s"
    whole = round(abs(seconds) / 60)
    if whole < 120:
        return f"{sign}{whole} min"
    return f"{sign}{whole // 60} h {whole % 60} min"


def _scaled(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    for size, name in steps:
        if abs(value) >= size:
            scaled = value / size
            return _minus(f"{scaled:.1f} {name}" if abs(scaled) < 100 else f"{scaled:,.0f} {name}")
    return _minus(f"{value:,.0f}")


def _bytes(value: float) -> str:
    text = _scaled(value, ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")))
    return text if text[-1] == "B" else f"{text} B"


def _plain(value: float) -> str:
    return _minus(f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.4g}")


def _delta(value: float) -> str:
    return _signed(value, 0) if float(value).is_integer() else _minus(f"{value:+.3g}")


_WRITERS: dict[Unit, Callable[[float], str]] = {
    Unit.COUNT: _grouped,
    Unit.SHARE: lambda value: _minus(f"{100 * value:.1f}"),
    Unit.POINTS: lambda value: _signed(100 * value, 1),
    Unit.BOUND: lambda value: _signed(100 * value, 1),
    Unit.GAP: lambda value: _minus(f"{100 * value:.1f}"),
    Unit.CHANGE: lambda value: f"{_signed(100 * value, 0)} %",
    Unit.LOSS: lambda value: _minus(f"{value:.3f}"),
    Unit.DURATION: _duration,
    Unit.BYTES: _bytes,
    Unit.PARAMETERS: lambda value: _scaled(value, ((1e9, "B"), (1e6, "M"), (1e3, "k"))),
    Unit.P: _p,
    Unit.PLAIN: _plain,
    Unit.DELTA: _delta,
}


def difference(after: Number, before: Number, unit: Unit) -> Number:
    """Return `after - before` with the SQL that subtracts the two; None if either has no value."""
    value = None if after.value is None or before.value is None else after.value - before.value
    return Number(value, unit, _combined("-", after, before), signed=True)


def ratio(over: Number, under: Number, unit: Unit = Unit.PLAIN) -> Number:
    """Return `over / under` with the SQL that divides the two; None if either has no value or `under` is
    0."""
    value = None if over.value is None or not under.value else over.value / under.value
    return Number(value, unit, _combined("/", over, under))


def change(after: Number, before: Number) -> Number:
    """Return the relative change `after / before - 1` with its SQL; None if either has no value or `before`
    is 0."""
    share = ratio(after, before)
    value = None if share.value is None else share.value - 1
    return Number(value, Unit.CHANGE, None if share.sql is None else f"{share.sql} - 1")


def _combined(operator: str, left: Number, right: Number) -> str | None:
    if left.sql is None and right.sql is None:
        return None
    under = f"nullif({_operand(right)}, 0)" if operator == "/" else _operand(right)
    return f"select {_operand(left)} {operator} {under}"


def _operand(number: Number) -> str:
    return f"({number.sql})" if number.sql is not None else "null" if number.value is None else number.exact


Phrase = tuple[str | Number, ...]
"""Running text with numbers in it; each keeps its SQL. The renderer escapes the text."""


def plain(phrase: Phrase) -> str:
    """Return a phrase as text, with per cent signs and `points` after its numbers."""
    return "".join(part if isinstance(part, str) else f"{part}{part.suffix}" for part in phrase)
