"""Bring the document scores of several evaluations onto the same documents, or refuse. Pure."""

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.scoring.evaluation import TEST
from medner_assets.scoring.frames import require
from medner_assets.tables import TABLES

METRIC = ["stage", "task", "scheme"]
"""What names a metric."""


def of_test(scores: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the rows of the test split; raise MednerError unless they are those of one evaluation."""
    require(scores, TABLES["document_scores"].schema, "document_scores")
    rows = scores.filter(pl.col("split") == TEST)
    if not rows.height:
        raise MednerError(f"comparison: {name} has no scores on the test split: evaluate it first")
    if rows["evaluation_id"].n_unique() > 1:
        raise MednerError(f"comparison: the scores of {name} are of several evaluations: evaluate it again")
    return rows


def require_same_documents(ours: pl.DataFrame, theirs: pl.DataFrame, baseline: str) -> None:
    """Raise MednerError unless both were scored on the same documents of the same state of a dataset."""
    for column, what in (("dataset", "datasets"), ("dataset_version", "states of the dataset")):
        if ours[column][0] != theirs[column][0]:
            raise MednerError(
                f"comparison with {baseline}: the two were evaluated on different {what} "
                f"({ours[column][0]} and {theirs[column][0]}): evaluate both on the same one"
            )
    apart = set(ours["doc_id"].unique()) ^ set(theirs["doc_id"].unique())
    if apart:
        raise MednerError(
            f"comparison with {baseline}: {len(apart)} documents were scored for one of the two only: "
            "evaluate both on the same documents"
        )


def require_same_gold(counts: np.ndarray, baseline_counts: np.ndarray, baseline: str) -> None:
    """Raise MednerError unless both, (documents, metrics, 3), count the same gold items in each document."""
    if (counts[..., 0] + counts[..., 2] != baseline_counts[..., 0] + baseline_counts[..., 2]).any():
        raise MednerError(
            f"comparison with {baseline}: the two differ in the number of gold items: evaluate both again"
        )


def counts_of(scores: pl.DataFrame, names: pl.DataFrame, documents: pl.DataFrame) -> np.ndarray:
    """Return (documents, metrics, 3): tp, fp, fn. names: stage, task, scheme; documents: column doc_id."""
    ids = documents.select("doc_id")
    parts = []
    for stage, task, scheme in names.rows():
        rows = scores.filter(
            (pl.col("stage") == stage) & (pl.col("task") == task) & (pl.col("scheme") == scheme)
        )
        ordered = ids.join(rows, on="doc_id", how="left", maintain_order="left")
        if ordered.height != ids.height or ordered["tp"].null_count():
            raise MednerError(
                f"comparison: {stage} {task} {scheme} has not one score for each document: evaluate again"
            )
        parts.append(ordered.select("tp", "fp", "fn").to_numpy())
    return np.stack(parts, axis=1)
