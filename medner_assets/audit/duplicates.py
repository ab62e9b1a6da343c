"""Duplicate texts, exact and near, inside a split and between splits.

Near: the same but for its numbers, dates and ids (digits are masked), or the same template with other names
(mentions are masked too).
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.figures import AuditFigure
from medner_assets.normalising import normalise
from medner_assets.schema import Document

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORD = re.compile(r"[\w<>]+")
_DIGITS = re.compile(r"\d+")
_SHINGLE = 5
"""Words in a row that count as one piece of text."""
NEAR = 0.8
"""Jaccard similarity of the pieces from which on two texts are near duplicates."""
SHORTEST_TEMPLATE = 20
"""Words from which on equal masked texts are a template and not a turn of phrase."""
_BANDS, _ROWS = 20, 4
_PRIME = np.uint64(2**31 - 1)
_CROWD, _LEADERS = 40, 8
"""In a bucket of more texts than the first each is compared with the first few only: thousands of copies are
as well found by one of them."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A test document and the train document most like it."""

    test: str
    train: str
    similarity: float
    """Jaccard similarity of runs of five words, masked as the finding says."""

    def __str__(self) -> str:
        return f"{self.test} and {self.train} ({self.similarity:.0%})"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What was found. The pairs are of test and train, the most alike first."""

    figures: tuple[AuditFigure, ...]
    near: tuple[Alike, ...]
    """Test documents that repeat a train document but for numbers and a few words."""
    template: tuple[Alike, ...]
    """Test documents that repeat the template of a train document: other names, other numbers."""


def duplicates(documents: Sequence[Document]) -> Duplicates:
    """Return how many documents have the text of another, or nearly so, in all splits and across."""
    texts = [normalise(document.text) for document in documents]
    same: dict[str, int] = {}
    for text in texts:
        same[text] = same.get(text, 0) + 1
    exact = sum(same[text] > 1 for text in texts)
    in_train = [document.split == "train" for document in documents]
    plain = near_duplicates([_pieces(document.text) for document in documents], in_train)
    masked = near_duplicates([_pieces(_template(each), SHORTEST_TEMPLATE) for each in documents], in_train)
    near = {place for pair in plain for place in pair}
    across = _across(documents, plain)
    template = _across(documents, masked)
    return Duplicates(
        (
            AuditFigure("duplicates", "exact", exact, "documents whose text another document has"),
            AuditFigure(
                "duplicates", "near", len(near),
                "documents that share 80 % of their text with another, numbers left aside",
            ),
            AuditFigure(
                "duplicates", "near_across", len(across),
                "test documents that share 80 % of their text with a train document, numbers left aside",
            ),
            AuditFigure(
                "duplicates", "template_across", len(template),
                "test documents that share 80 % with a train document, names and numbers left aside",
            ),
        ),
        across,
        template,
    )  # fmt: skip


def _across(documents: Sequence[Document], found: dict[tuple[int, int], float]) -> tuple[Alike, ...]:
    """Return the most similar train document of each test document that has one, the most alike first."""
    best: dict[int, tuple[float, int]] = {}
    for pair, similarity in found.items():
        for test, train in (pair, pair[::-1]):
            if documents[test].split == "test" and documents[train].split == "train":
                best[test] = max(best.get(test, (0.0, -1)), (similarity, -train))
    ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(Alike(documents[test].id, documents[-train].id, how) for test, (how, train) in ranked)


def near_duplicates(
    pieces: "Sequence[NDArray[np.uint64]]", first: Sequence[bool] = ()
) -> dict[tuple[int, int], float]:
    """Return pairs (i < j) of texts that share at least 80 % of their pieces, with their similarity.

    Candidates come from MinHash with 20 bands of 4 (Broder 1997; Leskovec et al., Mining of Massive
    Datasets, ch. 3): a pair at 0.8 is missed with a chance below 1 in 10,000. Every candidate is verified
    exactly. first: (texts,) those that lead a crowded bucket.
    """
    filled = [index for index, each in enumerate(pieces) if len(each)]
    if len(filled) < 2:
        return {}
    signatures = np.stack([_signature(pieces[index]) for index in filled])
    found: dict[tuple[int, int], float] = {}
    checked: set[tuple[int, int]] = set()
    for band in range(_BANDS):
        buckets: dict[bytes, list[int]] = {}
        for row, index in enumerate(filled):
            key = signatures[row, band * _ROWS : (band + 1) * _ROWS].tobytes()
            buckets.setdefault(key, []).append(index)
        for bucket in buckets.values():
            for pair in _compared(bucket, first):
                if pair not in checked:
                    checked.add(pair)
                    similarity = _jaccard(pieces[pair[0]], pieces[pair[1]])
                    if similarity >= NEAR:
                        found[pair] = similarity
    return found


def _compared(bucket: list[int], first: Sequence[bool]) -> Iterator[tuple[int, int]]:
    if len(bucket) <= _CROWD:
        yield from combinations(bucket, 2)
        return
    leaders = sorted(bucket, key=lambda index: not (first and first[index]))[:_LEADERS]
    for leader in leaders:
        for index in bucket:
            if index != leader:
                yield (leader, index) if leader < index else (index, leader)


def _template(document: Document) -> str:
    """Return the text with each mention that has offsets replaced by its type."""
    parts, done = [], 0
    for entity in sorted(document.entities, key=lambda each: (each.start or 0, each.end or 0)):
        if entity.start is None or entity.end is None or entity.start < done:
            continue
        parts += [document.text[done : entity.start], f" <{entity.type}> "]
        done = entity.end
    return "".join([*parts, document.text[done:]])


def _pieces(text: str, shortest: int = 1) -> "NDArray[np.uint64]":
    words = _WORD.findall(_DIGITS.sub("0", text.casefold()))
    if len(words) < shortest:
        return np.zeros(0, np.uint64)
    runs = {" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))}
    return np.array(sorted(zlib.crc32(run.encode()) for run in runs), np.uint64)


_DRAWN = np.random.default_rng(0)  # the hash functions, the same for all texts
_FACTOR = _DRAWN.integers(1, 2**31 - 1, _BANDS * _ROWS, dtype=np.uint64)
_OFFSET = _DRAWN.integers(0, 2**31 - 1, _BANDS * _ROWS, dtype=np.uint64)


def _signature(pieces: "NDArray[np.uint64]") -> "NDArray[np.uint64]":
    return ((pieces[:, None] % _PRIME * _FACTOR + _OFFSET) % _PRIME).min(axis=0)


def _jaccard(one: "NDArray[np.uint64]", two: "NDArray[np.uint64]") -> float:
    shared = len(np.intersect1d(one, two, assume_unique=True))
    return shared / (len(one) + len(two) - shared)
