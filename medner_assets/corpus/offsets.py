"""What a file's offsets count, and how they become characters. Pure.

Java and JavaScript tools count UTF-16 units, some BioC files bytes, and doccano may count what a reader sees
as one character (a grapheme cluster). All agree with code points until the first character that is not ASCII,
or outside the basic plane, or joined of several. Everything past the readers counts code points.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class OffsetUnit(StrEnum):
    """What one step of an offset is; in the order in which a tie between them is settled."""

    CODE_POINTS = "code points"
    UTF16 = "UTF-16 units"
    UTF8 = "UTF-8 bytes"
    GRAPHEMES = "grapheme clusters"


_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class _Ruler:
    """Where the characters stand that are not one unit long; between them a unit is a code point.

    All four lists run in step: code points before and after the k-th of them, units before and after it.
    """

    starts: list[int]
    ends: list[int]
    unit_starts: list[int]
    unit_ends: list[int]

    def code_point(self, offset: int) -> int | None:
        """Return the code points before `offset` units; None within a character."""
        k = bisect_right(self.unit_starts, offset) - 1
        if k < 0:
            return offset
        if offset >= self.unit_ends[k]:
            return self.ends[k] + offset - self.unit_ends[k]
        return self.starts[k] if offset == self.unit_starts[k] else None

    def units(self, position: int) -> int:
        """Return the units before a code point that no cluster of several code points holds inside."""
        k = bisect_right(self.starts, position) - 1
        if k < 0:
            return position
        if position >= self.ends[k]:
            return self.unit_ends[k] + position - self.ends[k]
        return self.unit_starts[k]


def code_point_span(
    text: str, start: int, end: int, unit: OffsetUnit, anchor: int = 0
) -> tuple[int, int] | None:
    """Return start..end, counted in `unit` from the code point `anchor`, as code points of `text`.

    None if the span is empty, begins or ends within a character, or does not lie in the text.
    """
    if start < 0 or start >= end:
        return None
    if unit is OffsetUnit.CODE_POINTS or text.isascii():
        return (anchor + start, anchor + end) if anchor + end <= len(text) else None
    ruler = _ruler(text, unit)
    before = ruler.units(anchor)
    first, last = ruler.code_point(before + start), ruler.code_point(before + end)
    return (first, last) if first is not None and last is not None and first < last <= len(text) else None


def differs(text: str, unit: OffsetUnit) -> bool:
    """Return whether `unit` counts anything in `text` otherwise than code points do."""
    if unit is OffsetUnit.CODE_POINTS or text.isascii():
        return False
    return bool(_ruler(text, unit).starts)


@lru_cache(maxsize=16)
def _ruler(text: str, unit: OffsetUnit) -> _Ruler:
    ruler, extra = _Ruler([], [], [], []), 0
    for start, end, units in _irregular(text, unit):
        ruler.starts.append(start)
        ruler.ends.append(end)
        ruler.unit_starts.append(start + extra)
        extra += units - (end - start)
        ruler.unit_ends.append(end + extra)
    return ruler


def _irregular(text: str, unit: OffsetUnit) -> list[tuple[int, int, int]]:
    """Return (start, end, units) of each character or cluster whose units are not its code points."""
    if unit is OffsetUnit.UTF16:
        return [(match.start(), match.end(), 2) for match in _ASTRAL.finditer(text)]
    if unit is OffsetUnit.UTF8:
        return [
            (match.start(), match.end(), len(match[0].encode("utf-8", "surrogatepass")))
            for match in _NOT_ASCII.finditer(text)
        ]
    import regex

    # A Windows line end is a cluster too, and is a matter of `tolerance`, not of the unit.
    clusters = regex.finditer(r"\X", text)
    return [(*each.span(), 1) for each in clusters if len(each[0]) > 1 and each[0] != "\r\n"]
