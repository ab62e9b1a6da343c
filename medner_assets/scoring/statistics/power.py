"""The smallest difference that a comparison can find, before anything is trained.

Planning values are measured, not assumed: `benchmarks/replication.py --real` writes where they come from.
Source: Cohen 1988, Statistical power analysis, chapter 2; the difference found with power 1 − β by a test of
standard error e is (t(1 − α/2) + t(1 − β)) · e.
"""

from dataclasses import dataclass

import numpy as np

LEVEL, POWER = 0.05, 0.80
TESTS = 2
"""Headline metrics judged together."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What makes two F1 scores differ, as standard deviations of F1; each is of one adapter or recipe."""

    document: float
    """Of the difference of two adapters, for one test document with an item; falls with √documents."""
    recipe: float
    """Share of that variance which more seeds do not average away: recipes that suit other documents, 0–1."""
    seed: float
    """Of F1 from training to training."""


PLANNED = Spread(document=0.25, recipe=0.5, seed=0.016)
"""Relation F1 of the embedded base on synthetic notes: the task that decides."""


def smallest_difference(standard_error: float, critical: float, degrees: float = np.inf) -> float:
    """Return the difference of F1 that a test finds with 80 % power.

    standard_error: of the difference, at least 0. critical: standard errors beyond which it is significant.
    degrees: of freedom of t, above 0.
    """
    from scipy.stats import t

    return float((critical + t.ppf(POWER, degrees)) * standard_error)


def _simultaneous(standard_error: float, degrees: float) -> float:
    """Return the same for a test at 0.05 over both headline metrics."""
    from scipy.stats import t

    return smallest_difference(standard_error, float(t.ppf(1 - LEVEL / (2 * TESTS), degrees)), degrees)


def of_adapters(groups: int, spread: Spread = PLANNED) -> float | None:
    """Return the smallest difference of two adapters that `groups` test groups find; None below two groups.

    groups: those that hold an item.
    """
    if groups < 2:
        return None
    return _simultaneous(spread.document / np.sqrt(groups), groups - 1)


def of_recipes(groups: int, replicates: int, spread: Spread = PLANNED) -> float | None:
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
