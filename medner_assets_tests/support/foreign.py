"""Documents as other tools write them, so that their readers can be asked for the same documents back.

Each writer takes sound documents and returns the content of one file. What a format cannot hold is left out
here and named in `docs/formats.md`.
"""

import json
from collections.abc import Sequence
from typing import Any

from medner_assets.schema import Document, Entity


def label_studio(documents: Sequence[Document]) -> str:
    """The JSON export of a project, one task a document."""
    return json.dumps(
        [
            {
                "id": number,
                "data": {"id": document.id, "text": document.text},
                "annotations": [{"id": number, "was_cancelled": False, "result": _result(document)}],
            }
            for number, document in enumerate(documents, start=1)
        ],
        indent=1,
        ensure_ascii=False,
    )


def _result(document: Document) -> list[dict[str, Any]]:
    regions: list[dict[str, Any]] = [
        {
            "id": each.id,
            "type": "labels",
            "value": {"start": each.start, "end": each.end, "text": each.text, "labels": [each.type]},
        }
        for each in document.entities
    ]
    return regions + [
        {"type": "relation", "from_id": each.head, "to_id": each.tail, "labels": [each.type]}
        for each in document.relations
    ]


def prodigy(documents: Sequence[Document]) -> str:
    """What `prodigy db-out` writes of `rel.manual`; the ids of mentions are not in it."""
    lines = []
    for number, document in enumerate(documents):
        spans = {each.id: _span(each) for each in document.entities}
        relations = [
            {"label": each.type, "head_span": spans[each.head or ""], "child_span": spans[each.tail or ""]}
            for each in document.relations
        ]
        task = {"text": document.text, "_input_hash": number, "meta": {"id": document.id}, "answer": "accept"}
        lines.append(json.dumps({**task, "spans": list(spans.values()), "relations": relations}))
    return "".join(f"{line}\n" for line in lines)


def _span(entity: Entity) -> dict[str, Any]:
    return {"start": entity.start, "end": entity.end, "label": entity.type}


def doccano(documents: Sequence[Document]) -> str:
    """JSONL of a project with relations."""
    return "".join(
        json.dumps(
            {
                "id": document.id,
                "text": document.text,
                "entities": [
                    {"id": each.id, "label": each.type, "start_offset": each.start, "end_offset": each.end}
                    for each in document.entities
                ],
                "relations": [
                    {"id": n, "from_id": each.head, "to_id": each.tail, "type": each.type}
                    for n, each in enumerate(document.relations)
                ],
            }
        )
        + "\n"
        for document in documents
    )


def conll(documents: Sequence[Document]) -> str:
    """Columns with IOB2 tags; a text's tokens stand between blanks, its sentences on lines of their own.

    Of mentions one inside another the outer one is written, and of those that cross a line none.
    """
    lines = []
    for document in documents:
        lines.append(f"# newdoc id = {document.id}")
        tags = _tags(document)
        start = 0
        for sentence in document.text.split("\n"):
            for token in sentence.split(" "):
                lines.append(f"{token}\t{tags.get(start, 'O')}")
                start += len(token) + 1
            lines.append("")
    return "".join(f"{line}\n" for line in lines)


def flat_mentions(document: Document) -> list[Entity]:
    """The mentions that columns can hold: on one line, not inside one that begins earlier or is longer."""
    kept: list[Entity] = []
    for each in sorted(document.entities, key=lambda each: (each.start or 0, -(each.end or 0))):
        if "\n" not in each.text and (not kept or (each.start or 0) >= (kept[-1].end or 0)):
            kept.append(each)
    return kept


def _tags(document: Document) -> dict[int, str]:
    tags = {}
    for each in flat_mentions(document):
        position = each.start or 0
        for n, token in enumerate(each.text.split(" ")):
            tags[position] = f"{'I' if n else 'B'}-{each.type}"
            position += len(token) + 1
    return tags


def bioc(documents: Sequence[Document]) -> dict[str, Any]:
    """A BioC collection as its JSON has it; `pieces` are locations."""
    return {
        "source": "medner",
        "date": "",
        "key": "",
        "infons": {},
        "documents": [
            {
                "id": document.id,
                "infons": {},
                "annotations": [],
                "passages": [
                    {
                        "offset": 0,
                        "infons": {},
                        "text": document.text,
                        "sentences": [],
                        "relations": [],
                        "annotations": [_annotation(document, each) for each in document.entities],
                    }
                ],
                "relations": [
                    {
                        "id": f"R{n}",
                        "infons": {"type": each.type, **dict(each.attributes)},
                        "nodes": [
                            {"refid": each.head, "role": "Arg1"},
                            {"refid": each.tail, "role": "Arg2"},
                        ],
                    }
                    for n, each in enumerate(document.relations)
                ],
            }
            for document in documents
        ],
    }


def _annotation(document: Document, entity: Entity) -> dict[str, Any]:
    pieces = entity.pieces or ((entity.start or 0, entity.end or 0),)
    return {
        "id": entity.id,
        "infons": {"type": entity.type, **dict(entity.attributes)},
        "text": " ".join(document.text[start:end] for start, end in pieces),
        "locations": [{"offset": start, "length": end - start} for start, end in pieces],
    }
