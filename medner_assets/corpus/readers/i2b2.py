"""Read i2b2 2010: `name.txt` with the text, `.con` (concepts), `.rel` (relations), `.ast` (assertions).

Rules, with the reason for each:
- Places are `line:word`, lines from 1 and words from 0, words parted by blanks; the last word is included.
  The text is kept as it is. What a line quotes is in small letters and blanks are its own, so that a place is
  verified word for word without regard to case.
- Files of one note stand in one folder, or in folders `concept`, `rel`, `ast` (or `assertion`) and `txt`.
- A relation names its ends by their places. An assertion (`a="absent"`) is the attribute `assertion` of its
  concept.
"""

import re
from collections.abc import Iterator, Sequence

from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.files import numbered_lines
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError

SUFFIXES = (".con", ".txt")

_CONCEPT = re.compile(r'c="(.*?)" (\d{1,9}):(\d{1,9}) (\d{1,9}):(\d{1,9})\|\|t="([^"]+)"')
_RELATION = re.compile(
    r'c=".*?" (\d{1,9}:\d{1,9} \d{1,9}:\d{1,9})\|\|r="([^"]+)"\|\|c=".*?" (\d{1,9}:\d{1,9} \d{1,9}:\d{1,9})'
)
_ASSERTION = re.compile(r'c=".*?" (\d{1,9}:\d{1,9} \d{1,9}:\d{1,9})\|\|t="[^"]*"\|\|a="([^"]+)"')
_WORD = re.compile(r"[^ \r\n]+")


def gather(found: Sequence[Source]) -> list[Source]:
    """Return the files of concepts; texts without one are told by nobody but where all are so."""
    concepts = [each for each in found if each.suffix == ".con"]
    return concepts or list(found)


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the note of a file of concepts; raise MednerError if a file cannot be read."""
    name = source.file_name.removesuffix(source.suffix)
    if source.suffix != ".con":
        raise MednerError(f"{source.name}: is no .con file: name the files of concepts, or their folder")
    text_file = _beside(source, f"{name}.txt", ("txt", "docs", "text"))
    if text_file is None:
        message = f"there is no {name}.txt beside it or in a folder 'txt': note left out"
        yield Problem(source.name, None, name, ProblemKind.NO_TEXT, message)
        return
    text = text_file.text()
    draft = Draft(source.name, source.stem.rpartition("/")[2] or name, text)
    words = [
        [(start + match.start(), start + match.end()) for match in _WORD.finditer(line)]
        for start, line in _lines(text)
    ]
    said = _assertions(_beside(source, f"{name}.ast", ("ast", "assertion")))
    at: dict[str, str] = {}
    for number, line in numbered_lines(source.text()):
        match = _CONCEPT.fullmatch(line.strip())
        if match is None:
            if line.strip():
                yield _problem(source, number, name, ProblemKind.MALFORMED, "not a concept of i2b2")
            continue
        place = f"{match[2]}:{match[3]} {match[4]}:{match[5]}"
        span = _span(words, *(int(match[n]) for n in (2, 3, 4, 5)))
        if span is None or _plain(text[span[0] : span[1]]) != _plain(match[1]):
            what = f"the words at {place} are not the concept"
            yield _problem(source, number, name, ProblemKind.OFFSET_MISMATCH, what)
            continue
        key = f"T{len(draft.mentions) + 1}"
        at.setdefault(place, key)
        attributes = (("assertion", said[place]),) if place in said else ()
        there = text[span[0] : span[1]]
        draft.mentions.append(MentionClaim(key, match[6], (span,), there, line=number, attributes=attributes))
    relations = _beside(source, f"{name}.rel", ("rel",))
    if relations is not None:
        for number, line in numbered_lines(relations.text()):
            match = _RELATION.fullmatch(line.strip())
            if match is not None:
                ends = at.get(match[1], ""), at.get(match[3], "")
                draft.relations.append(RelationClaim(match[2], *ends, number))
            elif line.strip():
                yield _problem(relations, number, name, ProblemKind.MALFORMED, "not a relation of i2b2")
    yield draft


def _beside(source: Source, file_name: str, folders: Sequence[str]) -> Source | None:
    places = (file_name, *(f"../{folder}/{file_name}" for folder in folders))
    return next((found for place in places if (found := source.beside(place)) is not None), None)


def _assertions(source: Source | None) -> dict[str, str]:
    """Return place → assertion; lines of another form are left to the file of concepts."""
    lines = numbered_lines(source.text()) if source is not None else ()
    found = (_ASSERTION.fullmatch(line.strip()) for _, line in lines)
    return {match[1]: match[2] for match in found if match is not None}


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _span(
    words: Sequence[Sequence[tuple[int, int]]], line: int, first: int, last_line: int, last: int
) -> tuple[int, int] | None:
    for number, word in ((line, first), (last_line, last)):
        if not 1 <= number <= len(words) or word >= len(words[number - 1]):
            return None
    start, end = words[line - 1][first][0], words[last_line - 1][last][1]
    return (start, end) if start < end else None


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _problem(source: Source, line: int, doc_id: str, kind: ProblemKind, what: str) -> Problem:
    return Problem(source.name, line, doc_id, kind, f"{what}: left out")
