"""The frames that scoring reads: of each table the columns that it needs, without the partition key.

Frames may carry further columns, which are ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from medner_assets.errors import MednerError
from medner_assets.tables import TABLES

DOCUMENTS = TABLES["documents"].only("doc_id", "split", "group_id", "text", "directed", "level")
GOLD_ENTITIES = TABLES["gold_entities"].only(
    "doc_id", "entity_id", "type", "start", "end", "text", "concepts"
)
GOLD_RELATIONS = TABLES["gold_relations"].without("split", "head_id", "tail_id", "attributes")
_UNREAD = ("evaluation_id", "dataset", "split", "probability", "model_probability", "votes")
PREDICTED_ENTITIES = TABLES["predicted_entities"].without(*_UNREAD)
PREDICTED_RELATIONS = TABLES["predicted_relations"].without(*_UNREAD)


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
