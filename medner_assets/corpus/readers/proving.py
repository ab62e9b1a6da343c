"""The short way of a draft that is sound as its file has it, which is most of most files."""

from dataclasses import fields, make_dataclass

from medner_assets.corpus.readers.drafts import Draft
from medner_assets.schema import Document, Entity, Level, Relation

_Open = make_dataclass("_Open", [(each.name, each.type) for each in fields(Entity)], slots=True)
"""The fields of an Entity, not frozen. A frozen class is filled through `object.__setattr__`, field by field,
which is a tenth of a large import: mentions are made as this class and then become entities. Python allows
that only where both have the same slots."""


def proved_by(draft: Draft) -> Document | None:
    """Return the document of a draft whose every claim is exactly so in its text, else None.

    A short way for most documents of most files: it must never say what settling would not.
    """
    text, length = draft.text, len(draft.text)
    entities: list[Entity] = []
    concept = draft.level is Level.CONCEPT
    for each in draft.mentions:
        spans, claimed, anchor = each.spans, each.text, each.anchor
        if len(spans) != 1 or each.pieces or not each.type or not claimed:
            return None
        start, end = spans[0]
        start, end = start + anchor, end + anchor
        if not anchor <= start < end <= length or text[start:end] != claimed:
            return None
        made = _Open(each.id, each.type, start, end, claimed, each.concepts, (), each.attributes)
        made.__class__ = Entity
        entities.append(made)
    ids = {each.id for each in entities}
    pairs = {(each.type, each.head, each.tail) for each in draft.relations}
    if len(pairs) < len(draft.relations) or len(ids) < len(entities):
        return None
    known = {name for each in entities for name in each.concepts} if concept else ids
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
