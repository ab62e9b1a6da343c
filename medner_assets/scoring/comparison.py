"""Compare two adapters on the same documents: differences with intervals, p-values, a verdict. Pure.

It speaks of these adapters, not of their recipes: only documents are resampled, and another training of the
same recipe gives another adapter (see `recipe_comparison.py`).
"""

import math

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.scoring.aligning import (
    METRIC,
    counts_of,
    of_test,
    require_same_documents,
    require_same_gold,
)
from medner_assets.scoring.evaluation import RESAMPLES
from medner_assets.scoring.schemes import FINAL, HEADLINES
from medner_assets.scoring.statistics.bootstrap import paired_draws, percentiles
from medner_assets.scoring.statistics.f1 import by_group, f1
from medner_assets.scoring.statistics.power import smallest_difference
from medner_assets.scoring.statistics.randomisation import p_values
from medner_assets.scoring.statistics.simultaneous import FEWEST_GROUPS, LEVEL, max_t
from medner_assets.tables import TABLES

BETTER, WORSE, UNDECIDED, NO_VERDICT = "better", "worse", "not distinguishable", "no verdict"


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
    Groups are resampled, all rows with the same draws. The two headline metrics at `final` have a verdict;
    it, the interval and the adjusted p-value are one statement, from the same draws (max-T). Other rows have
    a percentile interval of their own and an unadjusted p-value. Raises MednerError if the two were not
    scored on the same documents of the same dataset version.
    """
    ours, theirs = of_test(scores, "the version"), of_test(baseline_scores, baseline)
    require_same_documents(ours, theirs, baseline)
    documents = ours.select("doc_id", "group_id").unique("doc_id").sort("doc_id")
    names = ours.select(METRIC).unique(maintain_order=True)
    names = names.join(theirs.select(METRIC).unique(), on=METRIC, how="semi", maintain_order="left")
    if not names.height:
        raise MednerError(f"comparison with {baseline}: no stage and scheme in common: evaluate both again")
    counts, baseline_counts = counts_of(ours, names, documents), counts_of(theirs, names, documents)
    require_same_gold(counts, baseline_counts, baseline)
    groups = documents["group_id"].to_numpy()
    grouped, baseline_grouped = by_group(counts, groups), by_group(baseline_counts, groups)
    version_f1, baseline_f1 = f1(counts.sum(axis=0)), f1(baseline_counts.sum(axis=0))
    draws = paired_draws(grouped, baseline_grouped, seed=seed, resamples=resamples)
    intervals = percentiles(draws)
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
        p_value=p_values(grouped, baseline_grouped, seed=seed, resamples=resamples),
        documents=pl.lit(documents.height, dtype=pl.Int64),
        groups=((grouped + baseline_grouped).sum(axis=-1) > 0).sum(axis=0),
        seed=pl.lit(seed, dtype=pl.Int64),
        resamples=pl.lit(resamples, dtype=pl.Int64),
    )
    return _judged(table, draws).select(list(TABLES["comparisons"].schema)).cast(TABLES["comparisons"].schema)  # type: ignore[arg-type]


def verdict(low: float | None, high: float | None, groups: int) -> str:
    """Return better, worse or not distinguishable: on which side of 0 the simultaneous interval lies.

    groups: that hold an item; below 20 there is no verdict, and none without an interval.
    """
    if low is None or high is None or groups < FEWEST_GROUPS:
        return NO_VERDICT
    return BETTER if low > 0 else WORSE if high < 0 else UNDECIDED


def _judged(table: pl.DataFrame, draws: np.ndarray) -> pl.DataFrame:
    """Return the table with what only headline metrics have, null elsewhere: their simultaneous interval,
    p_adjusted, standard_error, critical, found_above and verdict.
    """
    rows = table.to_dicts()
    for row in rows:
        row |= dict.fromkeys(("p_adjusted", "standard_error", "critical", "found_above", "verdict"))
    at = [i for i, row in enumerate(rows) if _is_headline(row)]
    if at:
        observed = np.array([rows[i]["difference"] for i in at])
        groups = np.array([rows[i]["groups"] for i in at])
        found = max_t(observed, draws[:, at], groups, LEVEL)
        for place, i in enumerate(at):
            error = _number(found.standard_error[place])
            rows[i] |= {
                "low": _number(found.low[place]),
                "high": _number(found.high[place]),
                "p_adjusted": _number(found.p_adjusted[place]),
                "standard_error": error,
                "critical": found.critical,
                "found_above": None if error is None else smallest_difference(error, found.critical),
            }
            rows[i]["verdict"] = verdict(rows[i]["low"], rows[i]["high"], rows[i]["groups"])
    return pl.DataFrame(rows, schema_overrides=TABLES["comparisons"].schema, infer_schema_length=None)


def _is_headline(row: dict[str, object]) -> bool:
    return row["stage"] == FINAL and (row["task"], row["scheme"]) in HEADLINES


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
