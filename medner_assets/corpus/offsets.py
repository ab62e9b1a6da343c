"""What a file's offsets count: characters (Unicode code points), UTF-16 units or UTF-8 bytes. Pure.

Java and JavaScript tools count UTF-16 units and some BioC files count bytes; both agree with code points
until the first character that is not ASCII, or outside the basic plane. Everything past the readers counts
code points.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache


class OffsetUnit(StrEnum):
    """What one step of an offset is; in the order in which a tie between them is settled."""

    CODE_POINTS = "code points"
    UTF16 = "UTF-16 units"
    UTF8 = "UTF-8 bytes"


_WIDTH: dict[OffsetUnit, Callable[[str], int]] = {
    OffsetUnit.UTF16: lambda character: 2 if ord(character) > 0xFFFF else 1,
    OffsetUnit.UTF8: lambda character: len(character.encode("utf-8", "surrogatepass")),
}

# Some tools write the line break inside a mention as a blank.
_LINE_BREAKS = str.maketrans({"\n": " ", "\r": " ", "\t": " "})


def code_point_span(text: str, start: int, end: int, unit: OffsetUnit) -> tuple[int, int] | None:
    """Return start..end, counted in `unit`, as code points; None if empty or not within the text."""
    if unit is OffsetUnit.CODE_POINTS or text.isascii():
        return (start, end) if 0 <= start < end <= len(text) else None
    indices = _indices(text, unit)
    first, last = indices.get(start), indices.get(end)
    return (first, last) if first is not None and last is not None and first < last else None


def same_mention(there: str, claimed: str) -> bool:
    """Return whether the text found is the mention claimed; a line break or tab may stand as a blank."""
    return there == claimed or there.translate(_LINE_BREAKS) == claimed.translate(_LINE_BREAKS)


@lru_cache(maxsize=64)
def _indices(text: str, unit: OffsetUnit) -> dict[int, int]:
    width, position, found = _WIDTH[unit], 0, {}
    for index, character in enumerate(text):
        found[position] = index
        position += width(character)
    found[position] = len(text)
    return found
