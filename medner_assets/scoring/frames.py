"""The frames that scoring reads and writes: columns as the warehouse's tables have them, without the
partition key.

Scoring may not import the warehouse, so the schemas stand here once more; a test holds them against
`warehouse/tables.py`. Frames may carry further columns, which are ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from medner_assets.errors import MednerError

Schema = dict[str, pl.DataType]

TEXT, INT, REAL, FLAG = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean()
TEXTS = pl.List(pl.String())

_ERROR_COUNTS: Schema = {"error": TEXT, "tp": INT, "fp": INT, "fn": INT}
_AT: Schema = {"evaluation_id": TEXT, "dataset": TEXT, "stage": TEXT, "split": TEXT, "doc_id": TEXT}

DOCUMENTS: Schema = {
    "doc_id": TEXT, "split": TEXT, "group_id": TEXT, "text": TEXT, "directed": FLAG, "level": TEXT,
}  # fmt: skip
GOLD_ENTITIES: Schema = {
    "doc_id": TEXT, "entity_id": TEXT, "type": TEXT, "start": INT, "end": INT, "text": TEXT,
    "concepts": pl.List(pl.String()),
}  # fmt: skip
GOLD_RELATIONS: Schema = {
    "doc_id": TEXT, "relation_id": INT, "type": TEXT, "symmetric": FLAG, "head_text": TEXT, "head_type": TEXT,
    "tail_text": TEXT, "tail_type": TEXT, "head_concept": TEXT, "tail_concept": TEXT,
}  # fmt: skip
PREDICTED_ENTITIES: Schema = {
    "stage": TEXT, "doc_id": TEXT, "ordinal": INT, "type": TEXT, "text": TEXT, "start": INT, "end": INT,
    "grounding": TEXT,
}  # fmt: skip
PREDICTED_RELATIONS: Schema = {
    "stage": TEXT, "doc_id": TEXT, "ordinal": INT, "type": TEXT, "head_text": TEXT, "head_type": TEXT,
    "tail_text": TEXT, "tail_type": TEXT,
}  # fmt: skip

ENTITY_OUTCOMES: Schema = {
    **_AT, **_ERROR_COUNTS, "ordinal": INT, "entity_id": TEXT,
    "predicted_type": TEXT, "predicted_text": TEXT, "predicted_start": INT, "predicted_end": INT,
    "gold_type": TEXT, "gold_text": TEXT, "gold_start": INT, "gold_end": INT,
}  # fmt: skip
RELATION_OUTCOMES: Schema = {
    **_AT, **_ERROR_COUNTS, "ordinal": INT, "relation_id": INT,
    "predicted_type": TEXT, "predicted_head": TEXT, "predicted_head_type": TEXT,
    "predicted_tail": TEXT, "predicted_tail_type": TEXT,
    "gold_type": TEXT, "gold_head": TEXT, "gold_head_type": TEXT, "gold_tail": TEXT, "gold_tail_type": TEXT,
}  # fmt: skip
DOCUMENT_SCORES: Schema = {
    "evaluation_id": TEXT, "dataset": TEXT, "dataset_version": TEXT, "stage": TEXT, "split": TEXT,
    "task": TEXT, "scheme": TEXT, "doc_id": TEXT, "group_id": TEXT, "tp": INT, "fp": INT, "fn": INT,
}  # fmt: skip
METRICS: Schema = {
    "evaluation_id": TEXT, "dataset": TEXT, "dataset_version": TEXT, "stage": TEXT, "task": TEXT,
    "scheme": TEXT, "signature": TEXT, "tp": INT, "fp": INT, "fn": INT,
    "precision": REAL, "recall": REAL, "f1": REAL,
    "f1_low": REAL, "f1_high": REAL, "macro_f1": REAL, "documents": INT, "seed": INT, "resamples": INT,
}  # fmt: skip
COMPARISONS: Schema = {
    "baseline": TEXT, "dataset": TEXT, "dataset_version": TEXT, "stage": TEXT, "task": TEXT, "scheme": TEXT,
    "baseline_f1": REAL, "version_f1": REAL, "difference": REAL, "low": REAL, "high": REAL,
    "p_value": REAL, "p_adjusted": REAL, "verdict": TEXT, "standard_error": REAL,
    "critical": REAL, "found_above": REAL, "documents": INT, "groups": INT, "seed": INT, "resamples": INT,
    "evaluation_id": TEXT, "baseline_evaluation_id": TEXT,
}  # fmt: skip

RECIPE_COMPARISONS: Schema = {
    "baseline": TEXT, "dataset": TEXT, "dataset_version": TEXT, "task": TEXT, "scheme": TEXT,
    "trainings": INT, "baseline_trainings": INT, "version_f1": REAL, "version_sd": REAL,
    "baseline_f1": REAL, "baseline_sd": REAL, "difference": REAL, "low": REAL, "high": REAL,
    "p_adjusted": REAL, "standard_error": REAL, "degrees": REAL, "critical": REAL, "found_above": REAL,
    "margin": REAL, "verdict": TEXT, "documents": INT, "groups": INT, "evaluation_id": TEXT,
    "baseline_evaluation_id": TEXT, "evaluation_ids": TEXTS, "baseline_evaluation_ids": TEXTS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GoldFrames:
    """Gold documents and their annotations; `documents` says which documents are scored."""

    documents: pl.DataFrame
    entities: pl.DataFrame
    relations: pl.DataFrame

    def __post_init__(self) -> None:
        require(self.documents, DOCUMENTS, "documents")
        require(self.entities, GOLD_ENTITIES, "gold_entities")
        require(self.relations, GOLD_RELATIONS, "gold_relations")


@dataclass(frozen=True, slots=True)
class PredictedFrames:
    """What a version predicts, one set of rows a stage. Invariant: an ordinal stands once in a stage of a
    document.
    """

    entities: pl.DataFrame
    relations: pl.DataFrame

    def __post_init__(self) -> None:
        require(self.entities, PREDICTED_ENTITIES, "predicted_entities")
        require(self.relations, PREDICTED_RELATIONS, "predicted_relations")


def require(frame: pl.DataFrame, schema: Mapping[str, pl.DataType], name: str) -> None:
    """Raise MednerError unless `frame` has every column of `schema` with its type."""
    for column, dtype in schema.items():
        if column not in frame.columns:
            raise MednerError(f"frame {name}: column {column!r} is missing: pass the table's columns")
        if frame.schema[column] != dtype:
            raise MednerError(
                f"frame {name}: column {column!r} is {frame.schema[column]}, not {dtype}: "
                "cast it as the table declares"
            )
