"""Drafts: what a file claims, before offsets and references are verified, and their verification."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from medner_assets.corpus.offsets import OffsetUnit, code_point_span, same_mention
from medner_assets.corpus.reading import Problem, ProblemKind, Reading
from medner_assets.corpus.validation import covers
from medner_assets.schema import Document, Entity, Level, Relation


@dataclass(slots=True)
class MentionClaim:
    """One mention as the file states it.

    spans: (start, end) of each piece, in the file's unit, counted from `anchor`; empty where the source has
    none.
    anchor: code-point index in the document's text of the passage that the spans are relative to.
    """

    id: str
    type: str
    spans: tuple[tuple[int, int], ...]
    text: str
    concepts: tuple[str, ...] = ()
    line: int | None = None
    anchor: int = 0
    pieces: tuple[tuple[int, int], ...] = ()
    """Of a mention whose one span covers it: its pieces in code points, as our own formats state them."""


@dataclass(slots=True)
class RelationClaim:
    """One relation as the file states it; `head` and `tail` are entity ids, or concepts at concept level."""

    type: str
    head: str
    tail: str
    line: int | None = None


@dataclass(slots=True)
class Draft:
    """One document as the file states it."""

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


def settled(drafts: Sequence[Draft], units: Sequence[OffsetUnit] = tuple(OffsetUnit)) -> Reading:
    """Return the documents that the drafts prove, and a problem for each claim that is left out.

    drafts: of one producer, so that their offsets count one unit: the one of `units` that places the most
    mentions, the first on a tie. Whatever the unit, a mention is kept only where the text is the mention.
    """
    unit = _unit(drafts, units)
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    converted: set[str] = set()
    for draft in drafts:
        if draft.id in documents:
            lost = f"its {len(draft.mentions)} mentions and {len(draft.relations)} relations"
            what = f"a document of this id stands earlier: with {lost}"
            problems.append(_left_out(draft, draft.line, ProblemKind.DUPLICATE_ID, what))
            continue
        if unit is not OffsetUnit.CODE_POINTS and draft.file not in converted and draft.mentions:
            converted.add(draft.file)
            message = f"the offsets count {unit.value}: converted to characters"
            problems.append(Problem(draft.file, draft.line, None, ProblemKind.OFFSET_UNIT, message))
        entities = _entities(draft, unit, problems)
        relations = _relations(draft, entities, problems)
        documents[draft.id] = Document(
            id=draft.id,
            text=draft.text,
            entities=entities,
            relations=relations,
            group=draft.group,
            split=draft.split,
            directed=draft.directed,
            level=draft.level,
        )
    return Reading(tuple(documents.values()), tuple(problems))


def placed(draft: Draft, unit: OffsetUnit) -> int:
    """Return how many mentions of `draft` stand in its text where they claim to, if offsets count `unit`."""
    return sum(_span(draft.text, mention, unit) is not None for mention in draft.mentions if mention.spans)


def _unit(drafts: Sequence[Draft], units: Sequence[OffsetUnit]) -> OffsetUnit:
    first = units[0]
    votes = {first: sum(placed(draft, first) for draft in drafts)}
    if votes[first] < sum(1 for draft in drafts for mention in draft.mentions if mention.spans):
        votes |= {unit: sum(placed(draft, unit) for draft in drafts) for unit in units[1:]}
    return max(votes, key=lambda unit: votes[unit])


def _span(text: str, mention: MentionClaim, unit: OffsetUnit) -> tuple[int, int] | None:
    """Return the code-point span that covers all pieces, if their texts joined by blanks are the mention."""
    body = text[mention.anchor :] if mention.anchor else text
    pieces = [code_point_span(body, start, end, unit) for start, end in mention.spans]
    known = [piece for piece in pieces if piece is not None]
    if not known or len(known) < len(pieces):
        return None
    if not same_mention(" ".join(body[start:end] for start, end in known), mention.text):
        return None
    return min(start for start, _ in known) + mention.anchor, max(end for _, end in known) + mention.anchor


def _entities(draft: Draft, unit: OffsetUnit, problems: list[Problem]) -> tuple[Entity, ...]:
    kept: dict[str, Entity] = {}
    for mention in draft.mentions:
        span = _span(draft.text, mention, unit)
        wrong = _mention_problem(mention, kept, span)
        if wrong is not None:
            kind, reason = wrong
            problems.append(_left_out(draft, mention.line, kind, f"mention {mention.id}: {reason}"))
            continue
        if span is None:
            kept[mention.id] = Entity(mention.id, mention.type, None, None, mention.text, mention.concepts)
            continue
        start, end = span
        text, pieces = draft.text[start:end], mention.pieces
        if len(mention.spans) > 1 and not same_mention(text, mention.text):
            pieces = _pieces(draft.text, mention, unit)
            message = (
                f"mention {mention.id}: in {len(mention.spans)} pieces, which are kept: "
                f"counts as the span {start} to {end}"
            )
            problems.append(Problem(draft.file, mention.line, draft.id, ProblemKind.DISCONTINUOUS, message))
        kept[mention.id] = Entity(mention.id, mention.type, start, end, text, mention.concepts, pieces)
    return tuple(kept.values())


def _pieces(text: str, mention: MentionClaim, unit: OffsetUnit) -> tuple[tuple[int, int], ...]:
    """Return the pieces of a mention that has been placed, in code points of the document's text."""
    body = text[mention.anchor :] if mention.anchor else text
    found = (code_point_span(body, start, end, unit) for start, end in mention.spans)
    return tuple((each[0] + mention.anchor, each[1] + mention.anchor) for each in found if each is not None)


def _mention_problem(
    mention: MentionClaim, kept: Mapping[str, Entity], span: tuple[int, int] | None
) -> tuple[ProblemKind, str] | None:
    if mention.id in kept:
        return ProblemKind.DUPLICATE_ID, "the id is taken"
    if not mention.type or not mention.text:
        return ProblemKind.MALFORMED, "has no type or no text"
    if mention.spans and span is None:
        where = ", ".join(f"{start} to {end}" for start, end in mention.spans)
        return ProblemKind.OFFSET_MISMATCH, f"the text at {where} is not the mention"
    if mention.pieces and not (span is not None and covers(*span, mention.pieces)):
        return ProblemKind.OFFSET_MISMATCH, "its pieces do not lie in its span"
    return None


def _relations(draft: Draft, entities: Sequence[Entity], problems: list[Problem]) -> tuple[Relation, ...]:
    concept = draft.level is Level.CONCEPT
    known = {each for entity in entities for each in (entity.concepts if concept else (entity.id,))}
    kept: dict[Relation, None] = {}
    for position, claim in enumerate(draft.relations):
        # An argument is not quoted: in a line of another form it may be words of the text.
        unknown = [side for side in ("head", "tail") if getattr(claim, side) not in known]
        relation = (
            Relation(claim.type, head_concept=claim.head, tail_concept=claim.tail)
            if concept
            else Relation(claim.type, head=claim.head, tail=claim.tail)
        )
        kind, reason = None, ""
        if unknown:
            kind = ProblemKind.UNKNOWN_ARGUMENT
            reason = (
                f"its {' and '.join(unknown)} is no {'concept' if concept else 'mention'} of the document"
            )
        elif not claim.type:
            kind, reason = ProblemKind.MALFORMED, "has no type"
        elif relation in kept:
            kind, reason = ProblemKind.DUPLICATE_ANNOTATION, "stands earlier in the document"
        if kind is None:
            kept[relation] = None
        else:
            problems.append(_left_out(draft, claim.line, kind, f"relation {position}: {reason}"))
    return tuple(kept)


def _left_out(draft: Draft, line: int | None, kind: ProblemKind, what: str) -> Problem:
    return Problem(draft.file, line, draft.id, kind, f"{what}: left out")
