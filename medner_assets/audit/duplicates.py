"""Duplicate texts, exact and near, inside a split and between splits."""

import re
import zlib
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.figures import Figure
from medner_assets.schema import Document
from medner_assets.scoring.normalising import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_SHINGLE = 5
"""Words in a row that count as one piece of text."""
NEAR = 0.8
"""Jaccard similarity of the pieces from which on two texts are near duplicates."""
_BANDS, _ROWS = 20, 4
_PRIME = np.uint64(2**31 - 1)


def duplicate_figures(documents: Sequence[Document]) -> list[Figure]:
    """Return how many documents have the text of another, or nearly so, in all splits and across."""
    same: dict[str, list[Document]] = {}
    for document in documents:
        same.setdefault(normalise(document.text), []).append(document)
    groups = list(same.values())
    alike: list[set[int]] = [{number} for number in range(len(groups))]
    for one, two in near_duplicates(list(same)):
        alike[one].add(two)
        alike[two].add(one)
    in_train = [any(document.split == "train" for document in group) for group in groups]
    exact = near = across = 0
    for number, group in enumerate(groups):
        exact += len(group) if len(group) > 1 else 0
        near += len(group) if len(group) > 1 or len(alike[number]) > 1 else 0
        if any(in_train[other] for other in alike[number]):
            across += sum(document.split == "test" for document in group)
    return [
        Figure("duplicates", "exact", exact, "documents whose text another document has"),
        Figure("duplicates", "near", near, "documents that share 80 % of their text with another"),
        Figure("duplicates", "near_across", across, "test documents that share 80 % with a train document"),
    ]


def near_duplicates(texts: Sequence[str]) -> set[tuple[int, int]]:
    """Return pairs (i < j) of texts that share at least 80 % of their runs of five words.

    Candidates come from MinHash with 20 bands of 4 (Broder 1997; Leskovec et al., Mining of Massive
    Datasets, ch. 3): a pair at 0.8 is missed with a chance below 1 in 10,000. Every candidate is verified
    exactly.
    """
    pieces = [_pieces(text) for text in texts]
    filled = [index for index, each in enumerate(pieces) if len(each)]
    if len(filled) < 2:
        return set()
    signatures = np.stack([_signature(pieces[index]) for index in filled])
    found: set[tuple[int, int]] = set()
    checked: set[tuple[int, int]] = set()
    for band in range(_BANDS):
        buckets: dict[bytes, list[int]] = {}
        for row, index in enumerate(filled):
            key = signatures[row, band * _ROWS : (band + 1) * _ROWS].tobytes()
            buckets.setdefault(key, []).append(index)
        for bucket in buckets.values():
            for pair in combinations(bucket, 2):
                if pair not in checked:
                    checked.add(pair)
                    if _jaccard(pieces[pair[0]], pieces[pair[1]]) >= NEAR:
                        found.add(pair)
    return found


def _pieces(text: str) -> "NDArray[np.uint64]":
    words = _WORD.findall(text.casefold())
    runs = (
        {" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))}
        if words
        else set()
    )
    return np.array(sorted(zlib.crc32(run.encode()) for run in runs), np.uint64)


def _signature(pieces: "NDArray[np.uint64]") -> "NDArray[np.uint64]":
    rng = np.random.default_rng(0)  # the hash functions, the same for all texts
    factor = rng.integers(1, 2**31 - 1, _BANDS * _ROWS, dtype=np.uint64)
    offset = rng.integers(0, 2**31 - 1, _BANDS * _ROWS, dtype=np.uint64)
    return ((pieces[:, None] % _PRIME * factor + offset) % _PRIME).min(axis=0)


def _jaccard(one: "NDArray[np.uint64]", two: "NDArray[np.uint64]") -> float:
    shared = len(np.intersect1d(one, two, assume_unique=True))
    return shared / (len(one) + len(two) - shared)
