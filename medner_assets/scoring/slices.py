"""Compare two versions on slices of the documents (by length, by source, …): many tests, so their p-values
are adjusted for the false-discovery rate. Pure.
"""

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.scoring.comparison import BETTER, UNDECIDED, WORSE, compare_versions
from medner_assets.scoring.evaluation import RESAMPLES
from medner_assets.scoring.schemes import FINAL, Scheme
from medner_assets.scoring.statistics.multiplicity import benjamini_hochberg
from medner_assets.scoring.statistics.simultaneous import LEVEL


def compare_slices(
    scores: pl.DataFrame,
    baseline_scores: pl.DataFrame,
    slices: pl.DataFrame,
    *,
    baseline: str,
    scheme: Scheme,
    seed: int,
    resamples: int = RESAMPLES,
) -> pl.DataFrame:
    """Return one row for each slice, by name: slice, documents, baseline_f1, version_f1, difference, low,
    high, p_value, p_adjusted (Benjamini–Hochberg over the slices), verdict (at 0.05 on p_adjusted).

    scores, baseline_scores: as `compare_versions` takes them; compared at `final` under `scheme`. slices:
    doc_id and slice; a document may be in several, or in none. Raises MednerError if a slice has no scored
    document.
    """
    rows = []
    for (name,), documents in slices.sort("slice").group_by("slice", maintain_order=True):
        parts = [
            each.filter((pl.col("stage") == FINAL) & (pl.col("scheme") == scheme)).join(
                documents, on="doc_id", how="semi"
            )
            for each in (scores, baseline_scores)
        ]
        if parts[0].is_empty():
            raise MednerError(f"slice {name!r}: none of its documents is scored under {scheme}: leave it out")
        table = compare_versions(*parts, baseline=baseline, seed=seed, resamples=resamples)
        rows.append(table.select(pl.lit(name).alias("slice"), *_FIGURES))
    if not rows:
        raise MednerError("slices: there are none: name at least one slice of documents")
    result = pl.concat(rows)
    adjusted = benjamini_hochberg(result["p_value"].to_numpy())
    verdicts = [_verdict(gap, p) for gap, p in zip(result["difference"], adjusted, strict=True)]
    return result.with_columns(p_adjusted=np.asarray(adjusted), verdict=pl.Series(verdicts, dtype=pl.String))


def _verdict(difference: float, p_adjusted: float) -> str:
    if p_adjusted >= LEVEL:
        return UNDECIDED
    return BETTER if difference > 0 else WORSE


_FIGURES = ("documents", "baseline_f1", "version_f1", "difference", "low", "high", "p_value")
