"""Documents as BRAT standoff: a text and its T and R lines. The inverse of `readers/brat.py`. Pure."""

import re
from urllib.parse import quote

from medner_assets.errors import MednerError
from medner_assets.schema import Document, Entity

_LINE_BREAKS = re.compile(r"[\r\n]+")
_LONGEST_NAME = 200


def brat_name(doc_id: str) -> str:
    """Return the file name of a document, without suffix: its id, quoted where it could not be a name.

    Distinct ids give distinct names, and none reaches outside its folder. Raises MednerError for an id so
    long that file systems refuse it.
    """
    name = quote(doc_id, safe=" ")
    name = "%2E" + name[1:] if name.startswith(".") else name
    if len(name) > _LONGEST_NAME:
        raise MednerError(
            f"document {doc_id[:40]!r}…: the id is too long for a file name: use another format"
        )
    return name


def brat_annotations(document: Document) -> str:
    """Return the lines of the document's `.ann` file; its `.txt` file is the text as it is.

    A mention across lines is written in pieces, as BRAT wants it. White space in a type becomes `_`. Mentions
    without offsets, and relations with an argument that has none, cannot be written and are left out.
    """
    placed = [entity for entity in document.entities if entity.start is not None]
    names = {entity.id: f"T{number}" for number, entity in enumerate(placed, start=1)}
    lines = [f"{names[entity.id]}\t{_type(entity.type)} {_pieces(entity)}" for entity in placed]
    ends = [
        (relation, names[relation.head], names[relation.tail])
        for relation in document.relations
        if relation.head in names and relation.tail in names
    ]
    lines += [
        f"R{number}\t{_type(relation.type)} Arg1:{head} Arg2:{tail}"
        for number, (relation, head, tail) in enumerate(ends, start=1)
    ]
    return "".join(f"{line}\n" for line in lines)


def _pieces(entity: Entity) -> str:
    """Return `start end[;start end]`, a tab, and the mention on one line."""
    start, spans, last = entity.start or 0, [], 0
    for gap in _LINE_BREAKS.finditer(entity.text):
        spans.append((start + last, start + gap.start()))
        last = gap.end()
    spans.append((start + last, start + len(entity.text)))
    places = ";".join(f"{begin} {end}" for begin, end in spans if begin < end)
    return f"{places}\t{_LINE_BREAKS.sub(' ', entity.text)}"


def _type(name: str) -> str:
    return re.sub(r"\s+", "_", name)
