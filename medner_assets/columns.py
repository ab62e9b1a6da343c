"""What a table is: its partition key, its columns and their types. The tables are in `tables.py`."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

PartitionKey = Literal["dataset", "model_version"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its Polars type, and what a value means, with its unit."""

    name: str
    dtype: pl.DataType
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `grain` says what one row is."""

    name: str
    partition: PartitionKey
    grain: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Column name → type, in file order, without the partition key."""
        return {column.name: column.dtype for column in self.columns}

    def only(self, *names: str) -> dict[str, pl.DataType]:
        """Return the schema of these columns, in the order in which they are named; KeyError for another."""
        return {name: self.schema[name] for name in names}

    def without(self, *names: str) -> dict[str, pl.DataType]:
        """Return the schema without these columns; KeyError for one that the table lacks."""
        left = self.schema
        for name in names:
            del left[name]
        return left


TEXT, INT, REAL, FLAG = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean()
TEXTS, TIME = pl.List(pl.String()), pl.Datetime("us", "UTC")
INTS, REALS = pl.List(pl.Int32()), pl.List(pl.Float32())


def _structs(**fields: pl.DataType) -> pl.List:
    return pl.List(pl.Struct(fields))


ENTITIES = _structs(type=TEXT, text=TEXT, start=INT, end=INT, grounding=TEXT, probability=REAL)
RELATIONS = _structs(
    type=TEXT,
    head_text=TEXT, head_type=TEXT, head_start=INT, head_end=INT,
    tail_text=TEXT, tail_type=TEXT, tail_start=INT, tail_end=INT,
    probability=REAL,
)  # fmt: skip
WINDOWS = _structs(start=INT, end=INT, completion=TEXT, finish_reason=TEXT)

EVALUATION = Column(
    "evaluation_id", TEXT, "hash of adapter weights, dataset version, decoding, post-processing, scorer"
)
DATASET = Column("dataset", TEXT, "the dataset that the version was evaluated on")
DATASET_VERSION = Column("dataset_version", TEXT, "hash of the dataset's content")
SPLIT = Column("split", TEXT, "train, dev or test")
STAGE = Column("stage", TEXT, "raw, a post-processing step (cumulative), or final")
TASK = Column("task", TEXT, "entity or relation")
SCHEME = Column("scheme", TEXT, "text, span, strict or boundaries")
DOC = Column("doc_id", TEXT, "the document")
GROUP = Column("group_id", TEXT, "what is resampled as one; the document's id where it has no group")
COUNTS = (
    Column("tp", INT, "items, true positives"),
    Column("fp", INT, "items, false positives"),
    Column("fn", INT, "items, false negatives"),
)
PROBABILITY = Column(
    "probability", REAL, "that it is right, calibrated on dev where that was possible; null: not known"
)
MODEL_PROBABILITY = Column(
    "model_probability", REAL, "product of its tokens' probabilities, before calibration; null: not kept"
)
VOTES = Column("votes", INT, "replicates that say so; null: the version is no ensemble")
ANNOTATION = Column(
    "annotation_id", TEXT, "hash of adapter weights, dataset version, decoding, post-processing, reading"
)
CORPUS = Column("corpus", TEXT, "name of the corpus")
SHARD = Column("shard", TEXT, "hash of the shard's place and content")
OUTCOME = (
    Column("error", TEXT, "correct or one of the error classes of docs/scoring.md"),
    Column("tp", INT, "1 if a predicted item matches a gold item"),
    Column("fp", INT, "1 if a predicted item counts as false positive"),
    Column("fn", INT, "1 if a gold item counts as false negative"),
)
