"""Exact McNemar test: is one system right on more documents than the other?

Per document only. Pooled over items it is wrong: items of one document are not independent, and at 0.05 it
then calls equal systems different far more often than one time in twenty.
"""

import numpy as np


def p_value(right: np.ndarray, baseline_right: np.ndarray) -> float:
    """Return the exact two-sided p-value; 1.0 where the systems never disagree.

    right, baseline_right: one bool a document (or group), whether all of it is right. Source: McNemar 1947;
    the binomial of the disagreements at one half.
    """
    from scipy.stats import binomtest

    right, baseline_right = np.asarray(right, dtype=bool), np.asarray(baseline_right, dtype=bool)
    gained = int((right & ~baseline_right).sum())
    lost = int((~right & baseline_right).sum())
    return float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0
