"""Many candidates against one champion: the error of a wrong promotion is spent over them, once. Pure.

The j-th candidate is tested at level α/(j(j+1)); these sum to α however many come, so that twenty equal
candidates are promoted no more often than one is allowed to be. Sources: Lan & DeMets 1983 (alpha spending);
Foster & Stine 2008, α-investing, section 2 (levels fixed in advance over a sequence of tests); Bonferroni.
"""

import numpy as np

ALPHA = 0.05
"""One-sided error of promoting any candidate that is not better, over both headline metrics."""
TESTS = 2


def level_of(place: int) -> float:
    """Return the one-sided level of the candidate at `place`, from 1: 0.025, 0.0083, 0.0042, …"""
    if place < 1:
        raise ValueError(f"places count from 1, not {place}")
    return ALPHA / (place * (place + 1))


def widening(place: int, degrees: np.ndarray | float) -> np.ndarray:
    """Return by what a simultaneous 95 % interval is multiplied for the candidate at `place`.

    1 for the first: its bound is the printed one. degrees: of freedom of t.
    """
    from scipy.special import stdtrit

    first, own = (stdtrit(degrees, 1 - level_of(each) / TESTS) for each in (1, place))
    return np.asarray(own / first)
