"""The ladder of trivial readers: what each scores on test, given the gold entities and end to end.

A reader learns on train alone. Where to cut its probabilities is chosen on train too, out of fold, for
the best F1.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.described import Described
from medner_assets.audit.figures import AuditFigure
from medner_assets.audit.nodes import Nodes, Triple, triple
from medner_assets.audit.pairs import Pairs
from medner_assets.audit.probes import (
    FAMILIES,
    Family,
    PairScores,
    log_odds,
    matrix_of,
    related_model,
    way_model,
)
from medner_assets.audit.scores import DocumentCounts, f1, f1_figures, group_numbers, resample_weights
from medner_assets.schema import Level

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 3
MEANING: dict[str, str] = {
    "type_pair_rates": "relates what train relates most for that pair of types",
    "structure": "counts and ranks of entities only, not a word",
    "position": "counts, and where the entities stand: offsets, distance, order; not a word",
    "names": "the two names only",
    "without_text": "position and names together, not a word between",
    "text": "words between and around only, names masked",
    "combined": "position, names and text together",
}


def learned_rungs(
    train: Described, tested: Sequence[tuple[str, Described]], seed: int
) -> tuple[list[AuditFigure], "NDArray[np.float64]"]:
    """Return F1 of each family of features for each (setting, pairs of test), and probabilities.

    The second is (pairs,) the probability of being related by position, for the pairs of the first setting.
    """
    weights = [resample_weights(group_numbers(given.pairs.documents), seed) for _, given in tested]
    column = np.zeros(len(train.pairs.rows))
    columns = [np.zeros(len(given.pairs.rows)) for _, given in tested]
    by_position = np.zeros(0)
    figures = []
    for family in FAMILIES:
        learned = _out_of_fold(family, train, column, seed)
        cut = best_cut(train.pairs, learned)
        matrix = matrix_of(train, family, column)
        kinds = len(train.pairs.schema.kinds)
        probability = related_model(family, matrix, train.pairs.related, kinds, seed)
        way = way_model(family, train, matrix, np.ones(len(train.pairs.rows), np.bool_), seed)
        for place, (setting, given) in enumerate(tested):
            reading = PairScores(np.zeros(0), np.zeros(0, np.int64))
            if given.pairs.rows:
                shown = matrix_of(given, family, columns[place])
                reading = PairScores(probability(shown), way(shown, given))
            chosen = np.flatnonzero(reading.probability >= cut)
            decisions = [(int(row), int(reading.way[row])) for row in chosen]
            figures += rung(family, setting, given.pairs, decisions, weights[place], MEANING[family])
            if family == "position":
                columns[place] = log_odds(reading.probability)
                by_position = reading.probability if place == 0 else by_position
        if family == "position":
            column = log_odds(learned.probability)
    return figures, by_position


def rung(
    probe: str,
    setting: str,
    pairs: Pairs,
    decisions: Sequence[tuple[int, int]],
    weights: "NDArray[np.int64]",
    meaning: str,
) -> list[AuditFigure]:
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
        same = f1_figures(probe, setting, counts, weights, "")[0]
        told = f"{meaning}, scored on strings as versions are"
        figures.append(AuditFigure(probe, "f1_strings", same.value, told, setting, same.low, same.high))
    return figures


def _counts(documents: Sequence[Nodes], predicted: Sequence[set[Triple]]) -> DocumentCounts:
    return DocumentCounts(
        np.array(
            [len(found & each.gold) for each, found in zip(documents, predicted, strict=True)], np.int64
        ),
        np.array([len(found) for found in predicted], np.int64),
        np.array([len(each.gold) for each in documents], np.int64),
    )


def string_triple(relation: Triple, each: Nodes, symmetric: Collection[str]) -> Triple:
    """Return a relation between (type, string) pairs in place of keys: as versions are scored."""
    kind, head, tail = relation
    nothing = ("?", "?")
    return triple(kind, each.strings.get(head, nothing), each.strings.get(tail, nothing), symmetric)


def _as_strings(each: Nodes, predicted: set[Triple], symmetric: Collection[str]) -> tuple[int, int, int]:
    gold, found = (
        {string_triple(relation, each, symmetric) for relation in relations}
        for relations in (each.gold, predicted)
    )
    return len(gold & found), len(found), len(gold)


def _out_of_fold(family: Family, train: Described, column: "NDArray[np.float64]", seed: int) -> PairScores:
    """Return what each third of train is told by a reader that learnt from the other two."""
    pairs = train.pairs
    matrix, related = matrix_of(train, family, column), pairs.related
    fold = train.owner % FOLDS
    told = PairScores(np.zeros(len(related)), np.zeros(len(related), np.int64))
    for each in range(FOLDS):
        inside, held = fold != each, fold == each
        if not inside.any() or not held.any():
            continue
        probability = related_model(family, matrix[inside], related[inside], len(pairs.schema.kinds), seed)
        way = way_model(family, train, matrix, inside, seed)
        told.probability[held] = probability(matrix[held])
        told.way[held] = way(matrix, train)[held]
    return told


def best_cut(pairs: Pairs, reading: PairScores) -> float:
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
