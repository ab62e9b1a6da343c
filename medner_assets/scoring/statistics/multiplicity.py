"""Several tests at once: Holm for the few headline metrics, Benjamini–Hochberg for the many slices."""

import numpy as np


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for the family-wise error rate, in the order of the input.

    Valid under any dependence. Source: Holm 1979.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for the false-discovery rate, in the order of the input.

    Valid for independent or positively dependent tests. Source: Benjamini & Hochberg 1995.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")[::-1]
    scaled = p[order] * len(p) / np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return adjusted
