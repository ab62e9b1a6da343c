"""Conflicting labels: the same two names related in one document and not, or otherwise, in another."""

from medner_assets.audit.context import BETWEEN
from medner_assets.audit.described import Described
from medner_assets.audit.figures import AuditFigure


def conflict_figures(every: Described) -> list[AuditFigure]:
    """Return how often pairs that occur in several documents are labelled differently there.

    A pair is two names (normalised, or concepts) with their types; with `same text` also the words between
    their closest mentions, other mentions masked. A conflict need not be a mistake: two texts may say
    different things. With the same words between, and all the more with labels that follow no text, it is
    hard to learn from.
    """
    by_names: dict[object, list[frozenset[int]]] = {}
    by_text: dict[object, list[frozenset[int]]] = {}
    ends = zip(every.spans.after_left.tolist(), every.spans.right.tolist(), strict=True)
    for row, (begin, end) in zip(every.pairs.rows, ends, strict=True):
        sides = tuple(
            node.key if node.key[0] == "concept" else (node.type, node.text)
            for node in (row.first, row.second)
        )
        by_names.setdefault((row.kind, sides), []).append(row.gold)
        between = every.words.code[begin : min(end, begin + BETWEEN)].tobytes()
        by_text.setdefault((row.kind, sides, between), []).append(row.gold)
    return [
        *_shares("", by_names, "the same two names"),
        *_shares("_same_text", by_text, "the same two names with the same words between"),
    ]


def _shares(suffix: str, grouped: dict[object, list[frozenset[int]]], what: str) -> list[AuditFigure]:
    repeated = [labels for labels in grouped.values() if len(labels) > 1]
    conflicting = sum(len(set(labels)) > 1 for labels in repeated)
    share = conflicting / len(repeated) if repeated else None
    return [
        AuditFigure(
            "conflicts", f"share{suffix}", share, f"of {what} that recur, how many are labelled differently"
        ),
        AuditFigure("conflicts", f"repeated{suffix}", len(repeated), f"{what} that occur more than once"),
    ]
