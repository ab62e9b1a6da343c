"""What readers put up with, once for all formats: units, line ends, byte order marks and white space. Pure.

A *convention* says what the tool that wrote the offsets saw: which unit it counted, whether a Windows line
end was one character to it, and whether it counted the byte order mark. The text of a document is the text
that this tool saw. Which convention a file follows is decided by evidence (`readers/settling.py`), told once
a file, and whatever it is, a mention is kept only where the text is the mention.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from medner_assets.corpus.offsets import OffsetUnit, code_point_span, differs

MARK = "\ufeff"
_WITHOUT_BLANKS = "\u2e80"
"""From here on stand the scripts that put no blank between words: any place may be the border of one."""

_WHITE = re.compile(r"[\s\u200b\u2060\ufeff]+")
_JOINTS = (" ", "", " ... ", " [...] ", "...", " … ", "…", " .. ", "|")
"""What tools write between pieces of a discontinuous mention: BRAT a blank, CRAFT `...`, bconv `[...]`."""


@dataclass(frozen=True, slots=True)
class Convention:
    """How a tool counted; the defaults are what the file says as it stands."""

    unit: OffsetUnit = OffsetUnit.CODE_POINTS
    line_ends_as_one: bool = False
    mark_counted: bool = True


AS_WRITTEN = Convention()


def conventions(units: Sequence[OffsetUnit]) -> list[Convention]:
    """Return every convention with one of `units`, the plainest first: so ties are settled."""
    every = product(units, (True, False), (True, False))
    return sorted(
        (Convention(unit, as_one, counted) for unit, as_one, counted in every),
        key=lambda each: (
            each.line_ends_as_one + (not each.mark_counted) + (each.unit is not OffsetUnit.CODE_POINTS),
            units.index(each.unit),
        ),
    )


def applied(convention: Convention, text: str) -> Convention:
    """Return `convention` less what makes no difference to `text`."""
    unit = convention.unit
    if unit is OffsetUnit.CODE_POINTS and not convention.line_ends_as_one and convention.mark_counted:
        return AS_WRITTEN
    return Convention(
        unit if differs(text, unit) else OffsetUnit.CODE_POINTS,
        convention.line_ends_as_one and "\r\n" in text,
        convention.mark_counted or not text.startswith(MARK),
    )


def is_plain(text: str) -> bool:
    """Return whether every convention reads `text` alike."""
    return text.isascii() and "\r\n" not in text


def seen(text: str, convention: Convention) -> str:
    """Return the text that a tool of `convention` saw."""
    if not convention.mark_counted:
        text = text.removeprefix(MARK)
    return text.replace("\r\n", "\n") if convention.line_ends_as_one else text


def seen_position(text: str, position: int, convention: Convention) -> int:
    """Return where a code point of `text` stands in the text that a tool of `convention` saw."""
    return len(seen(text[:position], convention)) if position else 0


def places(
    text: str, spans: Sequence[tuple[int, int]], unit: OffsetUnit, anchor: int
) -> tuple[tuple[int, int], ...] | None:
    """Return the spans as code points of `text`; None if there is none, or one of them is none."""
    found = [code_point_span(text, start, end, unit, anchor) for start, end in spans]
    known = tuple(each for each in found if each is not None)
    return known if known and len(known) == len(found) else None


def stands(text: str, found: Sequence[tuple[int, int]], claimed: str) -> bool:
    """Return whether the text at the pieces is the mention claimed, white space and joints apart."""
    if len(found) == 1:
        return same_mention(text[found[0][0] : found[0][1]], claimed)
    pieces = [text[start:end] for start, end in found]
    return any(same_mention(joint.join(pieces), claimed) for joint in _JOINTS)


def same_mention(there: str, claimed: str) -> bool:
    """Return whether the text found is the mention claimed.

    Any run of white space may stand for another (a line break, tab or no-break space for a blank), since
    annotation tools and file formats rewrite them; where there is none, none is put up with.
    """
    if there == claimed:
        return True
    if abs(len(there) - len(claimed)) > 2 * len(claimed) + 8:
        return False
    return _WHITE.sub(" ", there) == _WHITE.sub(" ", claimed) != " "


def looks_whole(text: str, start: int, end: int) -> bool:
    """Return whether a span could be a mention by its looks: no white space at an end, no word cut in two.

    This is all the evidence there is where a tool does not repeat the mention.
    """
    if text[start].isspace() or text[end - 1].isspace():
        return False
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (_joined(before, text[start]) or _joined(text[end - 1], after))


def _joined(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and max(left, right) < _WITHOUT_BLANKS


def assumptions(convention: Convention) -> Iterator[tuple[str, str]]:
    """Yield (kind of problem, sentence) for each part of a convention that is not as the file stands."""
    if convention.unit is not OffsetUnit.CODE_POINTS:
        yield "offset-unit", f"the offsets count {convention.unit.value}: converted to characters"
    if convention.line_ends_as_one:
        yield "line-ends", "the offsets count a Windows line end as one character: read as a line feed"
    if not convention.mark_counted:
        yield "byte-order-mark", "the offsets do not count the byte order mark: taken off the text"
