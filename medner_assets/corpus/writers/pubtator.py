"""Documents as PubTator: the text as title, then mentions and relations. Pure."""

import re

from medner_assets.errors import MednerError
from medner_assets.schema import Document, Level

_SEPARATORS = re.compile(r"[\r\n\t]")


def pubtator_block(document: Document) -> str:
    """Return the lines of one document, with the blank line that ends it.

    Line breaks and tabs of the text become blanks, one for one, so that offsets hold. PubTator's relations
    hold between concepts: at mention level each mention is its own concept. Mentions without offsets, and
    relations with an argument that has none, cannot be written and are left out. Raises MednerError for an
    id that has a `|` or a separator.
    """
    if "|" in document.id or _SEPARATORS.search(document.id) or not document.id.strip():
        raise MednerError(f"document {document.id!r}: PubTator cannot hold this id: use another format")
    is_concept = document.level is Level.CONCEPT
    lines, known = [f"{document.id}|t|{_one_line(document.text)}"], set()
    for entity in document.entities:
        if entity.start is None:
            continue
        concepts = entity.concepts if is_concept else (entity.id,)
        known |= set(concepts)
        columns = (
            entity.start,
            entity.end,
            _one_line(entity.text),
            _one_line(entity.type),
            ",".join(concepts),
        )
        lines.append("\t".join([document.id, *map(str, columns)]))
    for relation in document.relations:
        head, tail = (
            (relation.head_concept, relation.tail_concept) if is_concept else (relation.head, relation.tail)
        )
        if head in known and tail in known:
            lines.append(f"{document.id}\t{_one_line(relation.type)}\t{head}\t{tail}")
    return "".join(f"{line}\n" for line in [*lines, ""])


def _one_line(text: str) -> str:
    return _SEPARATORS.sub(" ", text)
