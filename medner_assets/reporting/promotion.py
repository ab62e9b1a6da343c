"""The promotion rule: relations better than the champion's for sure, and entities not worse by more than the
margin. Pure.

It reads the lower ends of simultaneous intervals, widened for the candidates that were tried against this
champion before. It speaks of recipes where both sides were trained several times, else of adapters, and the
reason says which.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from medner_assets.scoring.comparison import NO_VERDICT
from medner_assets.scoring.statistics.spending import widening


@dataclass(frozen=True, slots=True)
class PromotionDecision:
    """Whether a version should serve its dataset, and why, in words that stand in the history."""

    promote: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A difference with its interval, widened for earlier candidates; fractions of F1."""

    difference: float
    low: float
    high: float


def decide_promotion(
    candidate: str,
    champion: str | None,
    comparisons: pl.DataFrame,
    of_recipes: pl.DataFrame,
    *,
    margin: float,
    place: int = 1,
) -> PromotionDecision:
    """Decide whether `candidate` takes over from `champion`.

    champion: the version that serves the dataset now; None: none does, and the first evaluated version
    takes over.
    comparisons, of_recipes: rows of the tables `comparisons` and `recipe_comparisons` of the candidate
    against the champion; only the two headline metrics decide. Missing rows, or too few groups: no
    promotion, and the reason says so.
    margin: entity F1 that a promotion may cost. place: of the candidate among those tried against this
    champion, from 1.
    """
    if champion is None:
        return PromotionDecision(
            True, f"{candidate} is the first evaluated version; none served the dataset before"
        )
    if candidate == champion:
        return PromotionDecision(False, f"{candidate} serves the dataset already")
    recipes = _headline(of_recipes, candidate, champion)
    rows = recipes or _headline(comparisons, candidate, champion)
    if missing := [task for task in ("relation", "entity") if task not in rows]:
        return PromotionDecision(
            False, f"{candidate} was not compared with {champion} on {' and '.join(missing)} F1: no decision"
        )
    if few := [row for row in rows.values() if row["verdict"] == NO_VERDICT]:
        return PromotionDecision(
            False, f"only {few[0]['groups']} groups of test documents hold an item: no decision below 20"
        )
    bounds = {task: bound(row, place) for task, row in rows.items()}
    relation, entity = bounds["relation"], bounds["entity"]
    what = _what(rows["relation"], recipes=bool(recipes))
    told = (
        f"{what} against {champion}: relation F1 {_told(relation)}; "
        f"entity F1 {_told(entity)}; intervals hold for both{_adjusted(place)}"
    )
    if relation.low <= 0:
        return PromotionDecision(False, f"relation F1 is not shown to be better. {told}")
    if entity.low <= -margin:
        return PromotionDecision(
            False, f"entity F1 may be worse by more than the margin of {100 * margin:.1f} points. {told}"
        )
    return PromotionDecision(True, f"{told}; margin of entity F1 {100 * margin:.1f} points")


def bound(row: dict[str, Any], place: int) -> Bound:
    """Return a headline row's interval, widened for the candidates before; the first's is the printed one."""
    degrees = row.get("degrees") or max(row["groups"] - 1, 1)
    half = float(widening(place, degrees)) * row["critical"] * row["standard_error"]
    return Bound(row["difference"], row["difference"] - half, row["difference"] + half)


def _headline(rows: pl.DataFrame, candidate: str, champion: str) -> dict[str, dict[str, Any]]:
    return {
        row["task"]: row
        for row in rows.iter_rows(named=True)
        if row["verdict"] is not None
        and row["baseline"] == champion
        and row.get("stage", "final") == "final"
        and row.get("model_version", candidate) == candidate
    }


def _what(row: dict[str, Any], *, recipes: bool) -> str:
    if recipes:
        return f"these recipes ({row['trainings']} trainings and {row['baseline_trainings']})"
    return "these adapters (one training each: it says nothing of the recipes)"


def _adjusted(place: int) -> str:
    if place == 1:
        return ", first candidate since the champion was chosen"
    return f", adjusted for {place} candidates since the champion was chosen (alpha spending)"


def _told(each: Bound) -> str:
    return f"{100 * each.difference:+.1f} points (95 % {100 * each.low:+.1f} to {100 * each.high:+.1f})"
