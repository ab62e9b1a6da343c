"""The best score without reading the text: the highest that anything here reaches that ignores the text.

Two kinds stand for it: the readers of the ladder that see position, names, counts and types, as measured on
test; and the best decision that is possible if each candidate had the probability that position gives it.
The best rule for micro F1 then takes the most probable relations down to half of the F1 that it reaches
(Lipton, Elkan and Naryanaswamy 2014, "Optimal thresholding of classifiers to maximize F1 measure").
Imitation draws relations with these probabilities, as the label process does.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.figures import GOLD_ENTITIES, AuditFigure, Figures
from medner_assets.audit.ladder import string_triple
from medner_assets.audit.pairs import Pairs
from medner_assets.audit.scores import RESAMPLES, f1, group_numbers, resample_weights
from medner_assets.schema import Level

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DRAWN = 1_000_000
"""Labels drawn at once, so that memory stays in the tens of megabytes."""
PROBE = "without_reading"
MEANING = "best score without reading the text"


def without_reading(find: Figures, rungs: Sequence[str]) -> list[AuditFigure]:
    """Return the best score of the rungs and of `by_position`, given the gold entities, on both scales.

    `f1` counts relations between mentions (concepts), `f1_strings` those between strings, as versions are
    scored; at concept level there is only the first, which is how versions are scored there.
    """
    figures = []
    for scale in ("f1", "f1_strings"):
        found = [
            (each, name)
            for name in (*rungs, "by_position")
            if (each := find.get(name, scale, GOLD_ENTITIES)) is not None and each.value is not None
        ]
        if not found:
            continue
        best, name = max(found, key=lambda each: each[0].value or 0.0)
        how = "expected by position" if name == "by_position" else f"by {name.replace('_', ' ')}"
        high = max((each.high for each, _ in found if each.high is not None), default=best.value)
        told = f"{MEANING}: {how}"
        figures.append(AuditFigure(PROBE, scale, best.value, told, GOLD_ENTITIES, best.low, high))
    return figures


def best_by_position(pairs: Pairs, related: "NDArray[np.float64]", seed: int) -> list[AuditFigure]:
    """Return `by_position` and `imitation`: expected F1 with 95 % intervals over documents and labels.

    related: (pairs,) the probability that position gives each pair of test.
    """
    probability, owner, keys = _relations(pairs, related)
    figures = []
    weights = resample_weights(group_numbers(pairs.documents), seed)
    mention = any(each.document.level == Level.MENTION for each in pairs.documents)
    for scale in ("f1", "f1_strings") if mention else ("f1",):
        if scale == "f1_strings":
            probability, owner = _on_strings(probability, owner, keys)
        best, imitated = _expected(probability, owner, weights, seed)
        for probe, (value, low, high), meaning in (
            ("by_position", best, "best expected F1 if each pair were related as likely as position says"),
            ("imitation", imitated, "expected F1 of drawing relations as the label process does"),
        ):
            figures.append(AuditFigure(probe, scale, value, meaning, GOLD_ENTITIES, low, high))
    return figures


Interval = tuple[float, float, float]


def _expected(
    probability: "NDArray[np.float64]", owner: "NDArray[np.int64]", weights: "NDArray[np.int64]", seed: int
) -> tuple[Interval, Interval]:
    taken = prefix_rule(probability)
    rng = np.random.default_rng(seed)
    runs: tuple[list[NDArray], list[NDArray]] = ([], [])
    chunk = max(1, _DRAWN // max(1, len(probability)))
    for begin in range(0, RESAMPLES, chunk):
        drawn = weights[begin : begin + chunk][:, owner]
        labels = rng.random(drawn.shape) < probability
        gold = (drawn * labels).sum(axis=1)
        for run, answer in zip(runs, (taken, rng.random(drawn.shape) < probability), strict=True):
            run.append(f1((drawn * (labels & answer)).sum(axis=1), (drawn * answer).sum(axis=1), gold))
    imitated = float((probability**2).sum() / probability.sum()) if probability.sum() else 0.0
    ends = [np.quantile(np.concatenate(run), (0.025, 0.975)) for run in runs]
    best = expected_f1(probability, taken)
    return (best, float(ends[0][0]), float(ends[0][1])), (imitated, float(ends[1][0]), float(ends[1][1]))


def _relations(
    pairs: Pairs, related: "NDArray[np.float64]"
) -> tuple["NDArray[np.float64]", "NDArray[np.int64]", list[object]]:
    """Return (relations,) probability of every candidate relation of test, its document, and its strings.

    How a pair's probability divides among the ways in which its types can be related comes from their
    shares in train.
    """
    if not pairs.rows:
        return np.zeros(0), np.zeros(0, np.int64), []
    shares = np.zeros((len(pairs.schema.kinds), len(pairs.schema.classes)))
    for kind, types in enumerate(pairs.schema.kinds):
        for position, known in enumerate(pairs.schema.classes):
            shares[kind, position] = pairs.schema.ways[types].get(known, 0)
    shares /= shares.sum(axis=1, keepdims=True)
    row, way = np.nonzero(shares[pairs.kind] > 0)
    symmetric = pairs.schema.symmetric
    keys: list[object] = []
    for pair, chosen in zip(row.tolist(), way.tolist(), strict=True):
        document = pairs.rows[pair].document
        keys.append(
            (document, string_triple(pairs.triple(pair, chosen), pairs.documents[document], symmetric))
        )
    return related[row] * shares[pairs.kind[row], way], pairs.document[row], keys


def _on_strings(
    probability: "NDArray[np.float64]", owner: "NDArray[np.int64]", keys: Sequence[object]
) -> tuple["NDArray[np.float64]", "NDArray[np.int64]"]:
    """Join the relations of one document with the same strings: related if any of them is."""
    numbers: dict[object, int] = {}
    number = np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)
    missed = np.bincount(
        number, weights=np.log1p(-np.minimum(probability, 1 - 1e-12)), minlength=len(numbers)
    )
    owners = np.zeros(len(numbers), np.int64)
    owners[number] = owner
    return 1 - np.exp(missed), owners


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
