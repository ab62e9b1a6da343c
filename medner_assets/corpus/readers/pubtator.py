"""Read PubTator: `PMID|t|title`, `PMID|a|abstract`, then mentions and relations in columns between tabs.

Rules, with the reason for each; together they give the published counts of BC5CDR and BioRED exactly:
- The text is title, one blank, abstract: offsets of both corpora run through that blank.
- A mention line has 6 columns, or 5 without concept; BC5CDR's seventh (the parts of a composite mention)
  has no offsets and is not kept. Mentions are numbered "0", "1", … in file order, as the BioC files of
  BioRED number them.
- A relation line is `PMID, type, concept, concept`; BioRED's fifth column (novelty) is not kept. Relations
  hold between concepts, so every document is at concept level. See `concepts.py` for how identifiers are
  split.
- Blank lines separate nothing on their own: a text line of another id begins a document. So files that lack
  them, or have more of them, read the same, and mentions may stand before their text.
- A document with a title and no abstract has the title as its text. The last document is left out when the
  file ends within one of its text lines, since its annotations are then missing.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from medner_assets.corpus.readers.concepts import split_concepts
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim, settled
from medner_assets.corpus.readers.files import UNFINISHED, numbered_lines, read_text, whole_number
from medner_assets.corpus.reading import Problem, ProblemKind, Reading, in_file_order
from medner_assets.schema import Level

_TEXT_LINE = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)


def read_pubtator(path: Path) -> Reading:
    """Return the documents of a PubTator file and what it could not place; raise MednerError."""
    return parse_pubtator(read_text(path), str(path))


def parse_pubtator(text: str, file: str) -> Reading:
    """Return the documents of PubTator `text`; never raises. `file` names it in problems."""
    blocks = _Blocks(file)
    for number, line in numbered_lines(text):
        blocks.take(number, line)
    blocks.finish(ends_within_a_line=bool(text) and not text.endswith("\n"))
    reading = settled([_draft(block, file) for block in blocks.documents])
    return Reading(reading.documents, in_file_order([*blocks.problems, *reading.problems]))


@dataclass(slots=True)
class _Block:
    """The lines of one document, as they stand."""

    id: str
    line: int
    title: str | None = None
    abstract: str | None = None
    mentions: list[tuple[int, list[str]]] = field(default_factory=list)
    relations: list[tuple[int, list[str]]] = field(default_factory=list)
    seen: set[tuple[str, ...]] = field(default_factory=set)


class _Blocks:
    """Gathers lines into documents."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.documents: list[_Block] = []
        self.problems: list[Problem] = []
        self._waiting: list[tuple[int, list[str]]] = []
        self._last: tuple[int, str] | None = None

    def take(self, number: int, line: str) -> None:
        """Add one line to the document it belongs to."""
        if not line.strip():
            return
        self._last = (number, line)
        text_line = _TEXT_LINE.fullmatch(line)
        if text_line:
            self._take_text(number, *text_line.groups())
            return
        columns = line.split("\t")
        if self.documents and columns[0] == self.documents[-1].id:
            self._take_annotation(self.documents[-1], number, columns)
        else:
            self._waiting.append((number, columns))

    def finish(self, *, ends_within_a_line: bool) -> None:
        """Report what is still without a text, and a file that was cut off."""
        self._orphans(self._waiting)
        if not ends_within_a_line or self._last is None:
            return
        number, line = self._last
        if _TEXT_LINE.fullmatch(line):
            cut = self.documents.pop()
            message = f"{UNFINISHED}: document left out with its {len(cut.mentions)} mentions"
            self._report(number, cut.id, ProblemKind.TRUNCATED, message)
        else:
            self._report(number, _plausible_id(line.split("\t")[0]), ProblemKind.TRUNCATED, UNFINISHED)

    def _take_text(self, number: int, doc_id: str, part: str, text: str) -> None:
        current = self.documents[-1] if self.documents else None
        if current is None or current.id != doc_id or (part == "t" and current.title is not None):
            current = _Block(doc_id, number)
            self.documents.append(current)
        if part == "t":
            current.title = text
        elif current.abstract is None:
            current.abstract = text
        else:
            self._report(
                number,
                doc_id,
                ProblemKind.DUPLICATE_ID,
                "the document has an abstract already: line left out",
            )
        waiting, self._waiting = self._waiting, []
        for line, columns in waiting:
            if columns[0] == doc_id:
                self._take_annotation(current, line, columns)
            else:
                self._orphans([(line, columns)])

    def _take_annotation(self, block: _Block, number: int, columns: list[str]) -> None:
        is_mention = len(columns) > 1 and whole_number(columns[1]) is not None
        if is_mention and len(columns) in (5, 6, 7) and whole_number(columns[2]) is not None:
            if tuple(columns) in block.seen:
                message = "the same mention stands earlier in the document: left out"
                self._report(number, block.id, ProblemKind.DUPLICATE_ANNOTATION, message)
                return
            block.seen.add(tuple(columns))
            block.mentions.append((number, columns))
        elif not is_mention and len(columns) >= 4:
            block.relations.append((number, columns))
        else:
            message = f"neither a mention nor a relation ({len(columns)} columns): line left out"
            self._report(number, block.id, ProblemKind.MALFORMED, message)

    def _orphans(self, lines: list[tuple[int, list[str]]]) -> None:
        for number, columns in lines:
            doc_id = _plausible_id(columns[0])
            if len(columns) > 1 and doc_id is not None:
                message = "an annotation of a document whose text is not here: left out"
                self._report(number, doc_id, ProblemKind.NO_TEXT, message)
            else:
                message = "neither a text line nor an annotation: line left out"
                self._report(number, None, ProblemKind.MALFORMED, message)

    def _report(self, line: int, doc_id: str | None, kind: ProblemKind, message: str) -> None:
        self.problems.append(Problem(self.file, line, doc_id, kind, message))


def _plausible_id(column: str) -> str | None:
    """Return the first column of a line if it can be an id; of a stray line it may be words of a text."""
    return column if 0 < len(column) <= 64 and not any(map(str.isspace, column)) else None


def _draft(block: _Block, file: str) -> Draft:
    named = {argument.strip() for _, columns in block.relations for argument in columns[2:4]}
    mentions = [
        MentionClaim(
            id=str(position),
            type=columns[4],
            spans=((int(columns[1]), int(columns[2])),),
            text=columns[3],
            concepts=split_concepts(columns[5], named) if len(columns) > 5 else (),
            line=number,
        )
        for position, (number, columns) in enumerate(block.mentions)
    ]
    relations = [
        RelationClaim(columns[1], columns[2].strip(), columns[3].strip(), number)
        for number, columns in block.relations
    ]
    text = " ".join(part for part in (block.title, block.abstract) if part is not None)
    return Draft(file, block.id, text, block.line, mentions, relations, level=Level.CONCEPT)
