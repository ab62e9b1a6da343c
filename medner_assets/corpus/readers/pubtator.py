"""Read PubTator: `PMID|t|title`, `PMID|a|abstract`, then mentions and relations in columns between tabs.

Rules, with the reason for each; together they give the published counts of BC5CDR and BioRED exactly:
- The text is title, one blank, abstract: offsets of both corpora run through that blank. Sections of other
  names (`title`, `abstract`, `body`: tmVar 3) are joined likewise, in their order.
- A mention line has 6 columns, or 5 without concept; a seventh (BC5CDR: parts of a composite mention, tmVar:
  RSID) has no offsets and is not kept, which is told. Mentions are numbered "0", "1", … in file order, as the
  BioC files of BioRED number them.
- A relation line is `PMID, type, concept, concept`; BioRED's fifth column (novelty) is not kept. Relations
  hold between concepts, so every document is at concept level. See `concepts.py` for how identifiers are
  split.
- Blank lines separate nothing on their own: a text line of another id begins a document. So files that lack
  them, or have more of them, read the same, and mentions may stand before their text.
- A document with a title and no abstract has the title as its text. The last document is left out when the
  file ends within one of its text lines, since its annotations are then missing.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from medner_assets.corpus.readers.concepts import split_concepts
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.files import MOST_DIGITS, UNFINISHED, whole_number
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.schema import Level

SUFFIXES = (".txt", ".pubtator", ".tsv")

_SECTION = re.compile(r"[A-Za-z][A-Za-z_]{0,23}")
_BEGINS = ("t", "title")


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of a PubTator file and what is none."""
    blocks = _Blocks(source.name)
    number, line = 0, ""
    with source.lines() as lines:
        for number, line in lines:
            block = blocks.block
            if block is not None and line.startswith(block.prefix):  # most lines of most files
                block.annotations.append((number, line))
                continue
            found = blocks.take(number, line)
            if found:
                yield from found
        yield from blocks.finish((number, line) if lines.unended else None)


@dataclass(slots=True)
class _Block:
    """The lines of one document, as they stand."""

    id: str
    line: int
    prefix: str
    sections: list[tuple[str, str]] = field(default_factory=list)
    annotations: list[tuple[int, str]] = field(default_factory=list)
    """(number, line) of those that begin with `prefix`, until the document is complete."""
    mentions: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    """By the line itself, since one that stands twice counts once: its number, and its five to seven columns,
    of which the second and third are whole numbers."""
    relations: list[tuple[int, list[str]]] = field(default_factory=list)


class _Blocks:
    """Gathers lines into documents; one is held at a time."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.block: _Block | None = None
        self.found: list[Draft | Problem] = []
        self.not_kept: Counter[str] = Counter()
        self.other_sections: dict[str, None] = {}
        self._waiting: list[tuple[int, str]] = []

    def take(self, number: int, line: str) -> list[Draft | Problem] | None:
        """Add a line that is no annotation of the document at hand; return what is complete before it."""
        if not line or line.isspace():
            return None
        if (text_line := _text_line(line)) is not None:
            self._take_text(number, *text_line)
        else:
            self._waiting.append((number, line))
        if not self.found:
            return None
        found, self.found = self.found, []
        return found

    def finish(self, unended: tuple[int, str] | None) -> list[Draft | Problem]:
        """Return the last document, what is still without a text, and what is said of a file cut off.

        unended: (number, line) of the last line if it has no end.
        """
        self._orphans(self._waiting)
        cut = self.block if unended is not None and _text_line(unended[1]) is not None else None
        if cut is not None and unended is not None:
            self.block = None
            self._take_annotations(cut)
            message = f"{UNFINISHED}: document left out with its {len(cut.mentions)} mentions"
            self._report(unended[0], cut.id, ProblemKind.TRUNCATED, message)
        self._complete()
        if unended is not None and cut is None:
            doc_id = _plausible_id(unended[1].split("\t")[0])
            self._report(unended[0], doc_id, ProblemKind.UNENDED, UNFINISHED)
        if self.other_sections:
            message = f"the sections {', '.join(self.other_sections)} are joined, one character between two"
            self._report(None, None, ProblemKind.READ_AS, message)
        for what, count in self.not_kept.items():
            self._report(None, None, ProblemKind.NOT_KEPT, f"{what} of {count} lines: not kept")
        return self.found

    def _complete(self) -> None:
        if self.block is not None:
            self._take_annotations(self.block)
            self.found.append(_draft(self.block, self.file))
            self.block = None

    def _take_text(self, number: int, doc_id: str, section: str, text: str) -> None:
        block = self.block
        known = block is not None and any(section == name for name, _ in block.sections)
        if block is None or block.id != doc_id or (section in _BEGINS and known):
            self._complete()
            block = self.block = _Block(doc_id, number, f"{doc_id}\t")
        elif known and section == "a":
            message = "the document has an abstract already: line left out"
            self._report(number, doc_id, ProblemKind.DUPLICATE_ID, message)
            return
        if section not in ("t", "a"):
            self.other_sections[section] = None
        block.sections.append((section, text))
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if each[1].startswith(block.prefix):
                block.annotations.append(each)
            else:
                self._orphans([each])

    def _take_annotations(self, block: _Block) -> None:
        mentions = block.mentions
        for number, line in block.annotations:
            columns = line.split("\t")
            if len(columns) == 6 and line not in mentions:
                start, end = columns[1], columns[2]  # `whole_number` of both, spelled out: asked of each line
                if (
                    start.isdigit()
                    and end.isdigit()
                    and (start + end).isascii()
                    and len(start) <= MOST_DIGITS
                    and len(end) <= MOST_DIGITS
                ):
                    mentions[line] = number, columns
                    continue
            self._take_annotation(block, number, columns, line)

    def _take_annotation(self, block: _Block, number: int, columns: list[str], line: str) -> None:
        count = len(columns)
        is_mention = whole_number(columns[1]) is not None
        if is_mention and 5 <= count <= 7 and whole_number(columns[2]) is not None:
            if line in block.mentions:
                message = "the same mention stands earlier in the document: left out"
                self._report(number, block.id, ProblemKind.DUPLICATE_ANNOTATION, message)
                return
            block.mentions[line] = number, columns
            if count == 7 and columns[6].strip():
                self.not_kept["the seventh column"] += 1
        elif not is_mention and count >= 4:
            block.relations.append((number, columns))
            if count > 4 and any(map(str.strip, columns[4:])):
                self.not_kept["the fifth column of relations"] += 1
        else:
            message = f"neither a mention nor a relation ({count} columns): line left out"
            self._report(number, block.id, ProblemKind.MALFORMED, message)

    def _orphans(self, lines: list[tuple[int, str]]) -> None:
        for number, line in lines:
            columns = line.split("\t")
            doc_id = _plausible_id(columns[0])
            if len(columns) > 1 and doc_id is not None:
                message = "an annotation of a document whose text is not here: left out"
                self._report(number, doc_id, ProblemKind.NO_TEXT, message)
            else:
                message = "neither a text line nor an annotation: line left out"
                self._report(number, None, ProblemKind.MALFORMED, message)

    def _report(self, line: int | None, doc_id: str | None, kind: ProblemKind, message: str) -> None:
        self.found.append(Problem(self.file, line, doc_id, kind, message))


def _text_line(line: str) -> tuple[str, str, str] | None:
    """Return (id, section, text) of `id|section|text`, else None."""
    doc_id, bar, rest = line.partition("|")
    section, second, text = rest.partition("|")
    if not (doc_id and bar and second) or "\t" in doc_id or _SECTION.fullmatch(section) is None:
        return None
    # Words between bars may be anything: a long name has to be one that begins or goes on a document.
    return (doc_id, section, text) if len(doc_id) <= 64 and not any(map(str.isspace, doc_id)) else None


def _plausible_id(column: str) -> str | None:
    """Return the first column of a line if it can be an id; of a stray line it may be words of a text."""
    return column if 0 < len(column) <= 64 and not any(map(str.isspace, column)) else None


def _draft(block: _Block, file: str) -> Draft:
    named = {argument.strip() for _, columns in block.relations for argument in columns[2:4]}
    mentions = [
        MentionClaim(
            str(position),
            columns[4],
            ((int(columns[1]), int(columns[2])),),
            columns[3],
            split_concepts(columns[5], named) if len(columns) > 5 else (),
            number,
        )
        for position, (number, columns) in enumerate(block.mentions.values())
    ]
    relations = [
        RelationClaim(columns[1], columns[2].strip(), columns[3].strip(), number)
        for number, columns in block.relations
    ]
    text = " ".join(part for _, part in block.sections)
    return Draft(file, block.id, text, block.line, mentions, relations, level=Level.CONCEPT)
