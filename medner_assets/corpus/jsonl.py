"""Documents as JSON lines, the format in which documents travel: one JSON object a line, UTF-8.

Keys of a document: `id`, `text`, `entities` (`id, type, start, end, text`, at concept level also `concepts`,
of a discontinuous mention also `pieces`, and `attributes`, an object of strings),
`relations` (`type` with `head, tail`, at concept level `head_concept, tail_concept`, and `attributes`);
optional `group`, `split`, `directed` (default true), `level` (`mention`, the default, or `concept`). Further
keys are ignored.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Any, TextIO

from medner_assets.errors import MednerError
from medner_assets.schema import Attributes, Document, Entity, Level, Relation


def document_to_json(document: Document) -> dict[str, Any]:
    """Return the JSON object of `document`; optional keys stand only where they differ from their default."""
    concept = document.level is Level.CONCEPT
    return {
        "id": document.id,
        "text": document.text,
        "entities": [_entity_to_json(each, concept) for each in document.entities],
        **_others_to_json(document, concept),
    }


def document_from_json(value: object, *, text_required: bool = True) -> Document:
    """Return the document of a JSON object; the inverse of `document_to_json`.

    The shape is checked here (keys, types), the invariants of a document are not: see `corpus.validation`.
    text_required: False for predictions, which need no `text` and become documents with an empty one.
    An entity with offsets but without text takes it from the document. Raise MednerError naming the key.
    """
    content = _mapping(value, "the line")
    text = _string(content, "text", "the document") if text_required or "text" in content else ""
    level = _level(content.get("level"))
    directed = content.get("directed", True)
    if not isinstance(directed, bool):
        raise _wrong("the document", "directed", "true or false")
    return Document(
        id=_identifier(content, "id", "the document"),
        text=text,
        entities=tuple(
            _plain_entity(each) or _entity(each, text, level, f"entity {position}")
            for position, each in enumerate(_list(content, "entities"))
        ),
        relations=tuple(
            _relation(each, level, f"relation {position}")
            for position, each in enumerate(_list(content, "relations"))
        ),
        group=_optional_identifier(content, "group"),
        split=_optional_identifier(content, "split"),
        directed=directed,
        level=level,
    )


def write_documents(path: Path, documents: Iterable[Document]) -> None:
    """Write `documents` to `path`, which appears whole or not at all; raise MednerError if it cannot."""
    with written(path) as file:
        for document in documents:
            file.write(json_line(document))


_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False)


def json_line(document: Document) -> str:
    """Return the line of `document`, with its end."""
    concept = document.level is Level.CONCEPT
    entities = ", ".join([_entity_line(each, concept) for each in document.entities])
    others = _ENCODER.encode(_others_to_json(document, concept)).removeprefix("{")
    name, text = _quoted(document.id), _quoted(document.text)
    return f'{{"id": {name}, "text": {text}, "entities": [{entities}], {others}\n'


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """Open `path` to be written; it appears whole at the end, or not at all after an error.

    The file is its owner's alone, whatever the mask: it holds the texts. Raise MednerError if it cannot be
    written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8", newline="\n") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        raise MednerError(f"{path}: cannot be written ({error.strerror}): choose another place") from None
    finally:
        unfinished.unlink(missing_ok=True)


def _entity_to_json(entity: Entity, concept: bool) -> dict[str, Any]:
    content: dict[str, Any] = {"id": entity.id, "type": entity.type, "start": entity.start, "end": entity.end}
    content["text"] = entity.text
    if concept:
        content["concepts"] = list(entity.concepts)
    if entity.pieces:
        content["pieces"] = [list(piece) for piece in entity.pieces]
    if entity.attributes:
        content["attributes"] = dict(entity.attributes)
    return content


def _entity_line(entity: Entity, concept: bool) -> str:
    """Return `_entity_to_json` as JSON, put together here: mentions are most of a corpus's documents."""
    if entity.pieces or entity.attributes or entity.start is None:
        return _ENCODER.encode(_entity_to_json(entity, concept))
    concepts = ""
    if concept:
        each = entity.concepts
        concepts = f', "concepts": [{_quoted(each[0]) if len(each) == 1 else ", ".join(map(_quoted, each))}]'
    return (
        f'{{"id": {_quoted(entity.id)}, "type": {_quoted(entity.type)}, "start": {entity.start}, '
        f'"end": {entity.end}, "text": {_quoted(entity.text)}{concepts}}}'
    )


def _others_to_json(document: Document, concept: bool) -> dict[str, Any]:
    """Return what follows the entities."""
    content: dict[str, Any] = {
        "relations": [_relation_to_json(relation, concept) for relation in document.relations]
    }
    if document.group is not None:
        content["group"] = document.group
    if document.split is not None:
        content["split"] = document.split
    if not document.directed:
        content["directed"] = False
    if concept:
        content["level"] = document.level.value
    return content


def _relation_to_json(relation: Relation, concept: bool) -> dict[str, Any]:
    content: dict[str, Any] = (
        {"head_concept": relation.head_concept, "tail_concept": relation.tail_concept, "type": relation.type}
        if concept
        else {"head": relation.head, "tail": relation.tail, "type": relation.type}
    )
    if relation.attributes:
        content["attributes"] = dict(relation.attributes)
    return content


def _plain_entity(value: object) -> Entity | None:
    """Return an entity of id, type, offsets and text and nothing else, as most are; None: look closer."""
    if type(value) is not dict or len(value) != 5:
        return None
    key, kind, start, end, text = map(value.get, ("id", "type", "start", "end", "text"))
    if type(start) is int and type(end) is int and start >= 0 and end >= 0 and type(text) is str:
        return Entity(key, kind, start, end, text) if type(key) is type(kind) is str and key else None
    return None


def _entity(value: object, text: str, level: Level, where: str) -> Entity:
    content = _mapping(value, where)
    start, end = _offset(content, "start", where), _offset(content, "end", where)
    if (start is None) != (end is None):
        raise MednerError(f"{where}: 'start' and 'end' are given both or not at all: add the other")
    if "text" not in content and start is not None and end is not None:
        mention = text[start:end]
    else:
        mention = _string(content, "text", where)
    concepts = _list(content, "concepts") if level is Level.CONCEPT else []
    if not all(isinstance(each, str) for each in concepts):
        raise _wrong(where, "concepts", "a list of strings")
    return Entity(
        id=_identifier(content, "id", where),
        type=_string(content, "type", where),
        start=start,
        end=end,
        text=mention,
        concepts=tuple(concepts),
        pieces=_pieces(content, where),
        attributes=_attributes(content, where),
    )


def _attributes(content: Mapping[str, Any], where: str) -> Attributes:
    attributes = content.get("attributes")
    if attributes is None:
        return ()
    if not isinstance(attributes, dict) or not all(_is_said(each) for each in attributes.values()):
        raise _wrong(where, "attributes", "an object of strings")
    return tuple(sorted((key, _said(value)) for key, value in attributes.items()))


def _is_said(value: object) -> bool:
    return isinstance(value, (str, int, float, bool))


def _said(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pieces(content: Mapping[str, Any], where: str) -> tuple[tuple[int, int], ...]:
    pieces = content.get("pieces") or []
    if not isinstance(pieces, list) or not all(_is_pair(piece) for piece in pieces):
        raise _wrong(where, "pieces", "a list of pairs of offsets")
    return tuple((start, end) for start, end in pieces)


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(each, int) and not isinstance(each, bool) for each in value)
    )


def _relation(value: object, level: Level, where: str) -> Relation:
    content = _mapping(value, where)
    kind = _string(content, "type", where)
    attributes = _attributes(content, where)
    if level is Level.CONCEPT:
        head = _identifier(content, "head_concept", where)
        tail = _identifier(content, "tail_concept", where)
        return Relation(kind, head_concept=head, tail_concept=tail, attributes=attributes)
    head, tail = _identifier(content, "head", where), _identifier(content, "tail", where)
    return Relation(kind, head, tail, attributes=attributes)


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MednerError(f"{where} is not a JSON object: see docs/formats.md")
    return value


def _list(content: Mapping[str, Any], key: str) -> list[Any]:
    value = content.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong("the document", key, "a list")
    return value


def _string(content: Mapping[str, Any], key: str, where: str) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise _wrong(where, key, "a string")
    return value


def _identifier(content: Mapping[str, Any], key: str, where: str) -> str:
    # Numbers are common as ids in other people's files and unambiguous as text.
    value = content.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise _wrong(where, key, "a string that is not empty")
    return value


def _optional_identifier(content: Mapping[str, Any], key: str) -> str | None:
    return None if content.get(key) is None else _identifier(content, key, "the document")


def _offset(content: Mapping[str, Any], key: str, where: str) -> int | None:
    value = content.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(where, key, "a number of characters, 0 or more, or null")
    return value


def _level(value: object) -> Level:
    if value is None:
        return Level.MENTION
    if not isinstance(value, str) or value not in set(Level):
        raise _wrong("the document", "level", "'mention' or 'concept'")
    return Level(value)


def _wrong(where: str, key: str, expected: str) -> MednerError:
    return MednerError(f"{where}: {key!r} must be {expected}: correct it")
