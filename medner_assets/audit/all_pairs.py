"""The first rung: relate every pair that fits. What no model should lose to."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from medner_assets.audit.figures import AuditFigure
from medner_assets.audit.ladder import rung
from medner_assets.audit.pairs import Pairs, RelationWay, Types
from medner_assets.audit.scores import f1, group_numbers, resample_weights

MEANING = "relates every pair of fitting types"


def all_pairs(train: Pairs, tested: Sequence[tuple[str, Pairs]], seed: int) -> list[AuditFigure]:
    """Return F1 on test of relating every candidate pair, for each (setting, pairs).

    Each ordered pair gets the relation types that train has for its pair of types: all of them where that
    scores better on train, else the most frequent one alone. Both are kept as figures: `f1_every_type`,
    `f1_usual_type`.
    """
    every, usual = _decided(train, every=True), _decided(train, every=False)
    takes_every = _score(train, every) > _score(train, usual)
    figures = []
    for setting, pairs in tested:
        weights = resample_weights(group_numbers(pairs.documents), seed)
        for name, with_every in (("f1_every_type", True), ("f1_usual_type", False)):
            found = rung("all_pairs", setting, pairs, _decided(pairs, every=with_every), weights, MEANING)
            if with_every == takes_every:
                figures += found
            detail = "every relation type of the types" if with_every else "the most frequent relation type"
            figures.append(
                AuditFigure("all_pairs", name, found[0].value, f"{MEANING}, with {detail}", setting)
            )
    return figures


def _decided(pairs: Pairs, *, every: bool) -> list[tuple[int, int]]:
    classes = {way: position for position, way in enumerate(pairs.schema.classes)}
    chosen = [
        [
            classes[way]
            for way in (pairs.schema.ways[types] if every else _usual(pairs.schema.ways[types], types))
        ]
        for types in pairs.schema.kinds
    ]
    return [(row, way) for row, pair in enumerate(pairs.rows) for way in chosen[pair.kind]]


def _usual(ways: Counter[RelationWay], types: Types) -> list[RelationWay]:
    """Return the most frequent way; of equal types in both directions."""
    ranked = sorted(ways, key=lambda way: (-ways[way], way.relation, not way.forward))
    if types[0] != types[1]:
        return ranked[:1]
    return [way for way in ranked if way.relation == ranked[0].relation]


def _score(train: Pairs, decisions: list[tuple[int, int]]) -> float:
    right = sum(way in train.rows[row].gold for row, way in decisions)
    return float(f1(np.int64(right), np.int64(len(decisions)), train.gold_counts.sum()))
