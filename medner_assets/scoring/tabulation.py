"""Predictions as rows of `predicted_entities`, `predicted_relations` and `rejected_lines`. Pure."""

from collections.abc import Iterable

import polars as pl

from medner_assets.schema import Prediction
from medner_assets.tables import TABLES


def prediction_frames(
    predictions: Iterable[Prediction], *, evaluation_id: str, dataset: str, split: str
) -> dict[str, pl.DataFrame]:
    """Return what a version says, before post-processing: a frame a table, without the column `stage`.

    predictions: of one split, in the documents' order; rows keep it.
    """
    entities, relations, rejected = [], [], []
    for prediction in predictions:
        at = (evaluation_id, dataset, split, prediction.doc_id)
        entities += [
            (*at, e.ordinal, e.type, e.text, e.start, e.end, e.grounding.value) for e in prediction.entities
        ]
        relations += [
            (*at, r.ordinal, r.type, r.head_text, r.head_type, r.tail_text, r.tail_type)
            for r in prediction.relations
        ]
        rejected += [(*at, line.line_number, line.line, line.reason) for line in prediction.rejected]
    return {
        "predicted_entities": pl.DataFrame(
            entities, schema=TABLES["predicted_entities"].without("stage"), orient="row"
        ),
        "predicted_relations": pl.DataFrame(
            relations, schema=TABLES["predicted_relations"].without("stage"), orient="row"
        ),
        "rejected_lines": pl.DataFrame(rejected, schema=TABLES["rejected_lines"].schema, orient="row"),
    }
