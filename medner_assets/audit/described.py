"""Candidate pairs with all that the readers get to see of them, computed once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medner_assets.audit.context import Spans, Words, contexts, spans_of, words_of
from medner_assets.audit.descriptors import STRUCTURE, name_indicators
from medner_assets.audit.layout import PairPlaces, layout
from medner_assets.audit.pairs import Pairs
from medner_assets.audit.position import position
from medner_assets.audit.scores import group_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Described:
    """Pairs and their features; every array and matrix has one row a pair."""

    pairs: Pairs
    places: PairPlaces
    position: "NDArray[np.float64]"
    """(pairs, columns) `structure` first, then `position`."""
    names: Any
    text: Any
    words: Words
    spans: Spans
    owner: "NDArray[np.int64]"
    """(pairs,) number of the group of the pair's document."""

    @property
    def structure(self) -> "NDArray[np.float64]":
        """(pairs, len(STRUCTURE)) counts and ranks only."""
        return self.position[:, : len(STRUCTURE)]

    @property
    def order(self) -> "NDArray[np.int64]":
        """(pairs,) a number for the pair of types together with which of the two stands first."""
        return self.pairs.kind * 2 + self.places.first_is_left


def described(pairs: Pairs) -> Described:
    """Describe every pair."""
    places, words = layout(pairs), words_of(pairs.documents)
    return Described(
        pairs, places, position(pairs, places, words), name_indicators(pairs),
        contexts(pairs, places, words), words, spans_of(pairs, places, words),
        group_numbers(pairs.documents)[pairs.document],
    )  # fmt: skip
