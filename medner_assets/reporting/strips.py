"""One line of a scale with marks, spans and bands on it: how the page shows scores beside their intervals
and rungs.

A strip is drawn with percentages of its width, so that it fits any screen; its description says the same in
words.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from medner_assets.reporting.numbers import Number

_NOTHING = Number(None)


@dataclass(frozen=True, slots=True)
class Mark:
    """One value on the scale. `kind` is its CSS class: s0, s1, rung, unread, target, train, gold."""

    kind: str
    name: str
    value: Number
    low: Number = _NOTHING
    high: Number = _NOTHING


@dataclass(frozen=True, slots=True)
class RangeMark:
    """A stretch of the scale: an expected range. `kind` is its CSS class."""

    kind: str
    name: str
    low: Number
    high: Number


@dataclass(frozen=True, slots=True)
class Strip:
    """Marks and bands on a scale from `low` to `high`, fractions."""

    low: float
    high: float
    marks: tuple[Mark, ...]
    bands: tuple[RangeMark, ...] = ()

    def left(self, number: Number) -> str:
        """Return the place of a value in percent of the width."""
        share = ((number.value or 0.0) - self.low) / (self.high - self.low)
        return f"{100 * min(max(share, 0.0), 1.0):.2f}"

    def width(self, low: Number, high: Number) -> str:
        """Return the width of a stretch in percent."""
        return f"{float(self.left(high)) - float(self.left(low)):.2f}"

    @property
    def described(self) -> str:
        """The strip in words."""
        bands = (f"{band.name} {band.low} to {band.high}" for band in self.bands)
        marks = (
            f"{mark.name} {mark.value}"
            + (f" ({mark.low} to {mark.high})" if mark.low.value is not None else "")
            for mark in self.marks
        )
        return ", ".join(chain(marks, bands))

    @property
    def ends(self) -> tuple[str, str]:
        """What stands at the ends of the scale, in per cent."""
        return f"{100 * self.low:.0f}", f"{100 * self.high:.0f}"


def strip_of(marks: Sequence[Mark], bands: Sequence[RangeMark] = (), whole: bool = False) -> Strip | None:
    """Return the strip of what has a value, its scale rounded to ten points; None if nothing has.

    whole: the scale goes from 0 to 1 whatever the values are.
    """
    drawn = tuple(mark for mark in marks if mark.value.value is not None)
    ranges = tuple(band for band in bands if band.low.value is not None and band.high.value is not None)
    ends = [(mark.value, mark.low, mark.high) for mark in drawn] + [(band.low, band.high) for band in ranges]
    numbers = [number.value for each in ends for number in each if number.value is not None]
    if not numbers:
        return None
    if whole:
        return Strip(0.0, 1.0, drawn, ranges)
    low = max(math.floor(10 * min(numbers) - 0.3) / 10, 0.0)
    high = min(math.ceil(10 * max(numbers) + 0.3) / 10, 1.0)
    return Strip(low, max(high, low + 0.1), drawn, ranges)
