"""Intervals and p-values of several differences at once, from the same draws: max-T.

An interval that excludes 0 and an adjusted p-value below 0.05 are one statement here, by construction.
Sources: Westfall & Young 1993 (single-step max-T); Hothorn, Bretz & Westfall 2008 (its intervals);
Hesterberg 2015, What teachers should know about the bootstrap (the expansion for few groups).
"""

from dataclasses import dataclass

import numpy as np

LEVEL = 0.05
"""Error of all statements of a family together."""
FEWEST_GROUPS = 20
"""Groups that hold an item, below which no verdict is given: with four of them a paired interval excluded 0
for one pair of equal systems in five."""
_TIE = 1e-9
"""Statistics closer than this, relatively, are ties; a tie counts as at least as large: the cautious side."""


@dataclass(frozen=True, slots=True)
class Simultaneous:
    """Statements on a family of differences; every array is (metrics,)."""

    low: np.ndarray
    high: np.ndarray
    p_adjusted: np.ndarray
    """Below 0.05 exactly where the interval excludes 0."""
    standard_error: np.ndarray
    """Of the difference, over groups; expanded for few of them."""
    critical: float
    """The intervals are difference ± critical · standard_error."""


def max_t(
    observed: np.ndarray, draws: np.ndarray, groups: np.ndarray | int, level: float = LEVEL
) -> Simultaneous:
    """Return intervals that hold for all metrics at once with probability 1 − level, and their p-values.

    observed: differences (metrics,). draws: the same differences in bootstrap resamples of the groups,
    (resamples, metrics). The greatest deviation of a draw, in standard errors, is taken over the metrics;
    its upper quantile scales each interval, and how often it reaches an observed difference is that one's
    p-value, never below 1/(resamples+1). groups: how many hold an item, of each metric or of all; a metric
    with fewer than two has no interval, and NaN stands for it.
    """
    expansion = small_sample_expansion(np.broadcast_to(groups, observed.shape))
    error = draws.std(axis=0, ddof=1)
    # Rounding of equal draws is no spread.
    error = np.where(error < 1e-12, 0.0, error)
    away = np.abs(draws - observed)
    deviations = np.divide(away, error, out=np.zeros(away.shape), where=error > 0)
    greatest = np.sort(deviations.max(axis=1))[::-1]
    resamples = len(greatest)
    # p < level ⇔ at most `allowed` draws are as large, and then the next one bounds the interval.
    allowed = int(np.ceil(level * (resamples + 1) - 1)) - 1
    if not 0 <= allowed < resamples:
        raise ValueError(f"{resamples} resamples are too few for a level of {level}")
    never = np.where(np.abs(observed) < 1e-12, 0.0, np.inf)
    statistic = np.divide(np.abs(observed), error, out=never, where=error > 0) / expansion
    as_large = (greatest[:, None] >= statistic * (1 - _TIE)).sum(axis=0)
    critical = float(greatest[allowed]) * (1 + _TIE)
    error = expansion * error
    p_adjusted = np.where(np.isnan(expansion), np.nan, (as_large + 1) / (resamples + 1))
    return Simultaneous(observed - critical * error, observed + critical * error, p_adjusted, error, critical)


def small_sample_expansion(groups: np.ndarray) -> np.ndarray:
    """Return by how much a bootstrap over few groups is too narrow: √(n/(n−1)) times t over normal quantile.

    20 groups: 1.10; 200: 1.01; NaN below two, which have no spread.
    """
    from scipy.special import ndtri, stdtrit

    edge = 1 - LEVEL / 2
    n = np.where(np.asarray(groups) < 2, np.nan, groups)
    return np.asarray(np.sqrt(n / (n - 1)) * stdtrit(n - 1, edge) / ndtri(edge))
