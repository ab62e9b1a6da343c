"""Outcome rows of all stages → the tables entity_outcomes and relation_outcomes."""

from collections.abc import Mapping, Sequence

import polars as pl

from medner_assets.scoring.coding import Coded
from medner_assets.scoring.entity_errors import entity_outcomes
from medner_assets.scoring.errors import ERRORS
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.presence import absent_arguments
from medner_assets.scoring.relation_errors import relation_outcomes
from medner_assets.scoring.schemes import counts_duplicates
from medner_assets.tables import TABLES

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


def entity_rows_by_stage(
    gold: GoldFrames, predicted: PredictedFrames, rows: Coded, stages: Sequence[str]
) -> list[pl.DataFrame]:
    """Return the rows of entity_outcomes, one frame a stage, without the columns that are the same in all
    of it.
    """
    coded = rows.rows["entity", "text"]
    parts = []
    for code, stage in enumerate(stages):
        of_stage = coded.at(code)
        found = entity_outcomes(coded.gold, of_stage, counts_duplicates(stage))
        parts.append(
            _filled(
                found,
                gold.documents,
                (gold.entities, coded.gold["row"], _ENTITY_GOLD),
                (predicted.entities, of_stage["row"], _ENTITY_PREDICTED),
            )
        )
    return parts


def relation_rows_by_stage(
    gold: GoldFrames, predicted: PredictedFrames, rows: Coded, stages: Sequence[str]
) -> list[pl.DataFrame]:
    """Return the rows of relation_outcomes, one frame a stage, as `entity_rows_by_stage` does."""
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
                gold.documents,
                (gold.relations, coded.gold["row"], _RELATION_GOLD),
                (predicted.relations, of_stage["row"], _RELATION_PREDICTED),
            )
        )
    return parts


_Source = tuple[pl.DataFrame, pl.Series, dict[str, str]]


def outcome_table(
    blocks: Sequence[Sequence[pl.DataFrame]], stages: Sequence[str], at: Mapping[str, str], table: str
) -> pl.DataFrame:
    """Return a table of outcomes from its blocks of documents, each a list of frames by stage; stage by
    stage.

    at: evaluation_id and dataset, the same in every row.
    """
    of_stage = [
        pl.concat(parts).with_columns(stage=pl.lit(stage))
        for stage, parts in zip(stages, zip(*blocks, strict=True), strict=True)
    ]
    same = {name: pl.lit(value) for name, value in at.items()}
    return pl.concat(of_stage).with_columns(**same).select(list(TABLES[table].schema))


def _filled(found: pl.DataFrame, documents: pl.DataFrame, gold: _Source, predicted: _Source) -> pl.DataFrame:
    """Return the outcome rows with the values of the frames that their rows came from."""
    columns = {"doc_id": documents["doc_id"].gather(found["doc"])}
    columns["error"] = pl.Series(ERRORS, dtype=pl.String).gather(found["error"])
    for name in ("tp", "fp", "fn"):
        columns[name] = found[name].cast(pl.Int64)
    for place, (frame, row, names) in (("gold_row", gold), ("predicted_row", predicted)):
        at = found.select(pl.when(pl.col(place) >= 0).then(place))[place]
        at = row.gather(at)  # null stays null
        for name, source in names.items():
            columns[name] = frame[source].gather(at)
    splits = documents["split"].unique()
    # A literal costs no memory, and mostly there is one split.
    split = pl.lit(splits[0]) if len(splits) == 1 else documents["split"].gather(found["doc"])
    return pl.DataFrame(columns).with_columns(split=split)
