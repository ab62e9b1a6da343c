"""Predictions as rows of `predicted_entities`, `predicted_relations` and `rejected_lines`. Pure."""

from collections.abc import Iterable

import polars as pl

from medner_assets.normalising import normalised
from medner_assets.schema import Prediction
from medner_assets.tables import TABLES


def prediction_frames(
    predictions: Iterable[Prediction], *, evaluation_id: str, dataset: str, split: str
) -> dict[str, pl.DataFrame]:
    """Return what a version says, before post-processing: a frame a table, without the column `stage`.

    predictions: of one split, in the documents' order; rows keep it. Lines of a document that say the same
    have the largest of their probabilities, which is not calibrated here.
    """
    entities, relations, rejected = [], [], []
    for prediction in predictions:
        at = (evaluation_id, dataset, split, prediction.doc_id)
        entities += [
            (
                *at,
                e.ordinal,
                e.type,
                e.text,
                e.start,
                e.end,
                e.grounding.value,
                e.probability,
                e.probability,
                e.votes,
            )
            for e in prediction.entities
        ]
        relations += [
            (
                *at,
                r.ordinal,
                r.type,
                r.head_text,
                r.head_type,
                r.tail_text,
                r.tail_type,
                r.probability,
                r.probability,
                r.votes,
            )
            for r in prediction.relations
        ]
        rejected += [(*at, line.line_number, line.line, line.reason) for line in prediction.rejected]
    said = pl.DataFrame(entities, schema=TABLES["predicted_entities"].without("stage"), orient="row")
    related = pl.DataFrame(relations, schema=TABLES["predicted_relations"].without("stage"), orient="row")
    return {
        "predicted_entities": _largest(said, "text"),
        "predicted_relations": _largest(related, "head_text", "tail_text"),
        "rejected_lines": pl.DataFrame(rejected, schema=TABLES["rejected_lines"].schema, orient="row"),
    }


def _largest(rows: pl.DataFrame, *strings: str) -> pl.DataFrame:
    """Give the rows of a document with one type and the same strings the largest of their probabilities."""
    same = ["doc_id", "type", *strings]
    keys = rows.select("doc_id", "type", *(normalised(rows[name]).alias(name) for name in strings))
    largest = rows["model_probability"].to_frame().hstack(keys)
    value = largest.select(pl.col("model_probability").max().over(same)).to_series()
    return rows.with_columns(probability=value, model_probability=value)
