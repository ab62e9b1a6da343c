"""Split biomedical text into sentences with character spans, by rules alone: the same on every machine.

A mark (. ! ? with closing quotes or brackets) before white space ends a sentence where the next word can
begin one and no rule says otherwise: abbreviations, initials, list numbers, and marks inside a closed pair
of brackets do not end one. Blank lines always do, single line ends after a mark or a heading's colon, or
before a list item.
"""

import re

# The look-behinds keep long runs of one character linear.
_MARK = re.compile(r"""(?<![.!?])[.!?]+["'\u201d\u2019»)\]]*(?:\[[0-9][0-9,–\- ]*\])?(?=\s)""")
_LINE_END = re.compile(r"(?<![ \t\r])[ \t\r]*\n\s*")
_WORD_BEGIN = re.compile(r"\S")
_LIST_ITEM = re.compile(r"(?:[-*•]|[0-9]{1,2}[.)])[ \t]")
_OPENING = "\"'\u201c\u2018«([{"

# A sentence begins with a capital, a digit or a name such as p53, mRNA, siRNA, c-Myc, α-synuclein.
_BEGINNING = re.compile(
    r"[\"'\u201c\u2018«(\[{]*(?:[^\W_a-z]|[a-z]{1,3}[A-Z0-9]|[a-z]-[A-Z0-9]|[<>=±+-]?[0-9])"
)

# The word before a full stop, with its inner stops ("e.g", "i.v"), and nothing that brackets or quotes it.
_LAST_WORD = re.compile(r"[^\s\"'\u201c\u2018«(\[{,;]*\Z")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEVER_FINAL = _words(
    "e.g i.e eg ie viz cf vs approx ca resp dr mr mrs ms prof st fig figs eq eqs ref refs tab suppl cit al"
)
"""Abbreviations that something always follows."""

_BEFORE_NUMBER = _words(
    "no nos vol vols pp p ch sect sec art jan feb mar apr jun jul aug sept sep oct nov dec"
)
"""Abbreviations only where a number follows; words or final abbreviations elsewhere."""

_SELDOM_FINAL = _words(
    "etc i.v i.p s.c i.m p.o b.i.d t.i.d q.i.d q.d q.h p.r.n a.m p.m u.s u.s.a u.k d.c ph.d m.d b.sc "
    "m.sc sp spp ssp subsp var bv pv str inc ltd co corp jr sr dept univ min max avg wt vol conc temp "
    "a.u c.i n.s i.c.v i.t s.d s.e s.e.m"
)
"""Abbreviations that end a sentence only if the next word is one that sentences begin with."""

_STARTERS = _words(
    "The This These Those That A An In On At By For From With Without After Before During Since When "
    "While Although Though However Moreover Furthermore Therefore Thus Hence Because If As To It Its "
    "They Their There Here We Our He She His Her Both All Each Some Most Many Several Such No Not "
    "Only Other Another Two Three Four Patients Results Conclusions Conclusion Methods Background "
    "Objective Finally Additionally Recently Nevertheless Similarly Subsequently"
)
"""Words that begin a sentence and seldom continue a name."""

_LETTERED = _words("type arm part case zone unit site")
"""Short words after which a single letter is a label ("type B."), as after any longer one in lower case."""

_LONGEST_BRACKET = 600
"""Characters: a bracket that closes later than this is taken for a stray one."""


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each sentence in code points: in order, disjoint, none empty.

    All that lies outside the spans is white space, and no span begins or ends with any.
    """
    depth = _bracket_depth(text)
    cuts = {match.end() for match in _MARK.finditer(text) if _ends(text, match, depth)}
    cuts |= {match.start() for match in _LINE_END.finditer(text) if _line_ends(text, match)}
    spans = []
    start = 0
    for cut in [*sorted(cuts), len(text)]:
        piece = text[start:cut]
        body = piece.strip()
        if body:
            first = start + len(piece) - len(piece.lstrip())
            spans.append((first, first + len(body)))
        start = cut
    return spans


def _ends(text: str, mark: re.Match[str], depth: bytearray) -> bool:
    begin = _WORD_BEGIN.search(text, mark.end())
    if depth[mark.end()] or begin is None:
        return False
    following = text[begin.start() : begin.start() + 80]
    if not _BEGINNING.match(following):
        return False
    if mark[0][0] != "." or mark[0].startswith(".."):
        return True
    word = _LAST_WORD.search(text, max(0, mark.start() - 40), mark.start())
    return _final(word[0] if word else "", text, mark.start(), following)


def _final(word: str, text: str, stop: int, following: str) -> bool:
    """Return whether the full stop at `stop`, behind `word`, ends a sentence before `following`."""
    next_word = re.split(r"[\s,;:.]", following.lstrip(_OPENING), maxsplit=1)[0]
    plain = word.lower()
    if plain in _NEVER_FINAL:
        # "et al." closes a sentence before a word that only begins one.
        return plain == "al" and next_word in _STARTERS
    if plain in _BEFORE_NUMBER and next_word[:1].isdigit():
        return False
    if plain in _SELDOM_FINAL:
        return next_word in _STARTERS
    if word.isdigit() and _opens_line(text, stop - len(word)):
        return False
    if len(word) == 1 and word.isalpha() and word.isupper():
        before = text[max(0, stop - 40) : stop - 1].split()
        name = before[-1].strip("(") if before else ""
        labelled = name in _LETTERED or (len(name) >= 5 and name.isalpha() and name.islower())
        return labelled or next_word in _STARTERS
    return True


def _opens_line(text: str, position: int) -> bool:
    """Return whether only blanks stand between the line's begin, or a mark, and `position`."""
    before = text[max(0, position - 20) : position].rstrip(" \t")
    return (not before and position <= 20) or before.endswith(("\n", ":", ";"))


def _line_ends(text: str, line_end: re.Match[str]) -> bool:
    if line_end[0].count("\n") > 1:
        return True
    before = text[max(0, line_end.start() - 1) : line_end.start()]
    return before in (".", "!", "?", ":") or bool(_LIST_ITEM.match(text, line_end.end()))


def _bracket_depth(text: str) -> bytearray:
    """Return, for each character, 1 if it lies inside a pair of brackets (the opening one included)."""
    depth = bytearray(len(text))
    opened: list[tuple[str, int]] = []
    for match in re.finditer(r"[()\[\]]|\n\s*\n", text):
        character = match[0]
        if character in "([":
            opened.append((character, match.start()))
        elif character in ")]":
            partner = "(" if character == ")" else "["
            while opened and opened[-1][0] != partner:
                opened.pop()
            if opened:
                begin = opened.pop()[1]
                if match.start() - begin <= _LONGEST_BRACKET:
                    depth[begin : match.start()] = b"\x01" * (match.start() - begin)
        else:
            opened.clear()
    return depth
