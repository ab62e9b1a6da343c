"""What a relation score can be if the text does not matter: the best, and that of perfect imitation.

Both rest on a probability for every candidate relation that knows structure only: types, counts and ranks
of the entities, no word. The best decision rule for micro F1 then takes the most probable relations down
to half of the F1 that it reaches (Lipton, Elkan and Naryanaswamy 2014, "Optimal thresholding of
classifiers to maximize F1 measure"). Imitation draws relations with these probabilities, as the label
process does.
"""

from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.descriptors import structure
from medner_assets.audit.figures import GOLD_ENTITIES, Figure
from medner_assets.audit.pairs import Pairs
from medner_assets.audit.probes import related_model
from medner_assets.audit.scores import RESAMPLES, f1, group_numbers, resample_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNK = 50
"""Resamples drawn at once, so that memory stays in the tens of megabytes."""


def ceiling_and_imitation(train: Pairs, test: Pairs, seed: int) -> list[Figure]:
    """Return `ceiling` and `imitation`: expected F1 on test with 95 % intervals over documents and labels."""
    probability, document = candidate_probabilities(train, test, seed)
    taken = prefix_rule(probability)
    best = expected_f1(probability, taken)
    weights = resample_weights(group_numbers(test.documents), seed)
    rng = np.random.default_rng(seed)
    best_runs, imitated_runs = [], []
    for begin in range(0, RESAMPLES, _CHUNK):
        drawn = weights[begin : begin + _CHUNK][:, document]
        labels = rng.random(drawn.shape) < probability
        guesses = rng.random(drawn.shape) < probability
        gold = (drawn * labels).sum(axis=1)
        best_runs.append(f1((drawn * (labels & taken)).sum(axis=1), (drawn * taken).sum(axis=1), gold))
        imitated_runs.append(
            f1((drawn * (labels & guesses)).sum(axis=1), (drawn * guesses).sum(axis=1), gold)
        )
    imitated = float((probability**2).sum() / probability.sum()) if probability.sum() else 0.0
    low, high = np.quantile(np.concatenate(best_runs), (0.025, 0.975))
    imitated_low, imitated_high = np.quantile(np.concatenate(imitated_runs), (0.025, 0.975))
    return [
        Figure(
            "ceiling", "f1", best, "best expected F1 if the text did not matter", GOLD_ENTITIES,
            float(low), float(high)
        ),
        Figure("ceiling", "threshold", best / 2, "relations at least this probable are taken", GOLD_ENTITIES),
        Figure(
            "imitation", "f1", imitated, "expected F1 of drawing relations as the label process does",
            GOLD_ENTITIES, float(imitated_low), float(imitated_high),
        ),
    ]  # fmt: skip


def candidate_probabilities(
    train: Pairs, test: Pairs, seed: int
) -> tuple["NDArray[np.float64]", "NDArray[np.int64]"]:
    """Return (relations,) probability of every candidate relation of test, and (relations,) its document.

    A pair's probability of being related comes from structure; how it divides among the ways in which its
    types can be related comes from their shares in train.
    """
    if not test.rows:
        return np.zeros(0), np.zeros(0, np.int64)
    model = related_model("structure", structure(train), train.related, len(train.schema.kinds), seed)
    related = model(structure(test))
    shares = np.zeros((len(test.schema.kinds), len(test.schema.classes)))
    for kind, types in enumerate(test.schema.kinds):
        for position, way in enumerate(test.schema.classes):
            shares[kind, position] = test.schema.ways[types].get(way, 0)
    shares /= shares.sum(axis=1, keepdims=True)
    each = related[:, None] * shares[test.kind]
    possible = shares[test.kind] > 0
    return each[possible], np.broadcast_to(test.document[:, None], each.shape)[possible]


def prefix_rule(probability: "NDArray[np.float64]") -> "NDArray[np.bool_]":
    """Return which relations the best rule for expected micro F1 takes: the most probable, while it pays."""
    taken = np.zeros(len(probability), np.bool_)
    if not probability.sum():
        return taken
    order = np.argsort(-probability, kind="stable")
    score = 2 * np.cumsum(probability[order]) / (np.arange(1, len(order) + 1) + probability.sum())
    taken[order[: int(np.argmax(score)) + 1]] = True
    return taken


def expected_f1(probability: "NDArray[np.float64]", taken: "NDArray[np.bool_]") -> float:
    """Return 2 Σ p over what is taken / (count taken + Σ p): micro F1 in expectation, for many relations."""
    total = float(probability.sum())
    return float(2 * probability[taken].sum() / (taken.sum() + total)) if total else 0.0
