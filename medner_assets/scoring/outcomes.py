"""Outcome rows of all stages → the tables entity_outcomes and relation_outcomes."""

from collections.abc import Mapping, Sequence

import polars as pl

from medner_assets.scoring.coding import Coded
from medner_assets.scoring.entity_errors import entity_outcomes
from medner_assets.scoring.errors import ERRORS
from medner_assets.scoring.frames import (
    ENTITY_OUTCOMES,
    RELATION_OUTCOMES,
    GoldFrames,
    PredictedFrames,
    Schema,
)
from medner_assets.scoring.presence import absent_arguments
from medner_assets.scoring.relation_errors import relation_outcomes
from medner_assets.scoring.schemes import counts_duplicates

# Column of the table → column of the frame that the value is taken from.
_ENTITY_PREDICTED = {
    "ordinal": "ordinal", "predicted_type": "type", "predicted_text": "text", "predicted_start": "start",
    "predicted_end": "end",
}  # fmt: skip
_ENTITY_GOLD = {
    "entity_id": "entity_id", "gold_type": "type", "gold_text": "text", "gold_start": "start",
    "gold_end": "end",
}  # fmt: skip
_RELATION_PREDICTED = {
    "ordinal": "ordinal", "predicted_type": "type", "predicted_head": "head_text",
    "predicted_head_type": "head_type", "predicted_tail": "tail_text", "predicted_tail_type": "tail_type",
}  # fmt: skip
_RELATION_GOLD = {
    "relation_id": "relation_id", "gold_type": "type", "gold_head": "head_text",
    "gold_head_type": "head_type", "gold_tail": "tail_text", "gold_tail_type": "tail_type",
}  # fmt: skip


def entity_outcome_table(
    gold: GoldFrames, predicted: PredictedFrames, rows: Coded, stages: Sequence[str], at: Mapping[str, str]
) -> pl.DataFrame:
    """Return the table entity_outcomes. at: evaluation_id and dataset, the same in every row."""
    coded = rows.rows["entity", "text"]
    parts = []
    for code, stage in enumerate(stages):
        of_stage = coded.at(code)
        found = entity_outcomes(coded.gold, of_stage, counts_duplicates(stage))
        parts.append(
            _filled(
                found,
                {**at, "stage": stage},
                gold.documents,
                (gold.entities, coded.gold["row"], _ENTITY_GOLD),
                (predicted.entities, of_stage["row"], _ENTITY_PREDICTED),
                ENTITY_OUTCOMES,
            )
        )
    return pl.concat(parts)


def relation_outcome_table(
    gold: GoldFrames, predicted: PredictedFrames, rows: Coded, stages: Sequence[str], at: Mapping[str, str]
) -> pl.DataFrame:
    """Return the table relation_outcomes. at: evaluation_id and dataset, the same in every row."""
    coded, entities = rows.rows["relation", "strict"], rows.rows["entity", "text"]
    placed = entities.predicted.filter(pl.col("start") >= 0)
    absent = absent_arguments(
        gold.documents.select("text").with_row_index("doc").with_columns(pl.col("doc").cast(pl.Int64)),
        coded.predicted.filter(~coded.predicted["item"].is_in(coded.gold["item"].implode())),
        predicted.relations,
        pl.concat([placed.select("doc", "norm"), entities.gold.select("doc", "norm")]),
    )
    parts = []
    for code, stage in enumerate(stages):
        of_stage = coded.at(code)
        found = relation_outcomes(
            coded.gold, of_stage, rows.mentions, entities.at(code), absent, counts_duplicates(stage)
        )
        parts.append(
            _filled(
                found,
                {**at, "stage": stage},
                gold.documents,
                (gold.relations, coded.gold["row"], _RELATION_GOLD),
                (predicted.relations, of_stage["row"], _RELATION_PREDICTED),
                RELATION_OUTCOMES,
            )
        )
    return pl.concat(parts)


_Source = tuple[pl.DataFrame, pl.Series, dict[str, str]]


def _filled(
    found: pl.DataFrame,
    same: Mapping[str, str],
    documents: pl.DataFrame,
    gold: _Source,
    predicted: _Source,
    schema: Schema,
) -> pl.DataFrame:
    """Return the outcome rows with the values of the frames that their rows came from."""
    columns: dict[str, pl.Series] = {
        name: pl.Series([value], dtype=pl.String).new_from_index(0, found.height)
        for name, value in same.items()
    }
    for name in ("split", "doc_id"):
        columns[name] = documents[name].gather(found["doc"])
    columns["error"] = pl.Series(ERRORS, dtype=pl.String).gather(found["error"])
    for name in ("tp", "fp", "fn"):
        columns[name] = found[name].cast(pl.Int64)
    for place, (frame, row, names) in (("gold_row", gold), ("predicted_row", predicted)):
        at = found.select(pl.when(pl.col(place) >= 0).then(place))[place]
        at = row.gather(at)  # null stays null
        for name, source in names.items():
            columns[name] = frame[source].gather(at)
    return pl.DataFrame({name: columns[name] for name in schema})
