"""Replicates that were really trained: spreads, both statements, and what single trainings would have said.

python -m benchmarks.replicating.real VERSION:BASELINE …   reads MEDNER_DATA; writes into replication.json
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from medner_assets.defs.reporting.evaluations import recipes_compared, replicate_scores
from medner_assets.defs.resources import Warehouse
from medner_assets.scoring.aligning import counts_of, of_test
from medner_assets.scoring.comparison import compare_versions
from medner_assets.scoring.statistics.f1 import by_group, f1, influence

RESULTS = Path(__file__).parent.parent / "results" / "replication.json"
HEADLINE = pl.DataFrame(
    [("final", "entity", "text"), ("final", "relation", "strict")],
    schema=["stage", "task", "scheme"],
    orient="row",
)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for the family-wise error rate (Holm 1979), as reports did before."""
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def pair(version: str, baseline: str) -> dict[str, Any]:
    """Return what the replicates of two versions show; every F1 is a fraction."""
    warehouse = Warehouse.of_no_run()
    sides = [replicate_scores(warehouse, name)[0] for name in (version, baseline)]
    singles = [
        compare_versions(ours, theirs, baseline=baseline, seed=1, resamples=2_000)
        for ours in sides[0]
        for theirs in sides[1]
    ]
    judged = [each.filter(pl.col("verdict").is_not_null()).sort("task") for each in singles]
    found: dict[str, Any] = {
        "version": version, "baseline": baseline, "single_pairs": len(judged),
        "recipes": recipes_compared(warehouse, version, baseline).drop(
            "evaluation_ids", "baseline_evaluation_ids", "evaluation_id", "baseline_evaluation_id"
        ).to_dicts(),
    }  # fmt: skip
    holm_p = np.array([holm(each["p_value"].to_numpy()) for each in judged])
    for place, task in enumerate(("entity", "relation")):
        rows = [each.row(place, named=True) for each in judged]
        differences = [row["difference"] for row in rows]
        found[task] = {
            "lowest_difference": min(differences),
            "highest_difference": max(differences),
            "called_different_before": float((holm_p[:, place] < 0.05).mean()),
            "called_different": sum(row["verdict"] in ("better", "worse") for row in rows) / len(rows),
            **spreads(sides, place),
        }
    return found


def spreads(sides: list[list[pl.DataFrame]], place: int) -> dict[str, Any]:
    """Return the parts of the variance, as standard deviations of F1 (see `statistics/power.py`)."""
    scores, moved = [], []
    groups = 0
    for side in sides:
        rows = [of_test(frame, "a replicate") for frame in side]
        documents = rows[0].select("doc_id", "group_id").unique("doc_id").sort("doc_id")
        labels = documents["group_id"].to_numpy()
        counts = np.stack([by_group(counts_of(each, HEADLINE, documents), labels) for each in rows])
        scores.append(f1(counts.sum(axis=1))[:, place])
        moved.append(influence(counts)[:, :, place])
        groups = int((counts.sum(axis=(0, 2, 3)) > 0).sum())
    of_groups = groups / (groups - 1)
    residual = [of_groups * ((each - each.mean(axis=0)) ** 2).sum() / (len(each) - 1) for each in moved]
    single = np.mean([
        of_groups * ((ours - theirs) ** 2).sum() for ours in moved[0] for theirs in moved[1]
    ])  # fmt: skip
    return {
        "f1": [each.tolist() for each in scores],
        "sd": [float(each.std(ddof=1)) for each in scores],
        "groups": groups,
        "document_sd_of_one_group": float(np.sqrt(single * groups)),
        "share_that_seeds_do_not_average": float(max(0.0, 1 - sum(residual) / single)),
    }


def main() -> None:
    found = [pair(*each.split(":")) for each in sys.argv[1:]]
    content = json.loads(RESULTS.read_text(encoding="utf-8")) | {"real": found}
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for each in found:
        print(each["version"], "against", each["baseline"], f"{each['single_pairs']} single pairs")
        for task in ("entity", "relation"):
            row = each[task]
            print(
                f"  {task}: SD {row['sd'][0]:.4f} and {row['sd'][1]:.4f}; single differences "
                f"{row['lowest_difference']:+.3f} to {row['highest_difference']:+.3f}; called different "
                f"{row['called_different_before']:.2f} before, {row['called_different']:.2f} now; one group "
                f"{row['document_sd_of_one_group']:.3f}, kept {row['share_that_seeds_do_not_average']:.2f}"
            )
        for row in each["recipes"]:
            interval = f"{row['low']:+.4f} to {row['high']:+.4f}"
            print(
                f"  recipes, {row['task']}: {row['difference']:+.4f} ({interval}), "
                f"adjusted p {row['p_adjusted']:.4f}, {row['verdict']}"
            )  # fmt: skip


if __name__ == "__main__":
    main()
