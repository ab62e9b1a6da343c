"""The smallest difference that a comparison can find, before anything is trained.

Planning values are measured, not assumed: `benchmarks/replicating/real.py` writes where they come from.
Source: Cohen 1988, Statistical power analysis, chapter 2; the difference found with power 1 − β by a test of
standard error e is (t(1 − α/2) + t(1 − β)) · e.
"""

from dataclasses import dataclass

import numpy as np

LEVEL, POWER = 0.05, 0.80
TESTS = 2
"""Headline metrics judged together."""


@dataclass(frozen=True, slots=True)
class ScoreVariation:
    """What makes two F1 scores differ, as standard deviations of F1; each is of one adapter or recipe."""

    document: float
    """Of the difference of two adapters, for one test document with an item; falls with √documents."""
    recipe: float
    """Share of that variance which more seeds do not average away: recipes that suit other documents, 0–1."""
    seed: float
    """Of F1 from training to training."""


PLANNED = ScoreVariation(document=0.254, recipe=0.29, seed=0.0075)
"""Relation F1, the task that decides, of the embedded base on synthetic notes: five trainings of `tiny-v1`
and of `tiny-v2` (`benchmarks/results/replication.json`); the seed's part with those of `base.json`."""


def smallest_difference(standard_error: float, critical: float, degrees: float = np.inf) -> float:
    """Return the difference of F1 that a test finds with 80 % power.

    standard_error: of the difference, at least 0. critical: standard errors beyond which it is significant.
    degrees: of freedom of t, above 0.
    """
    from scipy.special import stdtrit  # that of scipy.stats, whose import takes seconds

    return float((critical + stdtrit(degrees, POWER)) * standard_error)


def _simultaneous(standard_error: float, degrees: float) -> float:
    """Return the same for a test at 0.05 over both headline metrics."""
    from scipy.special import stdtrit

    return smallest_difference(standard_error, float(stdtrit(degrees, 1 - LEVEL / (2 * TESTS))), degrees)


def of_adapters(groups: int, spread: ScoreVariation = PLANNED) -> float | None:
    """Return the smallest difference of two adapters that `groups` test groups find; None below two groups.

    groups: those that hold an item.
    """
    if groups < 2:
        return None
    return _simultaneous(spread.document / np.sqrt(groups), groups - 1)


def of_recipes(groups: int, replicates: int, spread: ScoreVariation = PLANNED) -> float | None:
    """Return the smallest difference of two recipes, each trained `replicates` times; None below two each.

    The variance is that of the crossed t: of documents, once seeds are averaged, and of seeds.
    """
    if groups < 2 or replicates < 2:
        return None
    documents = spread.recipe * spread.document**2 / groups
    seeds = 2 * (spread.seed**2 + (1 - spread.recipe) * spread.document**2 / (2 * groups)) / replicates
    variance = documents + seeds
    degrees = variance**2 / (documents**2 / (groups - 1) + seeds**2 / (2 * (replicates - 1)))
    return _simultaneous(float(np.sqrt(variance)), degrees)


def planned(groups: int, replicates: int) -> tuple[str, ...]:
    """Return what a test split can find, in sentences: now, and with more documents or trainings.

    groups: test groups that hold an item. replicates: trainings that a recipe declares; with fewer than two,
    five are shown.
    """
    one = of_adapters(groups)
    if one is None:
        return ("the test split finds no difference: fewer than two groups of documents hold an item",)
    several = max(replicates, 5 if replicates < 2 else 2)
    now, more = of_recipes(groups, several), of_recipes(groups, 2 * several)
    wide = of_adapters(2 * groups), of_recipes(2 * groups, several)
    lines = [
        f"smallest difference in relation F1 that {groups:,} test groups find with 80 % power: "
        f"{_points(one)} between two adapters, {_points(now)} between two recipes "
        f"of {several} trainings each",
        f"twice the test documents: {_points(wide[0])} and {_points(wide[1])}; twice the trainings: "
        f"{_points(more)} between recipes",
        "planned with the spread of five trainings of medner-tiny on synthetic notes; other bases and "
        "datasets vary by more or less",
    ]
    if groups < 20:
        lines.append("fewer than 20 test groups: no verdict will be given")
    return tuple(lines)


def _points(value: float | None) -> str:
    return "no" if value is None else f"{100 * value:.1f} points"
