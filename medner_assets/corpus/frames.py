"""Documents as the tables `documents`, `gold_entities`, `gold_relations` and `import_problems`, and back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from medner_assets.corpus.building import BuiltDataset
from medner_assets.corpus.hashing import content_hash
from medner_assets.schema import Attributes, Document, Entity, Level, Relation
from medner_assets.tables import TABLES


def dataset_frames(built: BuiltDataset) -> dict[str, pl.DataFrame]:
    """Return the four tables of a dataset, rows in the order of its documents."""
    version = content_hash(built.documents, built.symmetric_types)
    symmetric = frozenset(built.symmetric_types)
    rows: dict[str, list[tuple[Any, ...]]] = {
        "documents": [_document_row(document, version) for document in built.documents],
        "gold_entities": [row for document in built.documents for row in _entity_rows(document)],
        "gold_relations": [
            row for document in built.documents for row in _relation_rows(document, symmetric)
        ],
        "import_problems": [
            (each.file, each.line, each.doc_id, each.kind.value, each.message) for each in built.problems
        ],
    }
    return {name: pl.DataFrame(rows[name], schema=TABLES[name].schema, orient="row") for name in rows}


def documents_from_frames(
    documents: pl.DataFrame, gold_entities: pl.DataFrame, gold_relations: pl.DataFrame
) -> list[Document]:
    """Return the documents that the three tables describe, in the order of `documents`.

    The inverse of `dataset_frames`, but that a group which is the document's own id comes back as None.
    Columns that the tables do not have are ignored.
    """
    entities: dict[str, list[Entity]] = defaultdict(list)
    for row in gold_entities.iter_rows(named=True):
        entities[row["doc_id"]].append(
            Entity(
                row["entity_id"],
                row["type"],
                row["start"],
                row["end"],
                row["text"],
                tuple(row["concepts"] or ()),
                _pieces(row.get("pieces")),
                _attributes(row.get("attributes")),
            )
        )
    relations: dict[str, list[Relation]] = defaultdict(list)
    for row in gold_relations.sort("relation_id", maintain_order=True).iter_rows(named=True):
        relations[row["doc_id"]].append(
            Relation(
                row["type"],
                row["head_id"],
                row["tail_id"],
                row["head_concept"],
                row["tail_concept"],
                _attributes(row.get("attributes")),
            )
        )
    return [
        Document(
            id=row["doc_id"],
            text=row["text"],
            entities=tuple(entities[row["doc_id"]]),
            relations=tuple(relations[row["doc_id"]]),
            group=None if row["group_id"] == row["doc_id"] else row["group_id"],
            split=row["split"],
            directed=row["directed"],
            level=Level(row["level"]),
        )
        for row in documents.iter_rows(named=True)
    ]


def _document_row(document: Document, version: str) -> tuple[Any, ...]:
    group = document.group or document.id
    text = document.text
    return (
        document.id,
        document.split,
        group,
        text,
        len(text),
        document.directed,
        document.level.value,
        version,
    )


def _entity_rows(document: Document) -> list[tuple[Any, ...]]:
    return [
        (
            document.id,
            document.split,
            each.id,
            each.type,
            each.start,
            each.end,
            each.text,
            list(each.concepts),
            ";".join(f"{start} {end}" for start, end in each.pieces) or None,
            _said(each.attributes),
        )
        for each in document.entities
    ]


def _said(attributes: Attributes) -> list[str]:
    return [f"{name}={value}" for name, value in attributes]


def _attributes(said: Sequence[str] | None) -> Attributes:
    """Return the pairs of `name=value`; None (a table from before there were any) says nothing."""
    pairs = (each.partition("=") for each in said or ())
    return tuple((name, value) for name, _, value in pairs)


def _pieces(written: str | None) -> tuple[tuple[int, int], ...]:
    pairs = [piece.split(" ") for piece in (written or "").split(";") if piece]
    return tuple((int(start), int(end)) for start, end in pairs)


def _relation_rows(document: Document, symmetric: frozenset[str]) -> list[tuple[Any, ...]]:
    arguments = _arguments(document)
    rows = []
    for position, relation in enumerate(document.relations):
        head = arguments[relation.head or relation.head_concept or ""]
        tail = arguments[relation.tail or relation.tail_concept or ""]
        either_way = not document.directed or relation.type in symmetric
        rows.append(
            (
                document.id, document.split, position, relation.type, either_way,
                relation.head, relation.tail, head.text, head.type, tail.text, tail.type,
                relation.head_concept, relation.tail_concept, _said(relation.attributes),
            )
        )  # fmt: skip
    return rows


def _arguments(document: Document) -> Mapping[str, Entity]:
    """Return argument → entity: the one of that id or, at concept level, the concept's first mention."""
    if document.level is Level.MENTION:
        return {entity.id: entity for entity in document.entities}
    first: dict[str, Entity] = {}
    for entity in sorted(document.entities, key=_reading_order):
        for concept in entity.concepts:
            first.setdefault(concept, entity)
    return first


def _reading_order(entity: Entity) -> tuple[bool, int]:
    return entity.start is None, entity.start or 0
