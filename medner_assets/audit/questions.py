"""Three questions to the text: which pairs are related, in which type, in which direction?

Each asks what the text adds to what needs no reading (position, counts, distance, order, types, names).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.described import Described
from medner_assets.audit.figures import AuditFigure
from medner_assets.audit.gain import Gain, gain_of
from medner_assets.audit.scores import f1
from medner_assets.audit.turns import BORDERS, Features, Scores, scores_in_turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_GROUPS = 50
"""Documents (or patients) with something to compare, below which nothing is said."""
_FEWEST_OF_A_TYPE = 20
_MOST_TYPES = 6
_ASKED_SHARE = 0.2
"""Share of the related pairs whose type (direction) the types of the pair leave open, from which on it is
asked."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of one question."""

    name: str
    """`within_document`, `between_documents`, `type` or `direction`."""
    gain: Gain | None
    """None where there is nothing to compare."""
    unread: float | None
    """What is had without reading: of pairs the best F1 on what was ranked, of types and directions the
    accuracy."""
    asked: bool
    """False: there is nothing that the text would have to say."""
    rows: int
    """Candidates that were looked at, those that only teach too."""

    def figures(self) -> list[AuditFigure]:
        """Return the rows of table `audits`."""
        made = [
            AuditFigure(self.name, "rows", self.rows, "candidates that were looked at"),
            AuditFigure(
                self.name, "asked", float(self.asked), "1: the text has something to say here, 0: not"
            ),
            AuditFigure(self.name, "without_reading", self.unread, _UNREAD[self.name]),
        ]
        if self.gain is None:
            return [AuditFigure(self.name, "auc", None, _MEANING["text"]), *made]
        found = self.gain
        for figure, each, meaning in (
            ("auc", found.text, "text"), ("auc_position", found.position, "position"),
            ("auc_position_text", found.read, "read"), ("auc_position_names", found.named, "named"),
            ("gain", found.gain, "gain"), ("share", found.share, "share"),
            ("share_beyond_names", found.beyond_names, "beyond"),
        ):  # fmt: skip
            made.append(
                AuditFigure(self.name, figure, each.value, _MEANING[meaning], "", each.low, each.high)
            )
        made += [
            AuditFigure(
                self.name, "z", found.z, "permutation test of the text alone: standard deviations above 0.5"
            ),
            AuditFigure(
                self.name, "strata", found.strata, "sets of candidates that are compared with each other"
            ),
            AuditFigure(
                self.name, "groups", found.groups, "documents (or patients) with something to compare"
            ),
            AuditFigure(self.name, "pairs", found.rows, "candidates that were ranked"),
        ]
        return made


_MEANING = {
    "text": "chance that the text alone ranks what holds above what does not",
    "position": "the same chance by position, counts, distance, order and types alone",
    "read": "the same chance by position and text",
    "named": "the same chance by position and names",
    "gain": "what the text adds to that chance",
    "share": "what the text adds, as a share of what position leaves open",
    "beyond": "what the text adds to position and names, as a share of what they leave open",
}
_UNREAD = {
    "within_document": "best F1 of telling related pairs by position and names",
    "between_documents": "best F1 of telling related pairs by position and names",
    "type": "share of related pairs whose type is told by position and names",
    "direction": "share of related pairs whose direction is told by position and names",
}


def pairs_probes(every: Described, seed: int) -> tuple[Probe, Probe]:
    """Ask which pairs are related: compared inside documents, and compared between documents."""
    pairs, related = every.pairs, every.pairs.related
    rows = len(related)
    asked = bool(rows) and bool(related.any()) and not related.all()
    if not asked:
        unread = 1.0 if rows and related.all() else None
        return (
            Probe("within_document", None, unread, False, rows),
            Probe("between_documents", None, unread, False, rows),
        )
    scores = scores_in_turn(_evidence(every), related, seed)
    ranked = ~np.isnan(scores.read)
    unread = max(
        (_best_f1(each[ranked], related[ranked]) for each in (scores.named, scores.position)), default=0.0
    )
    kinds = len(pairs.schema.kinds)
    within, between = (
        Probe(name, gain_of(scores, related, stratum, every.owner), unread, True, rows)
        for name, stratum in (
            ("within_document", pairs.document * kinds + pairs.kind),
            ("between_documents", scores.block * kinds + pairs.kind),
        )
    )
    return within, between


def type_probe(every: Described, seed: int) -> Probe:
    """Ask which type a related pair has, where its types and train leave that open."""
    pairs = every.pairs
    only = [_only(pairs.schema.classes[way].relation for way in row.gold) for row in pairs.rows]
    label = np.array(only, str)
    return _class_probe("type", every, label, pairs.kind, _left_open(label, pairs.kind), seed)


def direction_probe(every: Described, seed: int) -> Probe:
    """Ask which of the two arguments is the head, where types and relation leave that open."""
    pairs = every.pairs
    label, way = [], []
    for row, left in zip(pairs.rows, every.places.first_is_left, strict=True):
        ways = [pairs.schema.classes[each] for each in row.gold]
        directed = len(ways) == 1 and ways[0].relation not in pairs.schema.symmetric
        label.append(("left" if ways[0].forward == left else "right") if directed else "")
        way.append((ways[0].relation, "forward" if ways[0].forward else "back") if directed else ("", ""))
    relation, forward = np.array(way, str).reshape(-1, 2).T
    _, number = np.unique(relation, return_inverse=True)
    inside = pairs.kind * (int(number.max(initial=0)) + 1) + number
    told = replace(every, position=np.column_stack([every.position, number.astype(float)]))
    return _class_probe("direction", told, np.array(label, str), inside, _left_open(forward, inside), seed)


def _class_probe(
    name: str,
    every: Described,
    label: "NDArray[np.str_]",
    inside: "NDArray[np.int64]",
    left_open: "NDArray[np.bool_]",
    seed: int,
) -> Probe:
    """Compare each class with the others of the same `inside`, over the blocks; the classes together."""
    related = int(every.pairs.related.sum())
    rows = np.flatnonzero(left_open)
    if not len(rows) or len(rows) < _ASKED_SHARE * related:
        return Probe(name, None, None, False, len(rows))
    given = Features(every.position[rows], every.names[rows], every.text[rows], every.owner[rows])
    wanted = label[rows]
    counted = Counter(wanted.tolist()).most_common(_MOST_TYPES)
    chosen = [kind for kind, _ in counted][: 1 if len(counted) == 2 else None]
    scored = [(kind, scores_in_turn(given, wanted == kind, seed)) for kind in chosen]
    stratum = inside[rows] * len(BORDERS) + scored[0][1].block
    classes = int(stratum.max()) + 1
    gain = gain_of(
        _joined([scores for _, scores in scored]),
        np.concatenate([wanted == kind for kind, _ in scored]),
        np.concatenate([stratum + number * classes for number in range(len(scored))]),
        np.tile(every.owner[rows], len(scored)),
    )
    told = np.column_stack([scores.named for _, scores in scored])
    ranked = ~np.isnan(told[:, 0])
    if len(chosen) == 1:
        right = (told[ranked, 0] > 0) == (wanted[ranked] == chosen[0])
    else:
        right = np.array(chosen)[told[ranked].argmax(axis=1)] == wanted[ranked]
    return Probe(name, gain, float(right.mean()) if len(right) else None, True, len(rows))


def _left_open(label: "NDArray[np.str_]", inside: "NDArray[np.int64]") -> "NDArray[np.bool_]":
    """Return the rows whose `inside` has two or more classes that are not rare."""
    counted: dict[int, Counter[str]] = {}
    for place, kind in zip(inside.tolist(), label.tolist(), strict=True):
        if kind:
            counted.setdefault(place, Counter())[kind] += 1
    usual = {
        place: {kind for kind, count in kinds.items() if count >= _FEWEST_OF_A_TYPE}
        for place, kinds in counted.items()
    }
    return np.array(
        [
            len(usual.get(place, ())) > 1 and kind in usual[place]
            for place, kind in zip(inside.tolist(), label.tolist(), strict=True)
        ],
        np.bool_,
    )


def _only(relations: object) -> str:
    distinct = set(relations)  # type: ignore[call-overload]
    return distinct.pop() if len(distinct) == 1 else ""


def _evidence(every: Described) -> Features:
    return Features(every.position, every.names, every.text, every.owner)


def _joined(parts: Sequence[Scores]) -> Scores:
    return Scores(
        *(np.concatenate([getattr(each, field.name) for each in parts]) for field in fields(Scores))
    )


def _best_f1(scores: "NDArray[np.float64]", label: "NDArray[np.bool_]") -> float:
    """Return the best F1 over all cuts; equal scores are taken or left together."""
    if not len(scores):
        return 0.0
    order = np.argsort(-scores, kind="stable")
    score = f1(np.cumsum(label[order]), np.arange(1, len(order) + 1), label.sum())
    last_of_run = np.append(scores[order][1:] < scores[order][:-1], True)
    return float(score[last_of_run].max())
