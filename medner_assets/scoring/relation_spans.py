"""Scheme `span` of relations: one item are those of one type between arguments of the same types and places.

The convention of SpERT ("with NEC") and of the evaluations of CoNLL04, ADE and n2c2 that count places. Only
what names the places of its relations' arguments can be scored so: registered systems, not completions.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from medner_assets.schema import Level
from medner_assets.scoring.duplicates import ordered
from medner_assets.scoring.encoding import Codes, integers, joint_codes
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.matching import first_rows
from medner_assets.scoring.submissions import SubmittedDocument, SubmittedEntity, SubmittedRelation

PLACES = {f"{argument}_{end}": pl.Int64() for argument in ("head", "tail") for end in ("start", "end")}
"""Columns that relations may have besides those of their tables: the places of their arguments."""


def with_places(
    gold: GoldFrames, predicted: PredictedFrames, answers: Sequence[SubmittedDocument]
) -> tuple[GoldFrames, PredictedFrames]:
    """Return the frames with the places of their relations' arguments.

    gold: of the tables, so that relations name their entities. predicted: the answers, at any stages.
    """
    rows = [
        (answer.id, i, *argument_places(answer, relation))
        for answer in answers
        for i, relation in enumerate(answer.relations)
    ]
    places = pl.DataFrame(rows, schema={"doc_id": pl.String, "ordinal": pl.Int64, **PLACES}, orient="row")
    said = predicted.relations.join(places, on=["doc_id", "ordinal"], how="left", maintain_order="left")
    relations = gold.relations
    for argument in ("head", "tail"):
        own = gold.entities.select(
            "doc_id",
            pl.col("entity_id").alias(f"{argument}_id"),
            *(pl.col(end).alias(f"{argument}_{end}") for end in ("start", "end")),
        )
        relations = relations.join(own, on=["doc_id", f"{argument}_id"], how="left", maintain_order="left")
    return replace(gold, relations=relations), replace(predicted, relations=said)


def argument_places(answer: SubmittedDocument, relation: SubmittedRelation) -> tuple[int | None, ...]:
    """Return start and end of head and tail; none of them unless both are entities with a span."""
    if not answer.names_places:
        return (None,) * len(PLACES)
    spans = [each.span for each in (relation.head, relation.tail) if isinstance(each, SubmittedEntity)]
    known = [end for span in spans if span is not None for end in span]
    return tuple(known) if len(known) == len(PLACES) else (None,) * len(PLACES)


def are_placed(documents: pl.DataFrame, gold: GoldFrames, predicted: PredictedFrames) -> bool:
    """Tell whether the scheme can be scored: all gold relations of the documents have places, and so has a
    predicted one.

    At concept level relations have no places.
    """
    if not all(set(PLACES) <= set(frame.columns) for frame in (gold.relations, predicted.relations)):
        return False
    scored = gold.relations.join(documents, on="doc_id", how="semi")
    said = predicted.relations.join(documents, on="doc_id", how="semi")
    known = pl.all_horizontal(pl.col(*PLACES).is_not_null())
    return (
        documents.filter(pl.col("level") != Level.MENTION.value).is_empty()
        and scored.filter(~known).is_empty()
        and not said.filter(known).is_empty()
    )


def span_rows(
    gold: GoldFrames, predicted: PredictedFrames, strict: tuple[pl.DataFrame, pl.DataFrame]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of scheme `strict` with the items, and the duplicates, of places.

    strict: as `relation_rows` returns them, a row a relation. A prediction without places is an item of its
    strings, which no gold relation has.
    """
    frames = gold.relations, predicted.relations
    border = strict[0].height

    def of(column: str) -> Codes:
        return np.concatenate([rows[column].to_numpy() for rows in strict])

    def place(column: str) -> Codes:
        own = [integers(frame[column]) for frame in frames]
        return np.concatenate([each[rows["row"].to_numpy()] for each, rows in zip(own, strict, strict=True)])

    # One numbering for heads and tails, which change places where a relation has no direction.
    node = joint_codes(
        [
            np.concatenate([of("head_type"), of("tail_type")]),
            np.concatenate([place("head_start"), place("tail_start")]),
            np.concatenate([place("head_end"), place("tail_end")]),
        ]
    )
    head, tail = np.split(node, 2)
    first, second = ordered(head, tail, of("symmetric"))
    unplaced = np.where(place("head_start") < 0, of("item"), -1)
    item = joint_codes([of("doc"), of("type"), first, second, unplaced])
    statement = joint_codes([strict[1]["stage"].to_numpy(), item[border:]])
    repeated = ~first_rows(statement, None, int(statement.max(initial=-1)) + 1)
    return (
        strict[0].with_columns(item=item[:border]),
        strict[1].with_columns(item=item[border:], duplicate=repeated),
    )
