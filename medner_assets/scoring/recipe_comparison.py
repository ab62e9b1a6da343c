"""Compare two recipes, each trained several times, on the same documents: the crossed t. Pure.

It speaks of the recipes: seeds and documents both vary. What it needs is at least two trainings of each.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.scoring.aligning import counts_of, of_test, require_same_documents, require_same_gold
from medner_assets.scoring.comparison import UNDECIDED, verdict
from medner_assets.scoring.schemes import FINAL, HEADLINES
from medner_assets.scoring.statistics.crossed import crossed_t
from medner_assets.scoring.statistics.f1 import by_group, f1
from medner_assets.scoring.statistics.power import smallest_difference
from medner_assets.scoring.statistics.simultaneous import LEVEL
from medner_assets.tables import TABLES

EQUIVALENT = "equivalent"


def compare_recipes(
    scores: Sequence[pl.DataFrame],
    baseline_scores: Sequence[pl.DataFrame],
    *,
    baseline: str,
    margin: float | None = None,
) -> pl.DataFrame:
    """Return the table recipe_comparisons: a row for each headline metric at `final`.

    scores, baseline_scores: rows of document_scores, one frame an adapter; no rows come back where either
    side has one adapter only. Intervals hold for both metrics together (t at 1 − .05/4), and the verdict says
    on which side of 0 they lie; within ±margin, where one is given, the recipes are equivalent. Raises
    MednerError if an adapter stands twice or they were not scored on the same documents of the same dataset
    version.
    """
    sides = [[of_test(frame, "a replicate") for frame in side] for side in (scores, baseline_scores)]
    if min(map(len, sides)) < 2:
        return pl.DataFrame(schema=TABLES["recipe_comparisons"].schema)
    first = sides[0][0]
    for each in (*sides[0], *sides[1]):
        require_same_documents(first, each, baseline)
    ids = [frame["evaluation_id"][0] for side in sides for frame in side]
    if len(set(ids)) < len(ids):
        raise MednerError(
            f"comparison with {baseline}: one evaluation occurs twice among the replicates: train each again"
        )
    documents = first.select("doc_id", "group_id").unique("doc_id").sort("doc_id")
    names = pl.DataFrame(
        [(FINAL, task, scheme) for task, scheme in HEADLINES],
        schema=["stage", "task", "scheme"],
        orient="row",
    )
    counts = [[counts_of(frame, names, documents) for frame in side] for side in sides]
    for own in (*counts[0], *counts[1]):
        require_same_gold(counts[0][0], own, baseline)
    groups = documents["group_id"].to_numpy()
    ours, theirs = (np.stack([by_group(each, groups) for each in side]) for side in counts)
    held = ((ours.sum(axis=0) + theirs.sum(axis=0)).sum(axis=-1) > 0).sum(axis=0)
    if ours.shape[1] < 2:
        return pl.DataFrame(schema=TABLES["recipe_comparisons"].schema)
    test = crossed_t(ours, theirs)
    critical = test.critical(LEVEL, tests=len(HEADLINES))
    rows = []
    for i, (task, scheme) in enumerate(HEADLINES):
        half = float(critical[i] * test.standard_error[i])
        low, high = float(test.difference[i]) - half, float(test.difference[i]) + half
        word = verdict(low, high, int(held[i]))
        if word == UNDECIDED and margin is not None and -margin < low and high < margin:
            word = EQUIVALENT
        rows.append(
            {
                "baseline": baseline, "dataset": first["dataset"][0],
                "dataset_version": first["dataset_version"][0], "task": task, "scheme": scheme,
                "trainings": len(ours), "baseline_trainings": len(theirs),
                "version_f1": float(f1(ours.sum(axis=1))[:, i].mean()),
                "version_sd": float(test.version_sd[i]),
                "baseline_f1": float(f1(theirs.sum(axis=1))[:, i].mean()),
                "baseline_sd": float(test.baseline_sd[i]),
                "difference": float(test.difference[i]), "low": low, "high": high,
                "p_adjusted": min(1.0, len(HEADLINES) * float(test.p_value[i])),
                "standard_error": float(test.standard_error[i]), "degrees": float(test.degrees[i]),
                "critical": float(critical[i]),
                "found_above": smallest_difference(
                    float(test.standard_error[i]), float(critical[i]), float(test.degrees[i])
                ),
                "margin": margin, "verdict": word, "documents": documents.height, "groups": int(held[i]),
                "evaluation_id": sides[0][0]["evaluation_id"][0],
                "baseline_evaluation_id": sides[1][0]["evaluation_id"][0],
                "evaluation_ids": [frame["evaluation_id"][0] for frame in sides[0]],
                "baseline_evaluation_ids": [frame["evaluation_id"][0] for frame in sides[1]],
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema=TABLES["recipe_comparisons"].schema)
