"""Paired approximate randomisation: could two systems' F1 differ by this much if they were one?

Under the null hypothesis the two systems are exchangeable within each group, so each resample swaps the
counts of the two systems in every group with probability one half. Source: Noreen 1989; Yeh 2000 for F1.
"""

import numpy as np

from medner_assets.scoring.statistics.f1 import f1
from medner_assets.scoring.statistics.threads import one_thread

_DRAWS_AT_ONCE = 64
_TIE = 1e-12
"""Differences closer than this are ties; a tie counts as at least as large, which is the cautious side."""


def p_values(counts: np.ndarray, baseline: np.ndarray, *, seed: int, resamples: int) -> np.ndarray:
    """Return the two-sided p-value of each metric's F1 difference, shape (metrics,), never below
    1/(resamples+1).

    Both: (groups, metrics, 3) tp, fp, fn of the same groups in the same order. All metrics share the swaps.
    """
    gap = (counts - baseline).astype(np.float64)
    total, total_baseline = counts.sum(axis=0), baseline.sum(axis=0)
    observed = np.abs(f1(total) - f1(total_baseline))
    # Swapping equal counts changes nothing, so only groups that differ are drawn.
    gap = gap[(gap != 0).any(axis=(1, 2))]
    groups, metrics = gap.shape[0], counts.shape[1]
    if not groups:
        return np.ones(metrics)
    flat = gap.reshape(groups, metrics * 3)
    random = np.random.default_rng(seed)
    at_least = np.zeros(metrics, dtype=np.int64)
    with one_thread():
        for done in range(0, resamples, _DRAWS_AT_ONCE):
            draws = min(_DRAWS_AT_ONCE, resamples - done)
            bits = np.frombuffer(random.bytes(draws * -(-groups // 8)), dtype=np.uint8).reshape(draws, -1)
            swapped = np.unpackbits(bits, axis=1, count=groups).astype(np.float64)
            moved = (swapped @ flat).reshape(draws, metrics, 3)
            difference = f1(total - moved) - f1(total_baseline + moved)
            at_least += (np.abs(difference) >= observed - _TIE).sum(axis=0)
    return (at_least + 1) / (resamples + 1)
