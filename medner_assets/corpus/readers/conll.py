"""Read columns in the style of CoNLL: one token a line, its tag in the last column that has tags.

Rules, with the reason for each:
- A blank line ends a sentence and `-DOCSTART-` begins a document; `# newdoc id = X` does so too and names it.
  In a file with neither, each sentence is a document.
- Columns part at tabs or, in a file without any, at blanks: a no-break or thin space belongs to its token,
  and a tab at the end of a line begins no column. A line that begins with `#` is a comment unless it has a
  tag, like any token.
- The word is the first column, or the second where the first holds the numbers 1, 2, 3 … of CoNLL-U. Where
  neither holds words, `--column` has to say which.
- The text is not in such files. It is made of the tokens: a blank between two (none after `SpaceAfter=No`), a
  line break between sentences, so that offsets are exact for that text, not for the one that was tokenised.
- Tags are IOB1, IOB2, BIOES or BMES (also with L and U, as spaCy writes them). An I that continues nothing
  begins a mention, as in conlleval, and so does every B; no mention crosses a sentence or a document. Tags
  without a type (B, I, O) give mentions of the type `Entity`, which is told.
- A line that cannot be read is left out, and so is a mention that it cuts: its neighbours never join.
- There are no relations. Other columns are not kept.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from medner_assets.corpus.readers.drafts import Draft, MentionClaim
from medner_assets.corpus.readers.settling import EXACT
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError

SUFFIXES = (".conll", ".conllu", ".txt", ".tsv", ".iob", ".iob2", ".bio", ".bioes")
RULES = EXACT
DEFAULT_TYPE = "Entity"

_NAMED = re.compile(r"#\s*newdoc\s+id\s*=\s*(\S.*)")
_TAG = re.compile(r"([BIESLUM])(?:[-_](\S+))?")
_MISC_TAG = re.compile(r"(?:^|\|)(?:NER|NE|Entity)=([BIESLUMO](?:-[^|\s]+)?)(?=\||$)")
_BLANKS = re.compile(" +")
_BEGINS, _ENDS = frozenset("BSU"), frozenset("ESLU")
_HEAD = 200


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """Which columns of a file hold what, from 0. tag: -1 for the last, or that of CoNLL-U's `MISC`."""

    tabs: bool
    word: int
    misc: bool = False


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
    glued: bool = False
    """Whether the next token follows without a blank."""
    spoilt: bool = False
    """Whether the last line was left out, so that a mention that goes on has lost a part."""

    def take(self, token: str, prefix: str, kind: str, line: int) -> bool:
        """Add one token; return False where it goes on a mention that has lost a part.

        prefix: a letter of the scheme; O outside every mention.
        """
        if self.length and not self.parts[-1].endswith("\n") and not self.glued:
            self._add(" ")
        start = self.length
        self._add(token)
        lost = self.spoilt and prefix not in _BEGINS and prefix != "O"
        goes_on = self.open and prefix not in _BEGINS and self.mentions[-1][2] == kind
        if prefix != "O" and not lost:
            if goes_on:
                first, _, _, at = self.mentions.pop()
                self.mentions.append((first, self.length, kind, at))
            else:
                self.mentions.append((start, self.length, kind, line))
        self.open = prefix != "O" and prefix not in _ENDS and not lost
        self.spoilt = lost and prefix not in _ENDS
        return not lost

    def spoil(self) -> bool:
        """Take note of a line that is left out; return whether the mention before it is left out too."""
        cut = self.open
        if cut:
            self.mentions.pop()
        self.open, self.spoilt = False, True
        return cut

    def end_sentence(self) -> None:
        """Begin a new line of the text."""
        if self.length and not self.parts[-1].endswith("\n"):
            self._add("\n")
        self.open = self.glued = self.spoilt = False

    def draft(self, file: str, name: str) -> Draft:
        """Return what was taken, verified once more when it is settled."""
        text = "".join(self.parts).rstrip("\n")
        mentions = [
            MentionClaim(f"T{n}", kind, ((start, end),), text[start:end], line=line)
            for n, (start, end, kind, line) in enumerate(self.mentions, start=1)
        ]
        return Draft(file, name, text, self.line, mentions, own_id=self.name is not None)

    def _add(self, piece: str) -> None:
        self.parts.append(piece)
        self.length += len(piece)


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of a file of columns and what is none.

    Raise MednerError where no column holds words, and `--column` has to say which one does.
    """
    source = source.rewindable()
    layout, marked = _layout(source, options)
    number = 0
    for found in _documents(source, layout, marked):
        if isinstance(found, Problem):
            yield found
        else:
            number += 1
            yield found.draft(source.name, found.name or f"{source.stem}-{number}")


def _layout(source: Source, options: Options) -> tuple[ColumnLayout, bool]:
    """Return the layout that the first lines of a file show, and whether it marks its documents."""
    marked, tabs = False, False
    head: list[str] = []
    for _, line in source.each_line():
        marked = marked or _begins(line)
        if len(head) < _HEAD:
            if (
                line.strip()
                and not _begins(line)
                and not (
                    line.startswith("#")
                    and "\t" not in line
                    and _tag(_BLANKS.split(line.strip(" "))[-1]) is None
                )
            ):
                tabs = tabs or "\t" in line.rstrip("\t ")
                head.append(line)
        elif marked:
            break
    rows = [_columns(line, tabs) for line in head]
    rows = [row for row in rows if len(row) > 1]
    misc = bool(rows) and all(len(row) == 10 for row in rows) and not any(_tag(row[-1]) for row in rows)
    if options.column is not None:
        if any(len(row) < options.column for row in rows) or options.column < 1:
            raise MednerError(f"{source.name}: has no column {options.column}: count its columns from 1")
        return ColumnLayout(tabs, options.column - 1, misc), marked
    word = 0
    if rows and all(_is_index(row[0]) for row in rows) and all(len(row) > 2 for row in rows):
        word = 1
        if all(_is_index(row[1]) for row in rows):
            raise MednerError(
                f"{source.name}: the first columns hold numbers, not words: say which one does (--column 3)"
            )
    elif len(rows) > 3 and all(row[0].replace(".", "").isdigit() for row in rows):
        raise MednerError(
            f"{source.name}: the first column holds numbers, not words: say which one does (--column 2)"
        )
    return ColumnLayout(tabs, word, misc), marked


def _is_index(column: str) -> bool:
    """Return whether a column is a token's number, as in CoNLL-U (also `3-4` of a contraction)."""
    return re.fullmatch(r"[0-9]+(?:[-.][0-9]+)?", column) is not None


def _columns(line: str, tabs: bool) -> list[str]:
    """Return the columns of a line; blanks and tabs at its end begin none."""
    line = line.rstrip(" \t\r\n")
    return [each.strip(" ") for each in line.split("\t")] if tabs else _BLANKS.split(line.lstrip(" "))


def _documents(source: Source, layout: ColumnLayout, marked: bool) -> Iterator[_Building | Problem]:
    current: _Building | None = None
    typeless, word_told = 0, layout.word != 0
    contraction = 0
    number = 0
    for number, line in source.each_line():
        if _begins(line):
            if current is not None and current.length:
                yield current
            named = _NAMED.match(line)
            current = _Building(number, named[1].strip() if named else None)
            continue
        if not line.strip(" \t"):
            if current is not None:
                current.end_sentence()
                if not marked:
                    if current.length:
                        yield current
                    current = None
            contraction = 0
            continue
        columns = _columns(line, layout.tabs)
        token = _token(columns, layout)
        if token is None:
            if line.startswith("#") and _tag(columns[-1]) is None:
                continue
            if layout.word == 1 and "." in columns[0]:
                continue  # an empty node of CoNLL-U, which is no word
            message = "not a token with a tag of IOB, BIOES or BMES: line left out"
            yield Problem(source.name, number, None, ProblemKind.MALFORMED, message)
            current = current or _Building(number, None)
            if current.spoil():
                message = "a mention that the line before belongs to: left out"
                yield Problem(source.name, number, None, ProblemKind.MALFORMED, message)
            continue
        if layout.word == 1 and "-" in columns[0]:
            # A contraction stands before its parts: its word is in the text, its parts are not words.
            contraction = int(columns[0].partition("-")[2])
        elif contraction and columns[0].isdigit():
            if int(columns[0]) <= contraction:
                continue
            contraction = 0
        current = current or _Building(number, None)
        word, prefix, kind = token
        typeless += prefix != "O" and not kind
        if not current.take(word, prefix, kind or (DEFAULT_TYPE if prefix != "O" else ""), number):
            message = "goes on a mention of which a line was left out: no mention"
            yield Problem(source.name, number, None, ProblemKind.MALFORMED, message)
        current.glued = layout.word == 1 and len(columns) == 10 and "SpaceAfter=No" in columns[9]
    if current is not None and current.length:
        yield current
    if word_told:
        message = f"column {layout.word + 1} holds the words"
        yield Problem(source.name, None, None, ProblemKind.READ_AS, message)
    if typeless:
        message = f"{typeless} tags have no type: their mentions are of the type {DEFAULT_TYPE}"
        yield Problem(source.name, None, None, ProblemKind.READ_AS, message)


def _begins(line: str) -> bool:
    return line.startswith("-DOCSTART-") or _NAMED.match(line) is not None


def _tag(column: str) -> tuple[str, str] | None:
    """Return (prefix, type) of a tag; None if it is none. The type of O is empty."""
    if column == "O":
        return "O", ""
    match = _TAG.fullmatch(column)
    return (match[1].replace("M", "I"), match[2] or "") if match else None


def _token(columns: Sequence[str], layout: ColumnLayout) -> tuple[str, str, str] | None:
    """Return (token, prefix, type) of a line; None if it is none."""
    if len(columns) <= max(1, layout.word):
        return None
    tag = _tag(columns[-1])
    if tag is None and layout.misc:
        match = _MISC_TAG.search(columns[-1])
        tag = _tag(match[1]) if match else ("O", "")
    word = columns[layout.word]
    if tag is None or not word.strip():
        return None
    return word, *tag
