"""Percentile bootstrap over groups: intervals of one system's F1 and of the difference of two.

Source: Efron & Tibshirani 1993, chapter 13; groups are drawn with replacement, as many as there are. All
metrics of one call share the draws, so that their intervals belong together.
"""

from collections.abc import Iterator

import numpy as np

from medner_assets.scoring.statistics.f1 import f1
from medner_assets.scoring.statistics.threads import one_thread

LEVEL = 0.95
_DRAWS_AT_ONCE = 64
"""Draws that are summed in one matrix product."""
_DRAWN_AT_ONCE = 2**17
"""Groups that are drawn at once: few enough for the caches, which makes drawing several times faster."""


def f1_intervals(counts: np.ndarray, *, seed: int, resamples: int) -> np.ndarray:
    """Return the 95 % percentile interval of each metric's F1, shape (metrics, 2).

    counts: (groups, metrics, 3) tp, fp, fn. Without groups the interval is (0, 0).
    """
    with one_thread():
        return percentiles(np.concatenate([f1(drawn) for drawn in resampled(counts, seed, resamples)]))


def paired_draws(counts: np.ndarray, baseline: np.ndarray, *, seed: int, resamples: int) -> np.ndarray:
    """Return each metric's F1 difference in each resample of the groups, (resamples, metrics).

    Both: (groups, metrics, 3), the same groups in the same order.
    """
    both = np.concatenate([counts, baseline], axis=1)
    metrics = counts.shape[1]
    with one_thread():
        scores = np.concatenate([f1(drawn) for drawn in resampled(both, seed, resamples)])
    return scores[:, :metrics] - scores[:, metrics:]


def percentiles(samples: np.ndarray) -> np.ndarray:
    """Return the central 95 % of samples (resamples, metrics) as (metrics, 2)."""
    edge = (1 - LEVEL) / 2
    return np.quantile(samples, [edge, 1 - edge], axis=0).T


def resampled(counts: np.ndarray, seed: int, resamples: int) -> Iterator[np.ndarray]:
    """Yield blocks of summed counts (draws, metrics, 3), `resamples` draws in all."""
    groups, metrics, _ = counts.shape
    if not groups:
        yield np.zeros((resamples, metrics, 3))
        return
    random = np.random.default_rng(seed)
    flat = counts.reshape(groups, metrics * 3).astype(np.float64)
    for done in range(0, resamples, _DRAWS_AT_ONCE):
        weights = _weights(random, min(_DRAWS_AT_ONCE, resamples - done), groups)
        yield (weights @ flat).reshape(len(weights), metrics, 3)


def _weights(random: np.random.Generator, draws: int, groups: int) -> np.ndarray:
    """Return how often each group was drawn, (draws, groups)."""
    weights = np.empty((draws, groups))
    at_once = max(1, _DRAWN_AT_ONCE // groups)
    for done in range(0, draws, at_once):
        block = weights[done : done + at_once]
        drawn = random.integers(0, groups, size=block.shape)
        drawn += (np.arange(len(block)) * groups)[:, None]
        block[:] = np.bincount(drawn.ravel(), minlength=block.size).reshape(block.shape)
    return weights
