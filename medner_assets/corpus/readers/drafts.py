"""Drafts: what a file claims, before offsets and references are verified, and their verification."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.corpus.tolerance import AS_WRITTEN, Convention, looks_whole, places, seen, seen_position
from medner_assets.corpus.tolerance import stands as stands_there
from medner_assets.corpus.validation import covers
from medner_assets.schema import Attributes, Document, Entity, Level, Relation

Span = tuple[int, int]


@dataclass(slots=True)
class MentionClaim:
    """One mention as the file states it.

    spans: (start, end) of each piece, in the file's unit, counted from `anchor`; empty where the source has
    none.
    text: None where the tool does not repeat the mention.
    anchor: code-point index in the document's text of the passage that the spans are relative to.
    base: what the file's own offsets are more than `spans`, for messages.
    """

    id: str
    type: str
    spans: tuple[Span, ...]
    text: str | None
    concepts: tuple[str, ...] = ()
    line: int | None = None
    anchor: int = 0
    pieces: tuple[Span, ...] = ()
    """Of a mention whose one span covers it: its pieces in code points, as our own formats state them."""
    base: int = 0
    attributes: Attributes = ()


@dataclass(slots=True)
class RelationClaim:
    """One relation as the file states it; `head` and `tail` are entity ids, or concepts at concept level."""

    type: str
    head: str
    tail: str
    line: int | None = None
    attributes: Attributes = ()
    id: str = ""


@dataclass(slots=True)
class Draft:
    """One document as the file states it. An empty `id` asks for one to be made."""

    file: str
    id: str
    text: str
    line: int | None = None
    mentions: list[MentionClaim] = field(default_factory=list)
    relations: list[RelationClaim] = field(default_factory=list)
    level: Level = Level.MENTION
    group: str | None = None
    split: str | None = None
    directed: bool = True
    own_id: bool = True
    """False: medner made the id, and may make another where this one is taken."""
    proved: Document | None = None
    """The document itself where it is sound as the file has it, offsets as characters; no claims then."""


@dataclass(slots=True)
class Placing:
    """How the mentions of a draft stand in its text under one convention.

    spans: of each mention its pieces as code points of `text`; None where it has no place.
    good: how many mentions stand where they claim to (or, where the tool does not repeat them, look whole).
    altered: how many of those differ from the text in white space.
    cut: how many of those that the tool does not repeat do not look whole.
    """

    convention: Convention
    text: str
    spans: list[tuple[Span, ...] | None]
    good: int
    altered: int
    cut: int = 0

    @property
    def proved(self) -> bool:
        """Whether every mention stands where it claims to."""
        return self.good == len(self.spans)


def placing(draft: Draft, convention: Convention) -> Placing:
    """Return how the mentions of `draft` stand under `convention`."""
    as_written = convention is AS_WRITTEN or convention == AS_WRITTEN
    text = draft.text if as_written else seen(draft.text, convention)
    unit, good, altered, cut = convention.unit, 0, 0, 0
    found: list[tuple[Span, ...] | None] = []
    simple = unit is OffsetUnit.CODE_POINTS or text.isascii()
    length = len(text)
    for mention in draft.mentions:
        anchor = mention.anchor
        if anchor and not as_written:
            anchor = seen_position(draft.text, anchor, convention)
        spans, claimed = mention.spans, mention.text
        if simple and len(spans) == 1 and claimed is not None:  # by far the most: no detours
            start, end = spans[0][0] + anchor, spans[0][1] + anchor
            if anchor <= start < end <= length and text[start:end] == claimed:
                found.append(((start, end),))
                good += 1
                continue
        if not spans:
            found.append(())
            good += 1
            continue
        here = places(text, spans, unit, anchor)
        if here is not None and claimed is not None and not stands_there(text, here, claimed):
            here = None
        if here is not None and claimed is None:
            start, end = min(each[0] for each in here), max(each[1] for each in here)
            if not text[start:end].strip():
                here = None
            else:
                whole = looks_whole(text, start, end)
                good, cut = good + whole, cut + (not whole)
        elif here is not None:
            good += 1
            altered += len(here) == 1 and text[here[0][0] : here[0][1]] != claimed
        found.append(here)
    return Placing(convention, text, found, good, altered, cut)


def settled_draft(
    draft: Draft, placed: Placing, ambiguous: frozenset[int] = frozenset()
) -> tuple[Document, list[Problem]]:
    """Return the document that a draft proves, and a problem for each claim that is left out.

    ambiguous: positions of mentions that stand elsewhere under a convention that is just as likely.
    """
    problems: list[Problem] = []
    entities = _entities(draft, placed, ambiguous, problems)
    relations = _relations(draft, entities, problems)
    document = Document(
        draft.id,
        placed.text,
        entities,
        relations,
        draft.group,
        draft.split,
        draft.directed,
        draft.level,
    )
    return document, problems


def _entities(
    draft: Draft, placed: Placing, ambiguous: frozenset[int], problems: list[Problem]
) -> tuple[Entity, ...]:
    kept: dict[str, Entity] = {}
    text = placed.text
    for position, (mention, spans) in enumerate(zip(draft.mentions, placed.spans, strict=True)):
        wrong = _mention_problem(mention, kept, spans, position in ambiguous)
        if wrong is not None:
            kind, reason = wrong
            problems.append(left_out(draft, mention.line, kind, f"mention {mention.id}: {reason}"))
            continue
        if not spans:
            claimed = mention.text or ""
            kept[mention.id] = Entity(
                mention.id, mention.type, None, None, claimed, mention.concepts, (), mention.attributes
            )
            continue
        start, end, pieces = spans[0][0], spans[-1][1], mention.pieces
        if len(spans) > 1:
            start, end = min(each[0] for each in spans), max(each[1] for each in spans)
            if not _touching(text, spans):
                pieces = spans
                message = (
                    f"mention {mention.id}: in {len(spans)} pieces, which are kept: "
                    f"counts as the span {start} to {end}"
                )
                problems.append(
                    Problem(draft.file, mention.line, draft.id, ProblemKind.DISCONTINUOUS, message)
                )
        kept[mention.id] = Entity(
            mention.id, mention.type, start, end, text[start:end], mention.concepts, pieces,
            mention.attributes,
        )  # fmt: skip
    return tuple(kept.values())


def _touching(text: str, spans: tuple[Span, ...]) -> bool:
    """Return whether only white space parts the pieces, in their order: the mention is in one piece."""
    return all(
        first[1] <= second[0] and not text[first[1] : second[0]].strip() for first, second in pairwise(spans)
    )


def _mention_problem(
    mention: MentionClaim, kept: Mapping[str, Entity], spans: tuple[Span, ...] | None, ambiguous: bool
) -> tuple[ProblemKind, str] | None:
    if mention.id in kept:
        return ProblemKind.DUPLICATE_ID, "the id is taken"
    if not mention.type:
        return ProblemKind.MALFORMED, "has no type"
    if mention.text == "" or (mention.text is None and not mention.spans):
        return ProblemKind.MALFORMED, "has no text"
    if spans is None:
        if any(start < 0 or end < 0 for start, end in mention.spans):
            return ProblemKind.MALFORMED, "has no start or no end"
        return ProblemKind.OFFSET_MISMATCH, f"the text at {_where(mention)} is not the mention"
    if ambiguous:
        return (
            ProblemKind.AMBIGUOUS_OFFSET,
            f"{_where(mention)} is another place by another unit or line end, and nothing decides",
        )
    if mention.pieces and not (len(spans) == 1 and covers(*spans[0], mention.pieces)):
        return ProblemKind.OFFSET_MISMATCH, "its pieces do not lie in its span"
    return None


def _where(mention: MentionClaim) -> str:
    return ", ".join(f"{start + mention.base} to {end + mention.base}" for start, end in mention.spans)


def _relations(draft: Draft, entities: tuple[Entity, ...], problems: list[Problem]) -> tuple[Relation, ...]:
    if not draft.relations:
        return ()
    concept = draft.level is Level.CONCEPT
    known = {each for entity in entities for each in (entity.concepts if concept else (entity.id,))}
    kept: dict[tuple[str, str, str], Relation] = {}
    for position, claim in enumerate(draft.relations):
        # An argument is not quoted: in a line of another form it may be words of the text.
        unknown = [side for side in ("head", "tail") if getattr(claim, side) not in known]
        key = (claim.type, claim.head, claim.tail)
        kind, reason = None, ""
        if unknown:
            kind = ProblemKind.UNKNOWN_ARGUMENT
            what = "concept" if concept else "mention"
            reason = (
                f"its {unknown[0]} is no {what} of the document"
                if len(unknown) == 1
                else f"its head and tail are no {what}s of the document"
            )
        elif not claim.type:
            kind, reason = ProblemKind.MALFORMED, "has no type"
        elif key in kept:
            kind, reason = ProblemKind.DUPLICATE_ANNOTATION, "stands earlier in the document"
        if kind is not None:
            name = claim.id or str(position)
            problems.append(left_out(draft, claim.line, kind, f"relation {name}: {reason}"))
        elif concept:
            kept[key] = Relation(
                claim.type, head_concept=claim.head, tail_concept=claim.tail, attributes=claim.attributes
            )
        else:
            kept[key] = Relation(claim.type, claim.head, claim.tail, attributes=claim.attributes)
    return tuple(kept.values())


def left_out(draft: Draft, line: int | None, kind: ProblemKind, what: str) -> Problem:
    """Return the problem of a claim that is left out."""
    return Problem(draft.file, line, draft.id, kind, f"{what}: left out")
