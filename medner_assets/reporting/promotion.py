"""The promotion rule: relation F1 significantly better than the champion's, and entity F1 not worse. Pure."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class PromotionDecision:
    """Whether a version should serve its dataset, and why, in words that stand in the history."""

    promote: bool
    reason: str


def decide_promotion(candidate: str, champion: str | None, comparisons: pl.DataFrame) -> PromotionDecision:
    """Decide whether `candidate` takes over from `champion`.

    champion: the version that serves the dataset now; None: none does, and the first evaluated version
    takes over.
    comparisons: rows of the table `comparisons` of the candidate against the champion; only the two
    headline rows
    (those with a verdict, stage final) decide. Missing rows: no promotion, and the reason says so.
    """
    if champion is None:
        return PromotionDecision(
            True, f"{candidate} is the first evaluated version; none served the dataset before"
        )
    if candidate == champion:
        return PromotionDecision(False, f"{candidate} serves the dataset already")
    rows = {
        row["task"]: row
        for row in comparisons.iter_rows(named=True)
        if row["verdict"] is not None
        and row["stage"] == "final"
        and row["baseline"] == champion
        and row.get("model_version", candidate) == candidate
    }
    if missing := [task for task in ("relation", "entity") if task not in rows]:
        return PromotionDecision(
            False, f"{candidate} was not compared with {champion} on {' and '.join(missing)} F1: no decision"
        )
    relation, entity = _told(rows["relation"]), _told(rows["entity"])
    if rows["relation"]["verdict"] != "better":
        return PromotionDecision(
            False, f"relation F1 is not significantly better than {champion}'s: {relation}"
        )
    if rows["entity"]["verdict"] == "worse":
        return PromotionDecision(False, f"entity F1 is significantly worse than {champion}'s: {entity}")
    return PromotionDecision(True, f"against {champion}: relation F1 {relation}; entity F1 {entity}")


def _told(row: dict[str, object]) -> str:
    def points(name: str) -> str:
        return f"{100 * float(str(row[name])):+.1f}"

    return (
        f"{row['verdict']}, {points('difference')} points (95 % {points('low')} to {points('high')}, "
        f"p = {float(str(row['p_adjusted'])):.4f}, {row['documents']} documents)"
    )
