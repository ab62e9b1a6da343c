"""F1 from additive counts, whole arrays at once."""

import numpy as np


def f1(counts: np.ndarray) -> np.ndarray:
    """Return the micro F1 of counts with a last axis of (tp, fp, fn); 0.0 where all three are zero."""
    tp, fp, fn = counts[..., 0], counts[..., 1], counts[..., 2]
    below = 2 * tp + fp + fn
    return np.divide(2 * tp, below, out=np.zeros(below.shape), where=below > 0)


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
