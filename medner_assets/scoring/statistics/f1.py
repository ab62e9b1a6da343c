"""F1 from additive counts, and what each group moves it by; whole arrays at once."""

import numpy as np


def f1(counts: np.ndarray) -> np.ndarray:
    """Return the micro F1 of counts with a last axis of (tp, fp, fn); 0.0 where all three are zero."""
    tp, fp, fn = counts[..., 0], counts[..., 1], counts[..., 2]
    below = 2 * tp + fp + fn
    return np.divide(2 * tp, below, out=np.zeros(below.shape), where=below > 0)


def influence(counts: np.ndarray) -> np.ndarray:
    """Return how far each group moves the micro F1 of its system: (…, groups, metrics).

    counts: (…, groups, metrics, 3) tp, fp, fn. The first-order term of F1 = 2tp / (2tp + fp + fn) in a
    group's counts, divided by the total of the denominator; zero where a metric has no item. The values of a
    system sum to 0, and n/(n−1) times the sum of their squares estimates the variance of its F1 over groups.
    """
    total = counts.sum(axis=-3, keepdims=True)
    below = 2 * counts[..., 0] + counts[..., 1] + counts[..., 2]
    all_below = below.sum(axis=-2, keepdims=True)
    above = 2 * counts[..., 0] - f1(total) * below
    return np.divide(above, all_below, out=np.zeros(above.shape), where=all_below > 0)


def by_group(counts: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the counts summed by group, in the order in which groups first occur.

    counts: (documents, …). groups: one label a document. What belongs to one patient or abstract is not
    independent, so groups, not documents, are resampled.
    """
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    summed = np.zeros((len(first), *counts.shape[1:]), dtype=counts.dtype)
    np.add.at(summed, order[inverse], counts)
    return summed
