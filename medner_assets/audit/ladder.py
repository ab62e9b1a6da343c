"""The ladder of trivial readers: what each scores on test, given the gold entities and end to end.

A reader learns on train alone. Where to cut its probabilities is chosen on train too, out of fold, for
the best F1.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from medner_assets.audit.figures import END_TO_END, GOLD_ENTITIES, Figure
from medner_assets.audit.nodes import Nodes, Triple, triple
from medner_assets.audit.pairs import Pairs, candidate_pairs, sampled
from medner_assets.audit.probes import FAMILIES, Family, Reading, features, related_model, way_model
from medner_assets.audit.scores import DocumentCounts, f1, f1_figures, group_numbers, resample_weights
from medner_assets.schema import Level

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 3
ENOUGH_PAIRS = 20_000
"""Candidate pairs of train that a reader learns from; a larger train is sampled by document."""
MEANING: dict[str, str] = {
    "type_pair_rates": "relates what train relates most for that pair of types",
    "structure": "counts and ranks of entities only, not a word",
    "names": "the two names only",
    "text": "words between and around only, names masked",
    "combined": "structure, names and text together",
}


def learned_rungs(train: Pairs, gold: Pairs, found: Pairs, seed: int) -> list[Figure]:
    """Return F1 of each family of features on test, with gold (`gold`) and with found entities (`found`)."""
    weights = resample_weights(group_numbers(gold.documents), seed)
    train = candidate_pairs(sampled(train.documents, train.schema, ENOUGH_PAIRS, seed), train.schema)
    figures = []
    for family in FAMILIES:
        reader, cut = _fitted(family, train, seed)
        for setting, pairs in ((GOLD_ENTITIES, gold), (END_TO_END, found)):
            reading = reader(pairs)
            decisions = [
                (int(row), int(reading.way[row])) for row in np.flatnonzero(reading.probability >= cut)
            ]
            figures += rung(family, setting, pairs, decisions, weights, MEANING[family])
    return figures


def rung(
    probe: str,
    setting: str,
    pairs: Pairs,
    decisions: Sequence[tuple[int, int]],
    weights: "NDArray[np.int64]",
    meaning: str,
) -> list[Figure]:
    """Return the figures of one reader that relates the pairs (row, class) of `decisions`.

    At mention level the same decisions are also scored as versions are, on strings: figure `f1_strings`.
    """
    predicted: list[set[Triple]] = [set() for _ in pairs.documents]
    for row, way in decisions:
        predicted[pairs.rows[row].document].add(pairs.triple(row, way))
    figures = f1_figures(probe, setting, _counts(pairs.documents, predicted), weights, meaning)
    if any(each.document.level == Level.MENTION for each in pairs.documents):
        strings = [
            _as_strings(each, found, pairs.schema.symmetric)
            for each, found in zip(pairs.documents, predicted, strict=True)
        ]
        counts = DocumentCounts(*(np.array(column, np.int64) for column in zip(*strings, strict=True)))
        figures.append(
            Figure(probe, "f1_strings", counts.f1, f"{meaning}, scored on strings as versions are", setting)
        )
    return figures


def _counts(documents: Sequence[Nodes], predicted: Sequence[set[Triple]]) -> DocumentCounts:
    return DocumentCounts(
        np.array(
            [len(found & each.gold) for each, found in zip(documents, predicted, strict=True)], np.int64
        ),
        np.array([len(found) for found in predicted], np.int64),
        np.array([len(each.gold) for each in documents], np.int64),
    )


def _as_strings(each: Nodes, predicted: set[Triple], symmetric: Collection[str]) -> tuple[int, int, int]:
    def scored(relations: Collection[Triple]) -> set[Triple]:
        nothing = ("?", "?")
        return {
            triple(kind, each.strings.get(head, nothing), each.strings.get(tail, nothing), symmetric)
            for kind, head, tail in relations
        }

    gold, found = scored(each.gold), scored(predicted)
    return len(gold & found), len(found), len(gold)


def _fitted(family: Family, train: Pairs, seed: int) -> tuple[Any, float]:
    matrix = features(train, family)
    related, kind = train.related, train.kind
    everything = np.ones(len(related), np.bool_)
    fold = group_numbers(train.documents)[train.document] % FOLDS
    out_of_fold = Reading(np.zeros(len(related)), np.zeros(len(related), np.int64))
    for each in range(FOLDS):
        inside, held = fold != each, fold == each
        if not inside.any() or not held.any():
            continue
        probability = related_model(family, matrix[inside], related[inside], len(train.schema.kinds), seed)
        way = way_model(family, train, matrix, inside, seed)
        out_of_fold.probability[held] = probability(matrix[held])
        out_of_fold.way[held] = way(matrix[held], kind[held])
    cut = best_cut(train, out_of_fold)
    probability = related_model(family, matrix, related, len(train.schema.kinds), seed)
    way = way_model(family, train, matrix, everything, seed)

    def read(pairs: Pairs) -> Reading:
        if not pairs.rows:
            return Reading(np.zeros(0), np.zeros(0, np.int64))
        given = features(pairs, family)
        return Reading(probability(given), way(given, pairs.kind))

    return read, cut


def best_cut(pairs: Pairs, reading: Reading) -> float:
    """Return the probability from which on relating pairs gives the best micro F1 on `pairs`."""
    if not len(reading.probability):
        return 1.0
    right = np.array([int(way) in row.gold for row, way in zip(pairs.rows, reading.way, strict=True)])
    order = np.argsort(-reading.probability, kind="stable")
    score = f1(np.cumsum(right[order]), np.arange(1, len(order) + 1), pairs.gold_counts.sum())
    # Equal probabilities are taken or left together.
    sorted_probability = reading.probability[order]
    last_of_run = np.append(sorted_probability[1:] < sorted_probability[:-1], True)
    best = int(np.argmax(np.where(last_of_run, score, -1.0)))
    return float(sorted_probability[best])
