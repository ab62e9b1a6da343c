"""The short way of a draft that is sound as its file has it, which is most of most files."""

from medner_assets.corpus.readers.drafts import Draft
from medner_assets.schema import Document, Entity, Level, Relation


def proved_by(draft: Draft) -> Document | None:
    """Return the document of a draft whose every claim is exactly so in its text, else None.

    A short way for most documents of most files: it must never say what settling would not.
    """
    text, length = draft.text, len(draft.text)
    entities, known = [], set[str]()
    concept = draft.level is Level.CONCEPT
    for each in draft.mentions:
        spans, claimed, anchor = each.spans, each.text, each.anchor
        if len(spans) != 1 or each.pieces or not each.type or not claimed:
            return None
        start, end = spans[0]
        start, end = start + anchor, end + anchor
        if not anchor <= start < end <= length or text[start:end] != claimed:
            return None
        concepts = each.concepts
        entities.append(Entity(each.id, each.type, start, end, claimed, concepts, (), each.attributes))
        if concept:
            known.update(concepts)
        else:
            known.add(each.id)
    pairs = {(each.type, each.head, each.tail) for each in draft.relations}
    if len(pairs) < len(draft.relations) or len({each.id for each in entities}) < len(entities):
        return None
    if not all(kind and head in known and tail in known for kind, head, tail in pairs):
        return None
    relations = tuple(
        Relation(each.type, head_concept=each.head, tail_concept=each.tail, attributes=each.attributes)
        if concept
        else Relation(each.type, each.head, each.tail, attributes=each.attributes)
        for each in draft.relations
    )
    return Document(
        draft.id, text, tuple(entities), relations, draft.group, draft.split, draft.directed, draft.level
    )
