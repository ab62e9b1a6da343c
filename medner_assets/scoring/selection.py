"""Which documents a person should correct next: those where most errors are expected for the time they take.

Pure, and free of tables: what a version says of a document goes in as keys with probabilities.

- *Uncertain*: an item that is said is an error with 1 − p, p its calibrated probability. Where another
  version was asked too, p is the mean over both, 0 for one that does not say it, and what only the other says
  is missed with p: where the two disagree, errors are expected.
- *Worth the time*: reading takes time by length, so errors count by character. Half of a usual document's
  length is added to each, so that a short one with one doubtful item does not come first for being short.
- *Diverse*: the n-th document with the same item counts its error as one n-th. What one document teaches of
  an item, ten of the same teach hardly more.
- *A random part*, drawn before anything is ranked, from all documents alike: what is measured on it holds for
  the whole corpus. On the others it does not: they were chosen for their errors.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from math import ceil
from statistics import median
from typing import Literal

Key = tuple[str, ...]
"""An item: what it is and its strings. Equal keys say the same, in whatever document."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that could be corrected. said: item → calibrated probability; at most one of each key."""

    doc_id: str
    characters: int
    said: Mapping[Key, float]
    other: Mapping[Key, float] | None = None
    """What another version says; None: none was asked."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A document to be corrected. expected_errors: of the version, false and missed, in all of it."""

    doc_id: str
    part: Literal["random", "chosen"]
    expected_errors: float


def expected_errors(candidate: Candidate) -> dict[Key, float]:
    """Return item → the probability that the version errs in it: says it wrongly, or misses it."""
    if candidate.other is None:
        return {key: 1 - probability for key, probability in candidate.said.items()}
    found = {}
    for key in candidate.said.keys() | candidate.other.keys():
        mean = (candidate.said.get(key, 0.0) + candidate.other.get(key, 0.0)) / 2
        found[key] = 1 - mean if key in candidate.said else mean
    return found


def select(
    candidates: Sequence[Candidate], count: int, *, random_share: float = 0.2, seed: int
) -> list[Pick]:
    """Return `count` documents, or all where there are fewer: the random part, then the chosen, best first.

    candidates: each document once; their order decides nothing. random_share: of `count`, in [0, 1], rounded
    up; 0: none is drawn. Equal arguments give equal picks.
    """
    ordered = sorted(candidates, key=lambda each: each.doc_id)
    errors = {each.doc_id: expected_errors(each) for each in ordered}
    count = min(count, len(ordered))
    drawn = random.Random(seed).sample(ordered, ceil(round(count * random_share, 9)))
    picks = [Pick(each.doc_id, "random", sum(errors[each.doc_id].values())) for each in drawn]
    taken = {each.doc_id for each in drawn}
    seen = Counter(key for each in drawn for key in errors[each.doc_id])
    usual = median(each.characters for each in ordered) if ordered else 0
    rest = [each for each in ordered if each.doc_id not in taken]
    for each in _ranked(rest, errors, seen, usual, count - len(drawn)):
        picks.append(Pick(each.doc_id, "chosen", sum(errors[each.doc_id].values())))
    return picks


def _ranked(
    candidates: Iterable[Candidate],
    errors: Mapping[str, Mapping[Key, float]],
    seen: "Counter[Key]",
    usual: float,
    count: int,
) -> list[Candidate]:
    """Return the best documents in turn. seen: items of those that were taken before; goes up with each."""

    def worth(candidate: Candidate) -> float:
        items = errors[candidate.doc_id].items()
        return sum(error / (1 + seen[key]) for key, error in items) / (candidate.characters + usual / 2 or 1)

    # A document is never worth more than it was: only the one on top needs to be looked at again.
    heap = [(-worth(each), n, each) for n, each in enumerate(candidates)]
    heapify(heap)
    chosen: list[Candidate] = []
    while heap and len(chosen) < count:
        before, n, best = heap[0]
        now = -worth(best)
        if now > before:
            heapreplace(heap, (now, n, best))
            continue
        heappop(heap)
        chosen.append(best)
        seen.update(errors[best.doc_id].keys())
    return chosen
