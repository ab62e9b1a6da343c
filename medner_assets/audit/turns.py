"""Scores in turn: each block of documents is scored by models of earlier blocks only.

Not cross-validation: there each block also teaches the models that rank the others, their results are
correlated, and labels drawn at random fall outside a 95 % interval twice as often as they should. Given the
past, what a block shows is unbiased whatever the models learnt, so blocks are uncorrelated.

Readers are compared two by two: position (by trees) with position and text; position and names with all
three; and the text alone. The score of the trees goes into the linear readers as one column; it
is always that of trees which have not seen the pair.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medner_assets.audit.probes import linear_model, log_odds, trees

if TYPE_CHECKING:
    from numpy.typing import NDArray

BORDERS = (0.25, 0.35, 0.5, 0.65, 0.8, 1.0)
"""Shares of the groups: the first quarter only teaches, then each block is scored by all before it."""
_TEACHING_FOLDS = 2


@dataclass(frozen=True, slots=True)
class Features:
    """What the readers get to see of some candidates; all have the same rows."""

    position: "NDArray[np.float64]"
    """(rows, columns) numbers that need no reading."""
    names: Any
    """(rows, columns) sparse indicators of the names."""
    text: Any
    """(rows, columns) sparse indicators of the words."""
    owner: "NDArray[np.int64]"
    """(rows,) number of the group (patient, document) that the row is of."""


@dataclass(frozen=True, slots=True)
class Scores:
    """(rows,) log odds each, NaN in the rows that only teach."""

    position: "NDArray[np.float64]"
    read: "NDArray[np.float64]"
    """Position and text: the mean of both ways to join them."""
    added: "NDArray[np.float64]"
    """Position and text, added up only: noise of useless words stays in it."""
    named: "NDArray[np.float64]"
    """Position and names."""
    all: "NDArray[np.float64]"
    """Position, names and text."""
    text: "NDArray[np.float64]"
    block: "NDArray[np.int64]"
    """(rows,) the block; 0 only teaches."""


def blocks(owner: "NDArray[np.int64]", seed: int) -> "NDArray[np.int64]":
    """Return (rows,) the block of each row's group, groups in random order."""
    present, number = np.unique(owner, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(present))
    return np.searchsorted(np.array(BORDERS), (order[number] + 0.5) / max(len(present), 1))


def scores_in_turn(evidence: Features, label: "NDArray[np.bool_]", seed: int) -> Scores:
    """Return what each reader says of each row, by what earlier blocks taught it of `label`."""
    from scipy.sparse import csr_matrix, hstack

    block = blocks(evidence.owner, seed)
    turns = _turns(block, evidence.owner)
    later = turns[_TEACHING_FOLDS:]
    position = _told(trees, evidence.position, label, turns, seed)
    text = _told(linear_model, evidence.text, label, turns, seed)
    column = csr_matrix(position[:, None])
    beside = hstack([column, evidence.text], format="csr")
    named = hstack([column, evidence.names], format="csr")
    every = hstack([named, evidence.text], format="csr")
    # Added up and by trees: a word may count for one sentence and not across sentences.
    added = _told(linear_model, beside, label, later, seed)
    by_trees = _told(trees, np.column_stack([evidence.position, text]), label, later, seed)
    teaches = block == 0
    read, summed, with_names, with_all = (
        np.where(teaches, np.nan, scores)
        for scores in (
            (added + by_trees) / 2,
            added,
            _told(linear_model, named, label, later, seed),
            _told(linear_model, every, label, later, seed),
        )
    )
    position, text = (np.where(teaches, np.nan, scores) for scores in (position, text))
    return Scores(position, read, summed, with_names, with_all, text, block)


Turn = tuple["NDArray[np.bool_]", "NDArray[np.bool_]"]
"""(rows,) which rows teach, and which are scored."""


def _turns(block: "NDArray[np.int64]", owner: "NDArray[np.int64]") -> list[Turn]:
    """Return the turns: the first block by halves of itself, then each block by all before it."""
    _, number = np.unique(owner, return_inverse=True)
    parts = [(block == 0) & (number % _TEACHING_FOLDS == each) for each in range(_TEACHING_FOLDS)]
    turns = [((block == 0) & ~part, part) for part in parts]
    return turns + [(block < each, block == each) for each in range(1, len(BORDERS))]


def _told(
    fit: Callable[..., Any], matrix: Any, label: "NDArray[np.bool_]", turns: Sequence[Turn], seed: int
) -> "NDArray[np.float64]":
    """Return (rows,) log odds, 0 where no turn scores the row or there was nothing to learn."""
    told = np.zeros(len(label))
    for before, held in turns:
        if held.any() and label[before].any() and not label[before].all():
            told[held] = log_odds(fit(matrix[before], label[before], seed)(matrix[held]))
    return told
