"""Trivial readers: small models of one family of features, which give a pair a probability and a class.

The linear ones are logistic regressions on indicators, with weak training on purpose: they are rungs of a
ladder, not competitors.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from medner_assets.audit.described import Described
from medner_assets.audit.pairs import Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

Family = Literal["type_pair_rates", "structure", "position", "names", "without_text", "text", "combined"]
FAMILIES: tuple[Family, ...] = (
    "type_pair_rates", "structure", "position", "names", "without_text", "text", "combined",
)  # fmt: skip
UNREAD: tuple[Family, ...] = FAMILIES[:5]
"""The families that do not read the text between the names."""

_PENALTY = 0.1
"""C of the logistic regressions, the inverse strength of the L2 penalty."""
_TOLERANCE = 0.01
_CLIP = 8.0


@dataclass(frozen=True, slots=True)
class PairScores:
    """What a reader says of some pairs."""

    probability: "NDArray[np.float64]"
    """(pairs,) of being related at all."""
    way: "NDArray[np.int64]"
    """(pairs,) the class it would be."""


def matrix_of(given: Described, family: Family, position: "NDArray[np.float64]") -> Any:
    """Return the feature matrix of a family: (pairs, columns), dense for numbers, sparse else.

    position: (pairs,) log odds by position, which `without_text` and `combined` have as a column.
    """
    from scipy.sparse import csr_matrix, hstack

    if family == "type_pair_rates":
        return given.pairs.kind[:, None].astype(float)
    if family == "structure":
        return given.structure
    if family == "position":
        return given.position
    if family == "names":
        return given.names
    if family == "text":
        return given.text
    rows = len(given.order)
    order = csr_matrix(
        (np.ones(rows), (np.arange(rows), given.order)), shape=(rows, 2 * len(given.pairs.schema.kinds))
    )
    parts = [csr_matrix(position[:, None]), order, given.names]
    return hstack([*parts, given.text] if family == "combined" else parts, format="csr")


def log_odds(probability: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return ln(p / (1 - p)), cut off at ±8."""
    kept = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.clip(np.log(kept / (1 - kept)), -_CLIP, _CLIP)


def related_model(family: Family, matrix: Any, related: "NDArray[np.bool_]", kinds: int, seed: int) -> Any:
    """Return a function matrix → (pairs,) probability of being related, fitted on the given pairs."""
    if family == "type_pair_rates" or related.all() or not related.any():
        return _rates(matrix, related, kinds if family == "type_pair_rates" else 1)
    if family in ("structure", "position"):
        return trees(matrix, related, seed)
    return linear_model(matrix, related, seed)


def trees(matrix: "NDArray[np.float64]", related: "NDArray[np.bool_]", seed: int) -> Any:
    """Return a function matrix → (pairs,) probability by boosted trees. `related` has both values."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=30, max_depth=3, min_samples_leaf=min(60, max(5, len(related) // 20)), l2_regularization=1.0,
        learning_rate=0.2, early_stopping=False, random_state=seed,
    )  # fmt: skip
    model.fit(matrix, related)
    return lambda rows: model.predict_proba(rows)[:, 1]


def linear_model(matrix: Any, related: "NDArray[np.bool_]", seed: int) -> Any:
    """Return a function matrix → (pairs,) probability by a logistic regression. `related` has both values."""
    from sklearn.linear_model import LogisticRegression

    columns = _repeated(matrix)
    model = LogisticRegression(C=_PENALTY, solver="liblinear", tol=_TOLERANCE, random_state=seed)
    model.fit(matrix[:, columns], related)
    return lambda rows: model.predict_proba(rows[:, columns])[:, 1]


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep the numeric libraries to one thread: on a busy machine theirs wait for each other far longer.

    They are loaded first: a limit set before a library is loaded does not reach it.
    """
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def _repeated(matrix: Any) -> "NDArray[np.int64]":
    """Return the columns that at least two rows have: one row alone says nothing about the others."""
    columns = np.flatnonzero(matrix.getnnz(axis=0) > 1)
    return columns if len(columns) else np.arange(1)


def way_model(family: Family, learned: Described, matrix: Any, chosen: "NDArray[np.bool_]", seed: int) -> Any:
    """Return a function (matrix, pairs) → (pairs,) class of a pair if it is related.

    The most frequent class of the pair's types; by position, of its types and which of the two stands first;
    where names or text are read, by a linear model. `chosen` marks the pairs to learn from.
    """
    pairs = learned.pairs
    usual = usual_ways(pairs)
    if family in ("type_pair_rates", "structure"):
        return lambda _, given: usual[given.pairs.kind]
    rows = [index for index, row in enumerate(pairs.rows) if row.gold and chosen[index]]
    wanted = np.array([min(pairs.rows[index].gold) for index in rows], np.int64)
    if family == "position":
        table = _most_frequent(learned.order[rows], wanted, np.repeat(usual, 2), len(pairs.schema.classes))
        return lambda _, given: table[given.order]
    if len(set(wanted.tolist())) < 2:
        return lambda _, given: usual[given.pairs.kind]
    from sklearn.svm import LinearSVC

    shown = matrix[rows]
    columns = _repeated(shown)
    fitted = LinearSVC(C=_PENALTY, random_state=seed).fit(shown[:, columns], wanted)
    return lambda given, _: fitted.predict(given[:, columns]).astype(np.int64)


def _most_frequent(
    place: "NDArray[np.int64]", wanted: "NDArray[np.int64]", usual: "NDArray[np.int64]", classes: int
) -> "NDArray[np.int64]":
    """Return (places,) the most frequent class of each place, the usual one where there is none."""
    counted = np.zeros((len(usual), classes), np.int64)
    np.add.at(counted, (place, wanted), 1)
    return np.where(counted.any(axis=1), counted.argmax(axis=1), usual) if classes else usual


def usual_ways(pairs: Pairs) -> "NDArray[np.int64]":
    """Return (kinds,) the most frequent class of train for each pair of types; of equals the first."""
    classes = {way: position for position, way in enumerate(pairs.schema.classes)}
    return np.array(
        [
            min(((-count, classes[way]) for way, count in pairs.schema.ways[types].items()))[1]
            for types in pairs.schema.kinds
        ],
        np.int64,
    )


def _rates(matrix: Any, related: "NDArray[np.bool_]", kinds: int) -> Any:
    if kinds == 1:
        rate = float(related.mean()) if len(related) else 0.0
        return lambda rows: np.full(rows.shape[0], rate)
    kind = matrix[:, 0].astype(np.int64)
    totals = np.bincount(kind, minlength=kinds)
    rates = np.bincount(kind, weights=related, minlength=kinds) / np.maximum(totals, 1)
    return lambda rows: rates[rows[:, 0].astype(np.int64)]
