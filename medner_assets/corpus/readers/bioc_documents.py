"""Turn BioC documents, as the `bioc` package reads them, into drafts. Shared by the XML and the JSON reader.

Rules, with the reason for each:
- The text is that of the passages (or of their sentences, where passages have none), in order. Between two
  stands one blank, or nothing where the source's offsets leave no room for one; this gives the same text as
  PubTator's.
- Offsets are read relative to their passage, so that wide gaps between passages and offsets in bytes still
  place.
- Mentions keep their ids; where those are missing, or repeat and no relation needs them, they are numbered
  "0", "1", …. Numbers serve as ids. Documents without an id are numbered after the file.
- Concepts stand in the infon `identifier` or, by other tools, under the name of the vocabulary
  (`bioc_level.CONCEPTS`), as text, number or list.
- A relation whose infons name its two concepts holds between them: `entity1` and `entity2` (BioRED), `role1`
  and `role2` with their `identifier` (PubTator 3), or the types of both (BC5CDR). A relation with two nodes
  holds between mentions: the first is the head unless the roles say otherwise. One file is at one level:
  concepts if any relation names concepts, or if there is no relation and some mention has an identifier.
- Infons that say something of a mention or relation (`_SAID`: negation, certainty, …) are its attributes;
  others are not kept, which is told once a file.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from medner_assets.corpus.readers.bioc_level import CONCEPTS
from medner_assets.corpus.readers.bioc_segments import Segments
from medner_assets.corpus.readers.concepts import split_concepts
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.json_records import identifier
from medner_assets.corpus.readers.sources import Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.schema import Attributes, Level

_TAIL_ROLES = frozenset(("arg2", "tail", "object", "target"))
_SAID = re.compile(
    r"negat|polarity|certain|specul|modality|hedg|experiencer|subject|tempor|time|doctimerel|status|assertion|"
    r"condition|hypothe|histor|severity|generic",
    re.IGNORECASE,
)
_NO_ARGUMENTS = frozenset(("type", "relation", "relation type", "score", "novelty", "novel", "note"))
LineOf = Callable[[str, str], int | None]
"""(element: "annotation" or "relation", id) → line of the file, where the format has lines."""


@dataclass(frozen=True, slots=True)
class LocatedDocument:
    """One document as `bioc` read it (a `BioCDocument`), with the lines it came from."""

    document: Any
    line: int | None
    line_of: LineOf


class Drafting:
    """Makes the drafts of one file, and counts what it does not keep."""

    def __init__(self, source: Source, level: Level) -> None:
        self.source, self.level = source, level
        self.problems: list[Problem] = []
        self.lists = 0
        self.not_kept: Counter[str] = Counter()
        self._number = 0

    def take(self, read: LocatedDocument) -> Iterator[Draft | Problem]:
        """Yield the draft of a document, and what of it has no place."""
        self._number += 1
        draft = _Builder(read, self, f"{self.source.stem}-{self._number}").draft()
        problems, self.problems = self.problems, []
        yield from problems
        if draft is not None:
            yield draft

    def finish(self) -> Iterator[Problem]:
        """Yield what is told once a file."""
        name = self.source.name
        if self.lists:
            message = f"concept ids stand in a list in {self.lists} mentions: each is one"
            yield Problem(name, None, None, ProblemKind.READ_AS, message)
        for what, count in self.not_kept.most_common():
            yield Problem(name, None, None, ProblemKind.NOT_KEPT, f"{what} of {count}: not kept")


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


def _said(infons: Mapping[str, Any]) -> Attributes:
    return tuple(
        sorted(
            (key, str(value).strip())
            for key, value in infons.items()
            if key not in CONCEPTS
            and _SAID.search(key)
            and isinstance(value, (str, int, float))
            and value != ""
        )
    )


def _is_offset(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12


class _Builder:
    """Builds one draft; what has no place goes to the problems of its `Drafting`."""

    def __init__(self, read: LocatedDocument, drafting: Drafting, made_id: str) -> None:
        self.read = read
        self.document = read.document
        self.drafting = drafting
        self.level = drafting.level
        self.own_id = identifier(self.document.id).strip()
        self.id = self.own_id or made_id

    def draft(self) -> Draft | None:
        """Return the draft, or None if the document has no text with offsets."""
        segments = self._segments()
        if segments is None:
            what = "a document without passage, or a passage without offset"
            self._report(self.read.line, ProblemKind.MALFORMED, what)
            return None
        relations = [
            claim
            for number, each in enumerate(_relations(self.document))
            if (claim := self._relation(each, number))
        ]
        named = {argument for claim in relations for argument in (claim.head, claim.tail)}
        mentions = self._mentions(segments, named)
        return Draft(
            self.drafting.source.name, self.id, segments.text, self.read.line, mentions, relations,
            level=self.level, own_id=bool(self.own_id),
        )  # fmt: skip

    def _segments(self) -> Segments | None:
        segments = Segments()
        for passage in self.document.passages:
            for part in _pieces(passage):
                # An empty element is read as no text by one of the two formats.
                text = "" if part.text is None else part.text
                if not _is_offset(part.offset) or not isinstance(text, str):
                    return None
                segments.add(part.offset, text)
        return segments if segments.offsets else None

    def _mentions(self, segments: Segments, named: set[str]) -> list[MentionClaim]:
        annotations = list(_annotations(self.document))
        ids = [identifier(annotation.id) for _, annotation in annotations]
        unusable = not all(ids) or len(set(ids)) < len(ids)
        numbered = unusable and (self.level is Level.CONCEPT or not named)
        claims = []
        for number, (position, annotation) in enumerate(annotations):
            key = str(number) if numbered else ids[number]
            line = self.read.line_of("annotation", str(annotation.id))
            if not key:
                self._report(line, ProblemKind.MALFORMED, f"mention {number}: has no id")
                continue
            places = self._locations(annotation)
            if not places:
                self._report(line, ProblemKind.MALFORMED, f"mention {key}: has no location")
                continue
            spans = [(place.offset, place.offset + place.length) for place in places]
            segment = segments.holding(min(start for start, _ in spans), position)
            base = segments.offsets[segment]
            infons = _infons(annotation)
            claims.append(
                MentionClaim(
                    id=key,
                    type=_infon(annotation, "type"),
                    spans=tuple((start - base, end - base) for start, end in spans),
                    text=annotation.text if isinstance(annotation.text, str) else "",
                    concepts=self._concepts(infons, named),
                    line=line,
                    anchor=segments.anchors[segment],
                    base=base,
                    attributes=_said(infons),
                )
            )
            self._count_not_kept(infons, "mentions")
        return claims

    def _concepts(self, infons: Mapping[str, Any], named: set[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for key in CONCEPTS:
            value = infons.get(key)
            if value is None or (found and key == "normalized_id"):
                continue
            several = value if isinstance(value, list) else [value]
            written = [identifier(each) for each in several if identifier(each).strip()]
            if not written:
                continue
            if self.level is Level.MENTION:
                self.drafting.not_kept["concept ids (relations hold between mentions)"] += 1
                return ()
            self.drafting.lists += isinstance(value, list)
            for each in written:
                found |= dict.fromkeys(split_concepts(each, named))
        return tuple(found)

    def _count_not_kept(self, infons: Mapping[str, Any], where: str) -> None:
        for key, value in infons.items():
            if key not in CONCEPTS and key != "type" and not _SAID.search(key) and value not in ("", None):
                self.drafting.not_kept[f"the infon {key[:40]!r} of {where}"] += 1

    def _locations(self, annotation: Any) -> list[Any]:
        sound = all(_is_offset(place.offset) and _is_offset(place.length) for place in annotation.locations)
        return list(annotation.locations) if sound else []

    def _relation(self, relation: Any, number: int) -> RelationClaim | None:
        key = identifier(relation.id) or str(number)
        line = self.read.line_of("relation", str(relation.id))
        infons = _infons(relation)
        kind = _infon(relation, "type") or _infon(relation, "relation") or _infon(relation, "relation type")
        said = _said(infons)
        if self.level is Level.CONCEPT:
            ends = _named_concepts(infons)
            if len(ends) == 2:
                return RelationClaim(kind, ends[0], ends[1], line, said, key)
            self._report(line, ProblemKind.UNSUPPORTED, f"relation {key}: does not name two concepts")
            return None
        nodes = [(str(node.role).lower(), identifier(node.refid)) for node in relation.nodes]
        if len(nodes) != 2:
            what = f"relation {key}: relates {len(nodes)} mentions, and a relation is between two"
            self._report(line, ProblemKind.UNSUPPORTED, what)
            return None
        if not all(refid for _, refid in nodes):
            self._report(line, ProblemKind.MALFORMED, f"relation {key}: a node does not say which mention")
            return None
        (first_role, head), (second_role, tail) = nodes
        if first_role in _TAIL_ROLES and second_role not in _TAIL_ROLES:
            head, tail = tail, head
        return RelationClaim(kind, head, tail, line, said, key)

    def _report(self, line: int | None, kind: ProblemKind, what: str) -> None:
        self.drafting.problems.append(
            Problem(self.drafting.source.name, line, self.own_id or None, kind, f"{what}: left out")
        )


def _named_concepts(infons: Mapping[str, Any]) -> list[str]:
    """Return the concepts that a relation names; two where it is one between concepts."""
    if "entity1" in infons or "entity2" in infons:
        ends = [infons.get("entity1"), infons.get("entity2")]
    elif "role1" in infons or "role2" in infons:
        roles = [infons.get("role1"), infons.get("role2")]
        ends = [each.get("identifier") if isinstance(each, dict) else each for each in roles]
    else:
        ends = [value for key, value in infons.items() if key.lower() not in _NO_ARGUMENTS]
    return [identifier(each).strip() for each in ends if identifier(each).strip()]
