"""Small documents written for the audit's tests."""

from medner_assets.schema import Document, Entity, Level, Relation

_SIGNS = {"D": "Drug", "C": "Condition", "S": "Symptom"}


def note(
    text: str,
    *relations: tuple[str, str, str],
    doc_id: str | None = None,
    group: str | None = None,
    split: str | None = None,
    directed: bool = True,
) -> Document:
    """A document whose entities are written in the text as `D:aspirin` (one word each) and lose their sign.

    relations: (head, type, tail) by the entity's word; a word that occurs twice means its first mention.
    """
    words, entities, ids = [], [], {}
    position = 0
    for written in text.split(" "):
        sign, _, rest = written.partition(":")
        word = rest if sign in _SIGNS and rest else written
        if word is rest and rest:
            name = rest.rstrip(".,;")
            entities.append(
                Entity(f"T{len(entities) + 1}", _SIGNS[sign], position, position + len(name), name)
            )
            ids.setdefault(name, entities[-1].id)
        words.append(word)
        position += len(word) + 1
    return Document(
        doc_id or f"note {text}",
        " ".join(words),
        tuple(entities),
        tuple(Relation(kind, ids[head], ids[tail]) for head, kind, tail in relations),
        group=group,
        split=split,
        directed=directed,
    )


def abstract(
    text: str, mentions: list[tuple[str, str, tuple[str, ...]]], *relations: tuple[str, str, str]
) -> Document:
    """A document at concept level. mentions: (string, type, concepts), in text order."""
    entities = []
    position = 0
    for string, kind, concepts in mentions:
        position = text.index(string, position)
        entities.append(
            Entity(f"T{len(entities) + 1}", kind, position, position + len(string), string, concepts)
        )
        position += len(string)
    return Document(
        f"abstract {text}",
        text,
        tuple(entities),
        tuple(Relation(kind, head_concept=head, tail_concept=tail) for head, kind, tail in relations),
        level=Level.CONCEPT,
    )
