"""Turn BioC documents, as the `bioc` package reads them, into drafts. Shared by the XML and the JSON reader.

Rules, with the reason for each:
- The text is that of the passages (or of their sentences, where passages have none), in order. Between two
  stands one blank, or nothing where the source's offsets leave no room for one; this gives the same text as
  PubTator's.
- Offsets are read relative to their passage, so that wide gaps between passages and offsets in bytes still
  place.
- Mentions keep their ids; where those are missing, or repeat and no relation needs them, they are numbered
  "0", "1", ….
- A relation whose infons name `entity1` and `entity2` holds between concepts (BioRED); the infon
  `identifier` of a mention carries its concepts. A relation with two nodes holds between mentions: the
  first is the head unless the roles say otherwise. One file is at one level: concepts if any relation names
  concepts, or if there is no relation and some mention has an identifier.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from medner_assets.corpus.readers.concepts import split_concepts
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim, settled
from medner_assets.corpus.reading import Problem, ProblemKind, Reading, in_file_order
from medner_assets.schema import Level

_TAIL_ROLES = frozenset(("arg2", "tail", "object", "target"))

LineOf = Callable[[str, str], int | None]
"""(element: "annotation" or "relation", id) → line of the file, where the format has lines."""


@dataclass(frozen=True, slots=True)
class Source:
    """One document as `bioc` read it (a `BioCDocument`), with the lines it came from."""

    document: Any
    line: int | None
    line_of: LineOf


def reading_of(sources: Sequence[Source], file: str, problems: Sequence[Problem]) -> Reading:
    """Return the documents that the sources prove; `problems` are what was met before, in the same file."""
    found = list(problems)
    level = _level([source.document for source in sources])
    drafts = []
    for source in sources:
        draft = _Builder(source, file, level, found).draft()
        if draft is not None:
            drafts.append(draft)
    reading = settled(drafts)
    return Reading(reading.documents, in_file_order([*found, *reading.problems]))


def _level(documents: Sequence[Any]) -> Level:
    relations = [relation for document in documents for relation in _relations(document)]
    if any("entity1" in _infons(relation) for relation in relations):
        return Level.CONCEPT
    if relations:
        return Level.MENTION
    annotated = (annotation for document in documents for _, annotation in _annotations(document))
    return Level.CONCEPT if any("identifier" in _infons(each) for each in annotated) else Level.MENTION


def _pieces(passage: Any) -> list[Any]:
    """Return what holds the passage's text: itself, or its sentences where it has none."""
    return list(passage.sentences) if passage.sentences and not passage.text else [passage]


def _parts(document: Any) -> Iterator[tuple[int, Any]]:
    """Yield (position of the segment of text that it belongs to, part) for each passage and sentence."""
    position = 0
    for passage in document.passages:
        pieces = _pieces(passage)
        yield position, passage
        for number, sentence in enumerate(passage.sentences):
            yield position + (number if len(pieces) > 1 else 0), sentence
        position += len(pieces)


def _annotations(document: Any) -> Iterator[tuple[int, Any]]:
    """Yield (position of the segment that it belongs to, annotation)."""
    for position, part in _parts(document):
        yield from ((position, annotation) for annotation in part.annotations)
    yield from ((0, annotation) for annotation in document.annotations)


def _relations(document: Any) -> list[Any]:
    return [relation for _, part in _parts(document) for relation in part.relations] + list(
        document.relations
    )


def _infons(element: Any) -> dict[str, Any]:
    return element.infons if isinstance(element.infons, dict) else {}


def _infon(element: Any, key: str) -> str:
    value = _infons(element).get(key)
    return value.strip() if isinstance(value, str) else ""


def _is_offset(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12


@dataclass(slots=True)
class _Segments:
    """The pieces of text of one document: where each stands in the source's offsets and in our text."""

    offsets: list[int] = field(default_factory=list)
    anchors: list[int] = field(default_factory=list)
    text: str = ""
    end: int = 0
    ordered: bool = True

    def add(self, offset: int, text: str) -> None:
        """Append a piece; `end` is where the source's offsets stand after it, if they count characters."""
        if self.offsets:
            self.text += " " if offset != self.end else ""
            self.ordered = self.ordered and self.offsets[-1] < offset
        self.offsets.append(offset)
        self.anchors.append(len(self.text))
        self.text += text
        self.end = offset + len(text)

    def holding(self, offset: int, position: int) -> int:
        """Return the last segment that starts before `offset`; `position` where they are unordered."""
        if not self.ordered:
            return position
        return max(0, bisect_right(self.offsets, offset) - 1)


class _Builder:
    """Builds one draft; what has no place goes to `problems`."""

    def __init__(self, source: Source, file: str, level: Level, problems: list[Problem]) -> None:
        self.source = source
        self.document = source.document
        self.file = file
        self.level = level
        self.problems = problems
        self.id = self.document.id if isinstance(self.document.id, str) else ""

    def draft(self) -> Draft | None:
        """Return the draft, or None if the document has no id or no text with offsets."""
        segments = self._segments()
        if not self.id or segments is None:
            what = "a document without id, passage or offset: left out"
            self.problems.append(
                Problem(self.file, self.source.line, self.id or None, ProblemKind.MALFORMED, what)
            )
            return None
        relations = [claim for each in _relations(self.document) if (claim := self._relation(each))]
        named = {argument for claim in relations for argument in (claim.head, claim.tail)}
        mentions = self._mentions(segments, named)
        return Draft(
            self.file, self.id, segments.text, self.source.line, mentions, relations, level=self.level
        )

    def _segments(self) -> _Segments | None:
        segments = _Segments()
        for passage in self.document.passages:
            for part in _pieces(passage):
                # An empty element is read as no text by one of the two formats.
                text = "" if part.text is None else part.text
                if not _is_offset(part.offset) or not isinstance(text, str):
                    return None
                segments.add(part.offset, text)
        return segments if segments.offsets else None

    def _mentions(self, segments: _Segments, named: set[str]) -> list[MentionClaim]:
        annotations = list(_annotations(self.document))
        ids = [annotation.id for _, annotation in annotations]
        usable = all(isinstance(each, str) and each for each in ids)
        if not usable or (self.level is Level.CONCEPT and len(set(ids)) < len(ids)):
            ids = [str(position) for position in range(len(ids))]
        claims = []
        for key, (position, annotation) in zip(ids, annotations, strict=True):
            line = self.source.line_of("annotation", str(annotation.id))
            spans = [(place.offset, place.offset + place.length) for place in self._locations(annotation)]
            if not spans:
                self._report(line, ProblemKind.MALFORMED, f"mention {key}: has no usable location")
                continue
            segment = segments.holding(spans[0][0], position)
            base = segments.offsets[segment]
            concepts: tuple[str, ...] = ()
            if self.level is Level.CONCEPT:
                concepts = split_concepts(_infon(annotation, "identifier"), named)
            claims.append(
                MentionClaim(
                    id=key,
                    type=_infon(annotation, "type"),
                    spans=tuple((start - base, end - base) for start, end in spans),
                    text=annotation.text if isinstance(annotation.text, str) else "",
                    concepts=concepts,
                    line=line,
                    anchor=segments.anchors[segment],
                )
            )
        return claims

    def _locations(self, annotation: Any) -> list[Any]:
        sound = all(_is_offset(place.offset) and _is_offset(place.length) for place in annotation.locations)
        return list(annotation.locations) if sound else []

    def _relation(self, relation: Any) -> RelationClaim | None:
        key = str(relation.id)
        line = self.source.line_of("relation", key)
        kind = _infon(relation, "type")
        if self.level is Level.CONCEPT:
            head, tail = _infon(relation, "entity1"), _infon(relation, "entity2")
            if head and tail:
                return RelationClaim(kind, head, tail, line)
            self._report(line, ProblemKind.UNSUPPORTED, f"relation {key}: does not name two concepts")
            return None
        nodes = [(str(node.role).lower(), node.refid) for node in relation.nodes]
        if len(nodes) != 2 or not all(isinstance(refid, str) and refid for _, refid in nodes):
            self._report(
                line, ProblemKind.UNSUPPORTED, f"relation {key}: has {len(nodes)} nodes instead of two"
            )
            return None
        (first_role, head), (second_role, tail) = nodes
        if first_role in _TAIL_ROLES and second_role not in _TAIL_ROLES:
            head, tail = tail, head
        return RelationClaim(kind, head, tail, line)

    def _report(self, line: int | None, kind: ProblemKind, what: str) -> None:
        self.problems.append(Problem(self.file, line, self.id, kind, f"{what}: left out"))
