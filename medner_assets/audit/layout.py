"""Where the two closest mentions of each candidate pair stand, as arrays: computed once for all probes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.nodes import Nodes
from medner_assets.audit.pairs import Pair, Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

Place = tuple[int, int]
MENTIONS = 4
"""Of two concepts with several mentions, so many twos of mentions are read."""


@dataclass(frozen=True, slots=True)
class PairPlaces:
    """(pairs,) arrays each: character offsets and sentence numbers of the closest mentions, in text order."""

    left_start: "NDArray[np.int64]"
    left_end: "NDArray[np.int64]"
    right_start: "NDArray[np.int64]"
    right_end: "NDArray[np.int64]"
    left_sentence: "NDArray[np.int64]"
    right_sentence: "NDArray[np.int64]"
    first_is_left: "NDArray[np.bool_]"
    """Whether the pair's first node is the one that stands left."""
    also_row: "NDArray[np.int64]"
    """(others,) the pair of each further two mentions, of concepts with several."""
    also: "NDArray[np.int64]"
    """(4, others) left start, left end, right start, right end of these two mentions."""


def layout(pairs: Pairs) -> PairPlaces:
    """Return the layout of every pair, in order of the pairs."""
    rows = np.empty((len(pairs.rows), 7), np.int64)
    also_row, also = [], []
    for index, row in enumerate(pairs.rows):
        each = pairs.documents[row.document]
        (left, right, first_is_left), *others = _closest(row, each)
        also_row += [index] * len(others)
        also += [(*one, *other) for one, other, _ in others]
        rows[index] = (*left, *right, each.sentence(left[0]), each.sentence(right[0]), first_is_left)
    at = rows.T.copy()
    return PairPlaces(
        at[0], at[1], at[2], at[3], at[4], at[5], at[6].astype(np.bool_),
        np.array(also_row, np.int64), np.array(also, np.int64).reshape(-1, 4).T,
    )  # fmt: skip


def _closest(row: Pair, each: Nodes) -> list[tuple[Place, Place, bool]]:
    """Return the closest mentions, two by two: fewest sentences apart, then fewest characters, then earliest.

    The first is always there; the others, of at most as many as `MENTIONS`, stand in one sentence each.
    """
    if len(row.first.places) == len(row.second.places) == 1:
        one, other = row.first.places[0], row.second.places[0]
        return [(one, other, True) if one <= other else (other, one, False)]
    found = []
    for one in row.first.places:
        for other in row.second.places:
            left, right = (one, other) if one <= other else (other, one)
            apart = each.sentence(right[0]) - each.sentence(left[0])
            found.append((apart, right[0] - left[1], left, right, one <= other))
    if not found:
        raise ValueError("a node without a mention cannot be paired")
    found.sort()
    kept = found[:1] + [each for each in found[1:MENTIONS] if each[0] == 0]
    return [(left, right, first_is_left) for _, _, left, right, first_is_left in kept]
