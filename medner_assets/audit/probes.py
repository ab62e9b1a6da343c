"""Trivial readers: small models of one family of features, which give a pair a probability and a class.

`type_pair_rates`, `structure`, `names`, `text`, `combined`. The linear ones are logistic regressions on
hashed features, with weak training on purpose: they are rungs of a ladder, not competitors.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from medner_assets.audit.context import contexts
from medner_assets.audit.descriptors import names, structure, structure_words
from medner_assets.audit.pairs import Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

Family = Literal["type_pair_rates", "structure", "names", "text", "combined"]
FAMILIES: tuple[Family, ...] = ("type_pair_rates", "structure", "names", "text", "combined")

_HASHED = 2**18
_PENALTY = 0.1
"""C of the logistic regressions, the inverse strength of the L2 penalty."""
_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader says of some pairs."""

    probability: "NDArray[np.float64]"
    """(pairs,) of being related at all."""
    way: "NDArray[np.int64]"
    """(pairs,) the class it would be."""


def features(pairs: Pairs, family: Family) -> Any:
    """Return the feature matrix of a family: (pairs, columns), dense for rates and structure, sparse else."""
    if family == "type_pair_rates":
        return pairs.kind[:, None].astype(float)
    if family == "structure":
        return structure(pairs)
    if family == "names":
        return hashed(names(row) for row in pairs.rows)
    if family == "text":
        return hashed(contexts(pairs))
    joined = zip((names(row) for row in pairs.rows), contexts(pairs), structure_words(pairs), strict=True)
    return hashed([*(f"n {x}" for x in one), *two, *(f"s {x}" for x in three)] for one, two, three in joined)


def hashed(rows: Iterable[list[str]]) -> Any:
    """Return (rows, 2^18) hashed indicator features, a CSR matrix."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction import FeatureHasher

    given = iter(rows)
    first = next(given, None)
    if first is None:
        return csr_matrix((0, _HASHED))
    return FeatureHasher(_HASHED, input_type="string", alternate_sign=False).transform(chain([first], given))


def related_model(family: Family, matrix: Any, related: "NDArray[np.bool_]", kinds: int, seed: int) -> Any:
    """Return a function matrix → (pairs,) probability of being related, fitted on the given pairs."""
    if family == "type_pair_rates" or related.all() or not related.any():
        return _rates(matrix, related, kinds if family == "type_pair_rates" else 1)
    if family == "structure":
        from sklearn.ensemble import HistGradientBoostingClassifier

        trees = HistGradientBoostingClassifier(
            max_iter=60, max_depth=3, min_samples_leaf=60, l2_regularization=1.0, learning_rate=0.1,
            early_stopping=False, random_state=seed,
        )  # fmt: skip
        trees.fit(matrix, related)
        return lambda rows: trees.predict_proba(rows)[:, 1]
    return linear_model(matrix, related, seed)


def linear_model(matrix: Any, related: "NDArray[np.bool_]", seed: int) -> Any:
    """Return a function matrix → (pairs,) probability by a logistic regression. `related` has both values."""
    from sklearn.linear_model import LogisticRegression

    columns = _repeated(matrix)
    model = LogisticRegression(C=_PENALTY, solver="liblinear", tol=_TOLERANCE, random_state=seed)
    model.fit(matrix[:, columns], related)
    return lambda rows: model.predict_proba(rows[:, columns])[:, 1]


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep the numeric libraries to one thread: on a busy machine theirs wait for each other far longer."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def _repeated(matrix: Any) -> "NDArray[np.int64]":
    """Return the columns that at least two rows have: one row alone says nothing about the others."""
    columns = np.flatnonzero(matrix.getnnz(axis=0) > 1)
    return columns if len(columns) else np.arange(1)


def way_model(family: Family, pairs: Pairs, matrix: Any, chosen: "NDArray[np.bool_]", seed: int) -> Any:
    """Return a function (matrix, kinds) → (pairs,) class of a pair if it is related.

    The most frequent class of the pair's types, unless the family reads names or text: then by a linear
    model. `chosen` marks the pairs to learn from.
    """
    usual = usual_ways(pairs)
    if family in ("type_pair_rates", "structure"):
        return lambda _, kind: usual[kind]
    rows = [index for index, row in enumerate(pairs.rows) if row.gold and chosen[index]]
    wanted = np.array([min(pairs.rows[index].gold) for index in rows], np.int64)
    if len(set(wanted.tolist())) < 2:
        return lambda _, kind: usual[kind]
    from sklearn.svm import LinearSVC

    learned = matrix[rows]
    columns = _repeated(learned)
    fitted = LinearSVC(C=_PENALTY, random_state=seed).fit(learned[:, columns], wanted)
    return lambda given, _: fitted.predict(given[:, columns]).astype(np.int64)


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
