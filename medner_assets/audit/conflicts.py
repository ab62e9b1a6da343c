"""Conflicting labels: the same two names related in one document and not, or otherwise, in another."""

from collections.abc import Sequence

from medner_assets.audit.context import MaskedText, masked_text, words_between
from medner_assets.audit.figures import Figure
from medner_assets.audit.nodes import Nodes
from medner_assets.audit.pairs import PairSchema, candidate_pairs


def conflict_figures(documents: Sequence[Nodes], schema: PairSchema) -> list[Figure]:
    """Return how often pairs that occur in several documents are labelled differently there.

    A pair is two names (normalised, or concepts) with their types; with `same text` also the words between
    their closest mentions, other mentions masked. A conflict need not be a mistake: two texts may say
    different things. With the same words between, and all the more with labels that follow no text, it is
    hard to learn from.
    """
    pairs = candidate_pairs(documents, schema)
    by_names: dict[object, list[frozenset[int]]] = {}
    by_text: dict[object, list[frozenset[int]]] = {}
    current, masked = -1, MaskedText((), ())
    for row in pairs.rows:
        if row.document != current:
            current = row.document
            masked = masked_text(documents[current])
        each = documents[current]
        sides = tuple(
            node.key if node.key[0] == "concept" else (node.type, node.text)
            for node in (row.first, row.second)
        )
        by_names.setdefault((row.kind, sides), []).append(row.gold)
        between = tuple(words_between(row, each, masked))
        by_text.setdefault((row.kind, sides, between), []).append(row.gold)
    return [
        *_shares("", by_names, "the same two names"),
        *_shares("_same_text", by_text, "the same two names with the same words between"),
    ]


def _shares(suffix: str, grouped: dict[object, list[frozenset[int]]], what: str) -> list[Figure]:
    repeated = [labels for labels in grouped.values() if len(labels) > 1]
    conflicting = sum(len(set(labels)) > 1 for labels in repeated)
    share = conflicting / len(repeated) if repeated else None
    return [
        Figure(
            "conflicts", f"share{suffix}", share, f"of {what} that recur, how many are labelled differently"
        ),
        Figure("conflicts", f"repeated{suffix}", len(repeated), f"{what} that occur more than once"),
    ]
