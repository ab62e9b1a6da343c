"""Gold documents → the frames that scoring reads."""

from collections.abc import Sequence

import polars as pl

from medner_assets.errors import MednerError
from medner_assets.schema import Document, Entity, Level, Relation
from medner_assets.scoring.frames import DOCUMENTS, GOLD_ENTITIES, GOLD_RELATIONS, GoldFrames
from medner_assets.scoring.relation_spans import PLACES


def gold_frames(
    documents: Sequence[Document], *, symmetric_types: frozenset[str] = frozenset()
) -> GoldFrames:
    """Return the documents as frames; a document without a split is of the test split, without a group its
    own. Relations have their places, too.

    symmetric_types: relation types without direction in every document. Raises MednerError for a relation
    between what the document does not have.
    """
    entities, relations = [], []
    for document in documents:
        by_id = {entity.id: entity for entity in document.entities}
        entities += [
            (document.id, e.id, e.type, e.start, e.end, e.text, list(e.concepts)) for e in document.entities
        ]
        for i, relation in enumerate(document.relations):
            symmetric = not document.directed or relation.type in symmetric_types
            head, tail = (_argument(document, by_id, relation, side, i) for side in ("head", "tail"))
            places = (
                place
                for id_ in (relation.head, relation.tail)
                for place in ((by_id[id_].start, by_id[id_].end) if id_ in by_id else (None, None))
            )
            relations.append(
                (document.id, i, relation.type, symmetric, *head[:2], *tail[:2], head[2], tail[2], *places)
            )
    return GoldFrames(
        pl.DataFrame(
            [
                (d.id, d.split or "test", d.group or d.id, d.text, d.directed, d.level.value)
                for d in documents
            ],
            schema=DOCUMENTS,
            orient="row",
        ),
        pl.DataFrame(entities, schema=GOLD_ENTITIES, orient="row"),
        pl.DataFrame(relations, schema={**GOLD_RELATIONS, **PLACES}, orient="row"),
    )


def _argument(
    document: Document, by_id: dict[str, Entity], relation: Relation, side: str, i: int
) -> tuple[str | None, str | None, str | None]:
    """Return (text, type, concept) of one argument; at concept level those of the concept's first mention."""
    if document.level is Level.CONCEPT:
        concept = relation.head_concept if side == "head" else relation.tail_concept
        mentions = [e for e in document.entities if concept in e.concepts]
        first = min(mentions, key=lambda e: (e.start is None, e.start or 0), default=None)
        found, missing = first, concept is None
    else:
        concept = None
        found = by_id.get((relation.head if side == "head" else relation.tail) or "")
        missing = found is None
    if missing:
        raise MednerError(
            f"gold document {document.id!r}: relation {i} has a {side} that is not in the document: "
            "correct the document, then score again"
        )
    return (found.text, found.type, concept) if found else (None, None, concept)
