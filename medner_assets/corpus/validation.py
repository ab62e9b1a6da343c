"""The invariants of `schema.Document`, spelled out. Pure; messages name ids and offsets, no clinical text."""

from collections import Counter
from collections.abc import Sequence

from medner_assets.schema import Document, Entity, Level, Relation


def problems_of(document: Document) -> list[str]:
    """Return what breaks an invariant of `document`, one line each; empty when it is sound.

    Checked: the ids are distinct, each span lies in the text, is not empty and holds exactly the entity's
    text, each relation refers to an entity (at concept level: to a concept of one) of this document.
    """
    found = [f"document {document.id!r}: {message}" for message in _of_entities(document)]
    known = _arguments(document) if document.relations else frozenset[str]()
    for position, relation in enumerate(document.relations):
        found += [
            f"document {document.id!r}: relation {position}: {message}"
            for message in _of_relation(relation, document.level, known)
        ]
    if not document.id:
        found.append("a document has an empty id")
    return found


def _of_entities(document: Document) -> list[str]:
    found: list[str] = []
    text, mentions = document.text, document.level is Level.MENTION
    length, entities = len(text), document.entities
    for each in entities:
        start, end = each.start, each.end
        if (
            start is None
            or end is None
            or not 0 <= start < end <= length
            or text[start:end] != each.text
            or not each.type
            or each.pieces
            or (mentions and each.concepts)
        ):
            break
    else:  # by far the most: nothing to be spelled out
        if len({each.id for each in entities}) == len(entities):
            return found
    repeated = [key for key, count in Counter(entity.id for entity in document.entities).items() if count > 1]
    found += [f"entity id {key!r} occurs more than once" for key in repeated]
    for entity in document.entities:
        wrong = _span_problem(entity, document.text)
        if wrong:
            found.append(f"entity {entity.id!r}: {wrong}")
        if not entity.type:
            found.append(f"entity {entity.id!r}: the type is empty")
        if document.level is Level.MENTION and entity.concepts:
            found.append(f"entity {entity.id!r}: concepts stand at concept level only")
    return found


def _span_problem(entity: Entity, text: str) -> str | None:
    if entity.start is None and entity.end is None:
        return None if entity.text and not entity.pieces else "the mention is empty, or has pieces nowhere"
    if entity.start is None or entity.end is None:
        return "start and end are given both or not at all"
    if not 0 <= entity.start < entity.end <= len(text):
        return f"offsets {entity.start} to {entity.end} are no span of a text of {len(text)} characters"
    if text[entity.start : entity.end] != entity.text:
        return f"the text at {entity.start} to {entity.end} is not the mention"
    if entity.pieces and not covers(entity.start, entity.end, entity.pieces):
        return f"its pieces are not covered by {entity.start} to {entity.end}"
    return None


def covers(start: int, end: int, pieces: Sequence[tuple[int, int]]) -> bool:
    """Return whether start..end is exactly what two or more pieces, none of them empty, span together."""
    return (
        len(pieces) > 1
        and all(first < last for first, last in pieces)
        and (min(first for first, _ in pieces), max(last for _, last in pieces)) == (start, end)
    )


def _arguments(document: Document) -> frozenset[str]:
    if document.level is Level.CONCEPT:
        return frozenset(concept for entity in document.entities for concept in entity.concepts)
    return frozenset(entity.id for entity in document.entities)


def _of_relation(relation: Relation, level: Level, known: frozenset[str]) -> list[str]:
    concept = level is Level.CONCEPT
    used = (relation.head_concept, relation.tail_concept) if concept else (relation.head, relation.tail)
    unused = (relation.head, relation.tail) if concept else (relation.head_concept, relation.tail_concept)
    found = [] if relation.type else ["the type is empty"]
    for side, argument in zip(("head", "tail"), used, strict=True):
        if argument is None:
            found.append(f"the {side} is missing at {level.value} level")
        elif argument not in known:
            found.append(
                f"the {side} {argument!r} is no {'concept' if concept else 'entity'} of the document"
            )
    if unused != (None, None):
        found.append(f"carries arguments of the other level than {level.value}")
    return found
