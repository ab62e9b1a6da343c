"""Another system's predictions as JSON lines → checked values. Every mistake is an error that names file
and line.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from medner_assets.errors import MednerError

BY_STRINGS = "relations_by_strings"
"""Key of a document whose relations name strings only, as completions do: the entities that stand for them
are the first with these strings. What medner writes out says so."""


@dataclass(frozen=True, slots=True)
class SubmittedEntity:
    """One predicted entity; the span is None where the system gives none."""

    id: str
    type: str
    text: str
    span: tuple[int, int] | None
    probability: float | None = None
    votes: int | None = None


Argument = tuple[str | None, str | None]
"""String and type of an argument. An argument that no entity lists has no type, unless the system says one;
one that is a concept has neither."""


@dataclass(frozen=True, slots=True)
class SubmittedRelation:
    """One predicted relation: between entities of its document, between strings, or between concepts."""

    type: str
    head: SubmittedEntity | Argument
    tail: SubmittedEntity | Argument
    concepts: tuple[str, str] | None = None
    probability: float | None = None
    votes: int | None = None

    @property
    def strings(self) -> tuple[Argument, Argument]:
        """String and type of head and tail."""
        head, tail = (
            (each.text, each.type) if isinstance(each, SubmittedEntity) else each
            for each in (self.head, self.tail)
        )
        return head, tail


@dataclass(frozen=True, slots=True)
class SubmittedDocument:
    """What a system predicts for one document, and where that stands."""

    where: str
    id: str
    entities: tuple[SubmittedEntity, ...]
    relations: tuple[SubmittedRelation, ...]
    names_places: bool = True
    """Whether the entities of its relations are meant where they stand, and not only by their strings."""


def read_submission(lines: Iterable[str], file: str) -> list[SubmittedDocument]:
    """Return the predicted documents of JSON lines; blank lines count but say nothing.

    lines: as iterating over an open text file gives them (not `str.splitlines`, which also splits at
    characters that may stand inside a JSON string). file: its name, for errors. Raises MednerError at the
    first mistake.
    """
    documents: list[SubmittedDocument] = []
    seen: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        where = f"{file}:{number}"
        if number == 1:
            line = line.removeprefix("\ufeff")
        if not line.strip():
            continue
        document = submitted_document(_parsed(line, where), where)
        if document.id in seen:
            raise MednerError(
                f"{where}: document {document.id!r} stands here and at {seen[document.id]}: "
                "put all predictions of a document in one line"
            )
        seen[document.id] = where
        documents.append(document)
    return documents


def submitted_document(content: Mapping[str, Any], where: str) -> SubmittedDocument:
    """Return one predicted document from its JSON object; unknown keys are ignored. Raises MednerError."""
    id_ = _identifier(content, "id", "the document", where)
    entities: dict[str, SubmittedEntity] = {}
    for i, each in enumerate(_objects(content, "entities", where, required=True)):
        entity = _entity(each, f"entity {i + 1}", where)
        if entity.id in entities:
            raise MednerError(f"{where}: entity id {entity.id!r} occurs twice: give each entity its own id")
        entities[entity.id] = entity
    relations = [
        _relation(each, entities, f"relation {i + 1}", where)
        for i, each in enumerate(_objects(content, "relations", where, required=False))
    ]
    relations += [
        _relation(each, entities, f"unresolved relation {i + 1}", where)
        for i, each in enumerate(_objects(content, "unresolved_relations", where, required=False))
    ]
    return SubmittedDocument(
        where, id_, tuple(entities.values()), tuple(relations), content.get(BY_STRINGS) is not True
    )


def _parsed(line: str, where: str) -> Mapping[str, Any]:
    try:
        content = json.loads(line)
    except json.JSONDecodeError as error:
        raise MednerError(
            f"{where}: not valid JSON ({error.msg} at character {error.pos + 1}): write one object per line"
        ) from None
    except RecursionError:
        raise MednerError(f"{where}: JSON nested too deeply: write one document per line") from None
    except ValueError:  # Python refuses to read more than 4,300 digits
        raise MednerError(f"{where}: not valid JSON (a number too long): correct it") from None
    if not isinstance(content, dict):
        raise MednerError(
            f"{where}: a line is one object with id, entities, relations, not a {_kind(content)}"
        )
    return content


def _entity(content: Mapping[str, Any], name: str, where: str) -> SubmittedEntity:
    ends = [content.get("start"), content.get("end")]
    span = None
    if ends != [None, None]:
        if not all(_is_integer(each) for each in ends):
            raise MednerError(f"{where}: {name}: start and end are two whole numbers: give both or neither")
        span = (int(str(ends[0])), int(str(ends[1])))
    return SubmittedEntity(
        _identifier(content, "id", name, where),
        _text(content, "type", name, where),
        _text(content, "text", name, where),
        span,
        *_sureness(content, name, where),
    )


def _relation(
    content: Mapping[str, Any], entities: Mapping[str, SubmittedEntity], name: str, where: str
) -> SubmittedRelation:
    kind, sure = _text(content, "type", name, where), _sureness(content, name, where)
    if content.get("head") is None and content.get("head_concept") is not None:
        sides = ("head_concept", "tail_concept")
        head, tail = (_identifier(content, side, name, where) for side in sides)
        return SubmittedRelation(kind, (None, None), (None, None), (head, tail), *sure)
    first, second = (_argument(content, side, entities, name, where) for side in ("head", "tail"))
    return SubmittedRelation(kind, first, second, None, *sure)


def _sureness(content: Mapping[str, Any], name: str, where: str) -> tuple[float | None, int | None]:
    """Return the probability and the votes that a system gives an item; None where it gives none."""
    probability, votes = content.get("probability"), content.get("votes")
    is_number = isinstance(probability, int | float) and not isinstance(probability, bool)
    if probability is not None and not (is_number and 0 <= probability <= 1):
        raise MednerError(f"{where}: {name}: probability is a number from 0 to 1: correct it or leave it out")
    if votes is not None and not (_is_integer(votes) and votes >= 0):
        raise MednerError(f"{where}: {name}: votes is a whole number: correct it or leave it out")
    return (None if probability is None else float(probability)), votes


def _argument(
    content: Mapping[str, Any], side: str, entities: Mapping[str, SubmittedEntity], name: str, where: str
) -> SubmittedEntity | Argument:
    """Return an argument: an entity by its id, or a string that no entity lists (`head_text`)."""
    if content.get(side) is None and content.get(f"{side}_text") is not None:
        typed = content.get(f"{side}_type") is not None
        kind = _text(content, f"{side}_type", name, where) if typed else None
        return _text(content, f"{side}_text", name, where), kind
    id_ = _identifier(content, side, name, where)
    if id_ not in entities:
        raise MednerError(
            f"{where}: {name}: {side} {id_!r} is not an entity of this document: name one of its entity "
            f"ids, or give the string as {side}_text"
        )
    return entities[id_]


def _objects(content: Mapping[str, Any], key: str, where: str, *, required: bool) -> list[Mapping[str, Any]]:
    values = content.get(key)
    if values is None and not required:
        return []
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise MednerError(f"{where}: {key!r} is a list of objects: give an empty list where there are none")
    return values


def _identifier(content: Mapping[str, Any], key: str, name: str, where: str) -> str:
    value = content.get(key)
    return str(value) if _is_integer(value) else _text(content, key, name, where)


def _text(content: Mapping[str, Any], key: str, name: str, where: str) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise MednerError(f"{where}: {name}: {key!r} must be text, not {_kind(value)}: add it or correct it")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise MednerError(
            f"{where}: {name}: {key!r} has half a surrogate pair, which is no character: write valid Unicode"
        ) from None
    return value


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind(value: object) -> str:
    names = {dict: "object", list: "list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "number")
