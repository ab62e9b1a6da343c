"""Compare two evaluations of the same documents: differences with intervals, p-values, a verdict. Pure."""

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.scoring.evaluation import RESAMPLES, TEST
from medner_assets.scoring.frames import COMPARISONS, DOCUMENT_SCORES, require
from medner_assets.scoring.schemes import FINAL, HEADLINES
from medner_assets.scoring.statistics.bootstrap import paired_intervals
from medner_assets.scoring.statistics.f1 import by_group, f1
from medner_assets.scoring.statistics.multiplicity import holm
from medner_assets.scoring.statistics.randomisation import p_values

LEVEL = 0.05
BETTER, WORSE, UNDECIDED = "better", "worse", "not distinguishable"
_METRIC = ["stage", "task", "scheme"]


def compare_versions(
    scores: pl.DataFrame,
    baseline_scores: pl.DataFrame,
    *,
    baseline: str,
    seed: int,
    resamples: int = RESAMPLES,
) -> pl.DataFrame:
    """Return the table comparisons: one row for each stage, task and scheme that both evaluations have.

    scores, baseline_scores: rows of document_scores, one evaluation each; only the test split is compared.
    Groups are resampled, all rows with the same draws. The verdict is over the headline metrics at `final`,
    Holm-adjusted. Raises MednerError if the two were not scored on the same documents of the same dataset
    version.
    """
    ours, theirs = _of_test(scores, "the version"), _of_test(baseline_scores, baseline)
    _require_same_documents(ours, theirs, baseline)
    documents = ours.select("doc_id", "group_id").unique("doc_id").sort("doc_id")
    names = ours.select(_METRIC).unique(maintain_order=True)
    names = names.join(theirs.select(_METRIC).unique(), on=_METRIC, how="semi", maintain_order="left")
    if not names.height:
        raise MednerError(f"comparison with {baseline}: no stage and scheme in common: evaluate both again")
    counts, baseline_counts = _counts(ours, names, documents), _counts(theirs, names, documents)
    _require_same_gold(counts, baseline_counts, baseline)
    groups = documents["group_id"].to_numpy()
    grouped, baseline_grouped = by_group(counts, groups), by_group(baseline_counts, groups)
    version_f1, baseline_f1 = f1(counts.sum(axis=0)), f1(baseline_counts.sum(axis=0))
    intervals = paired_intervals(grouped, baseline_grouped, seed=seed, resamples=resamples)
    p = p_values(grouped, baseline_grouped, seed=seed, resamples=resamples)
    same = {name: ours[name][0] for name in ("dataset", "dataset_version", "evaluation_id")}
    table = names.with_columns(
        **{name: pl.lit(value) for name, value in same.items()},
        baseline=pl.lit(baseline),
        baseline_evaluation_id=pl.lit(theirs["evaluation_id"][0]),
        version_f1=version_f1,
        baseline_f1=baseline_f1,
        difference=version_f1 - baseline_f1,
        low=intervals[:, 0],
        high=intervals[:, 1],
        p_value=p,
        documents=pl.lit(documents.height, dtype=pl.Int64),
        groups=pl.lit(len(grouped), dtype=pl.Int64),
        seed=pl.lit(seed, dtype=pl.Int64),
        resamples=pl.lit(resamples, dtype=pl.Int64),
    )
    return _judged(table).select(list(COMPARISONS)).cast(COMPARISONS)  # type: ignore[arg-type]


def verdict(difference: float, p_adjusted: float) -> str:
    """Return better, worse or not distinguishable, at 0.05 on the adjusted p-value."""
    if p_adjusted >= LEVEL:
        return UNDECIDED
    return BETTER if difference > 0 else WORSE


def _judged(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with p_holm and verdict, null outside the headline metrics."""
    headline = [
        row["stage"] == FINAL and (row["task"], row["scheme"]) in HEADLINES
        for row in table.iter_rows(named=True)
    ]
    at = np.flatnonzero(headline)
    adjusted: list[float | None] = [None] * table.height
    verdicts: list[str | None] = [None] * table.height
    for row, p in zip(at, holm(table["p_value"].to_numpy()[at]), strict=True):
        adjusted[row] = float(p)
        verdicts[row] = verdict(table["difference"][int(row)], float(p))
    return table.with_columns(
        p_holm=pl.Series(adjusted, dtype=pl.Float64), verdict=pl.Series(verdicts, dtype=pl.String)
    )


def _of_test(scores: pl.DataFrame, name: str) -> pl.DataFrame:
    require(scores, DOCUMENT_SCORES, "document_scores")
    rows = scores.filter(pl.col("split") == TEST)
    if not rows.height:
        raise MednerError(f"comparison: {name} has no scores on the test split: evaluate it first")
    if rows["evaluation_id"].n_unique() > 1:
        raise MednerError(f"comparison: the scores of {name} are of several evaluations: evaluate it again")
    return rows


def _require_same_documents(ours: pl.DataFrame, theirs: pl.DataFrame, baseline: str) -> None:
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


def _require_same_gold(counts: np.ndarray, baseline_counts: np.ndarray, baseline: str) -> None:
    if (counts[..., 0] + counts[..., 2] != baseline_counts[..., 0] + baseline_counts[..., 2]).any():
        raise MednerError(
            f"comparison with {baseline}: the two disagree on the number of gold items: evaluate both again"
        )


def _counts(scores: pl.DataFrame, names: pl.DataFrame, documents: pl.DataFrame) -> np.ndarray:
    """Return (documents, metrics, 3): tp, fp, fn."""
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
