"""Documents as BRAT standoff: a text and its T, R and A lines. The inverse of `readers/brat.py`. Pure."""

import re
from urllib.parse import quote, unquote

from medner_assets.errors import MednerError
from medner_assets.schema import Document, Entity

_LINE_BREAKS = re.compile(r"[\r\n]+")
_LONGEST_NAME = 200
_BRAT_ID = re.compile(r"T[0-9]{1,9}")


def brat_name(doc_id: str) -> str:
    """Return the file name of a document, without suffix: its id, quoted where it could not be a name.

    Distinct ids give distinct names, and none reaches outside its folder. Raises MednerError for an id so
    long that file systems refuse it.
    """
    name = _quoted(doc_id)
    if len(name) > _LONGEST_NAME:
        raise MednerError(
            f"document {doc_id[:40]!r}…: the id is too long for a file name: use another format"
        )
    return name


def document_of_name(name: str) -> str:
    """Return the id of the document whose files are called `name`: the inverse of `brat_name`.

    A name that `brat_name` gives to no id is itself the id.
    """
    doc_id = unquote(name)
    return doc_id if _quoted(doc_id) == name else name


def _quoted(doc_id: str) -> str:
    name = quote(doc_id, safe=" ")
    return "%2E" + name[1:] if name.startswith(".") else name


def brat_annotations(document: Document) -> str:
    """Return the lines of the document's `.ann` file; its `.txt` file is the text as it is.

    A mention across lines is written in pieces, as BRAT wants it. White space in a type becomes `_`. Ids that
    BRAT can hold (T1, T2, …) stay where all are so; else mentions are numbered in their order. Mentions
    without offsets, and relations with an argument that has none, cannot be written and are left out.
    """
    placed = [entity for entity in document.entities if entity.start is not None]
    kept = all(_BRAT_ID.fullmatch(entity.id) for entity in placed)
    names = {entity.id: entity.id if kept else f"T{number}" for number, entity in enumerate(placed, start=1)}
    lines = [
        f"{names[entity.id]}\t{_type(entity.type)} {_places(entity, document.text)}" for entity in placed
    ]
    ends = [
        (relation, names[relation.head], names[relation.tail])
        for relation in document.relations
        if relation.head in names and relation.tail in names
    ]
    lines += [
        f"R{number}\t{_type(relation.type)} Arg1:{head} Arg2:{tail}"
        for number, (relation, head, tail) in enumerate(ends, start=1)
    ]
    said = [(names[entity.id], entity.attributes) for entity in placed]
    said += [(f"R{number}", relation.attributes) for number, (relation, _, _) in enumerate(ends, start=1)]
    flat = [(target, name, value) for target, attributes in said for name, value in attributes]
    lines += [
        f"A{number}\t{_type(name)} {target}" + ("" if value == "true" else f" {_one_line(value)}")
        for number, (target, name, value) in enumerate(flat, start=1)
    ]
    return "".join(f"{line}\n" for line in lines)


def _places(entity: Entity, text: str) -> str:
    """Return `start end[;start end]`, a tab, and the mention on one line."""
    spans = [
        line
        for start, end in entity.pieces or [(entity.start or 0, entity.end or 0)]
        for line in _lines(text, start, end)
    ]
    places = ";".join(f"{begin} {end}" for begin, end in spans)
    return f"{places}\t{' '.join(text[begin:end] for begin, end in spans)}"


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the spans between line breaks of start..end; none is empty, unless all of it is line breaks."""
    spans, last = [], start
    for gap in _LINE_BREAKS.finditer(text, start, end):
        spans.append((last, gap.start()))
        last = gap.end()
    spans.append((last, end))
    return [span for span in spans if span[0] < span[1]]


def _one_line(value: str) -> str:
    return re.sub(r"[\t\r\n]", " ", value)


def _type(name: str) -> str:
    return re.sub(r"\s+", "_", name)
