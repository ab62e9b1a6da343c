"""Read columns in the style of CoNLL-2003: one token a line, its tag in the last column.

Rules, with the reason for each:
- A blank line ends a sentence and `-DOCSTART-` begins a document; `# newdoc id = X` does so too and names it.
  In a file with neither, each sentence is a document.
- The text is not in such files. It is made of the tokens: a blank between two, a line break between
  sentences, so that offsets are exact for that text and not for the one that was tokenised.
- Tags are IOB1, IOB2 or BIOES (also with L and U, as spaCy writes them). An I that continues nothing begins
  a mention, as in conlleval, and so does every B; no mention crosses a sentence or a document.
- There are no relations. Other columns than the first and the last are not kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, settled
from medner_assets.corpus.readers.files import numbered_lines, read_text
from medner_assets.corpus.reading import Problem, ProblemKind, Reading, in_file_order

_NAMED = re.compile(r"#\s*newdoc\s+id\s*=\s*(\S.*)")
_TAG = re.compile(r"([BIESLU])-(\S+)")
_BEGINS, _ENDS = frozenset("BSU"), frozenset("ESLU")


@dataclass(slots=True)
class _Building:
    """One document as its lines are taken. `parts`: tokens and what stands between them."""

    line: int
    name: str | None
    parts: list[str] = field(default_factory=list)
    length: int = 0
    mentions: list[tuple[int, int, str, int]] = field(default_factory=list)
    """(start, end, type, line)."""
    open: bool = False
    """Whether the last mention can go on."""

    def take(self, token: str, prefix: str, kind: str, line: int) -> None:
        """Add one token. prefix: a letter of the scheme; O outside every mention."""
        if self.length and not self.parts[-1].endswith("\n"):
            self._add(" ")
        start = self.length
        self._add(token)
        goes_on = self.open and prefix not in _BEGINS and self.mentions[-1][2] == kind
        if prefix != "O":
            if goes_on:
                first, _, _, at = self.mentions.pop()
                self.mentions.append((first, self.length, kind, at))
            else:
                self.mentions.append((start, self.length, kind, line))
        self.open = prefix != "O" and prefix not in _ENDS

    def end_sentence(self) -> None:
        """Begin a new line of the text."""
        if self.length and not self.parts[-1].endswith("\n"):
            self._add("\n")
        self.open = False

    def draft(self, file: str, name: str) -> Draft:
        """Return what was taken, verified once more when it is settled."""
        text = "".join(self.parts).rstrip("\n")
        mentions = [
            MentionClaim(f"T{n}", kind, ((start, end),), text[start:end], line=line)
            for n, (start, end, kind, line) in enumerate(self.mentions, start=1)
        ]
        return Draft(file, name, text, self.line, mentions)

    def _add(self, piece: str) -> None:
        self.parts.append(piece)
        self.length += len(piece)


def read_conll(path: Path) -> Reading:
    """Return the documents of a file of columns and what it could not read; raise MednerError."""
    return parse_conll(read_text(path), str(path), path.name.partition(".")[0] or path.name)


def parse_conll(text: str, file: str, stem: str) -> Reading:
    """Return the documents of `text`; never raises. Documents without a name are `stem-1`, `stem-2`, …"""
    problems: list[Problem] = []
    drafts = [
        document.draft(file, document.name or f"{stem}-{number}")
        for number, document in enumerate(_documents(text, file, problems), start=1)
    ]
    reading = settled(drafts, units=(OffsetUnit.CODE_POINTS,))
    return Reading(reading.documents, in_file_order([*problems, *reading.problems]))


def _documents(text: str, file: str, problems: list[Problem]) -> Iterator[_Building]:
    marked = any(_begins(line) for _, line in numbered_lines(text))
    current: _Building | None = None
    for number, line in numbered_lines(text):
        if _begins(line):
            if current is not None and current.length:
                yield current
            named = _NAMED.match(line)
            current = _Building(number, named[1].strip() if named else None)
        elif not line.strip():
            if current is not None:
                current.end_sentence()
                if not marked:
                    yield current
                    current = None
        elif not line.startswith("# "):
            token = _token(line)
            if token is None:
                message = "not a token with a tag of IOB or BIOES in its last column: line left out"
                problems.append(Problem(file, number, None, ProblemKind.MALFORMED, message))
                continue
            current = current or _Building(number, None)
            current.take(*token, number)
    if current is not None and current.length:
        yield current


def _begins(line: str) -> bool:
    return line.startswith("-DOCSTART-") or _NAMED.match(line) is not None


def _token(line: str) -> tuple[str, str, str] | None:
    """Return (token, prefix, type) of a line; None if it is none. The type of O is empty."""
    columns = line.split("\t") if "\t" in line else line.split()
    tag = columns[-1].strip()
    match = _TAG.fullmatch(tag)
    if len(columns) < 2 or not columns[0].strip() or (match is None and tag != "O"):
        return None
    return columns[0].strip(), *(match.groups() if match else ("O", ""))  # type: ignore[return-value]
