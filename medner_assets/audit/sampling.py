"""What a large dataset is cut to, with a seed, so that an audit stays within a minute and a gigabyte.

Documents are drawn whole. Of a document with thousands of entities pairs are drawn: a pair is kept or not by
a hash of its two keys, so that gold and found entities are sampled alike and every figure stays comparable.
"""

import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from medner_assets.schema import Document

MOST_DOCUMENTS = 12_000
"""Documents of all splits together that are looked at."""
MOST_PAIRS_OF_DOCUMENT = 2_000
MOST_PAIRS = 40_000
"""Candidate pairs of all splits (of test) that are looked at."""
TEACHING_PAIRS = 20_000
"""Candidate pairs of train that the readers of the ladder learn from."""
_RANGE = 2**32


def drawn_documents(
    splits: Sequence[Sequence[Document]], seed: int, most: int = MOST_DOCUMENTS
) -> list[list[Document]]:
    """Return the splits, or, with more than `most` documents, the same share of each in its order."""
    total = sum(len(split) for split in splits)
    if total <= most:
        return [list(split) for split in splits]
    rng = np.random.default_rng(seed)
    drawn = []
    for split in splits:
        count = min(len(split), max(1, round(len(split) * most / total)))
        drawn.append([split[index] for index in np.sort(rng.permutation(len(split))[:count])])
    return drawn


def share_of(nodes: int, most: int = MOST_PAIRS_OF_DOCUMENT) -> float:
    """Return the share of a document's pairs of nodes that is looked at."""
    pairs = nodes * (nodes - 1) // 2
    return 1.0 if pairs <= most else most / pairs


def is_kept(one: Sequence[str], other: Sequence[str], share: float, seed: int) -> bool:
    """Return whether a pair of keys is looked at; the order of the two does not matter."""
    code = np.array([_code(one), _code(other)], np.uint64)
    return bool(_mixed(code[:1], code[1:], seed)[0] < share * _RANGE)


def kept_positions(keys: Sequence[Sequence[str]], share: float, seed: int) -> Iterator[tuple[int, int]]:
    """Yield the positions (i < j) of all pairs of keys that are looked at."""
    code = np.array([_code(key) for key in keys], np.uint64)
    for position in range(len(code) - 1):
        mixed = _mixed(code[position], code[position + 1 :], seed)
        for other in np.flatnonzero(mixed < share * _RANGE).tolist():
            yield position, position + 1 + other


def _code(key: Sequence[str]) -> int:
    return zlib.crc32("\x1f".join(key).encode())


def _mixed(one: "np.ndarray | np.uint64", other: "np.ndarray", seed: int) -> "np.ndarray":
    """Return numbers below 2^32, spread evenly (the finaliser of MurmurHash3 over both codes)."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    mixed = low * np.uint64(_RANGE) + high + np.uint64(seed % _RANGE) * np.uint64(0x9E3779B1)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(factor)
    return (mixed ^ (mixed >> np.uint64(33))) >> np.uint64(32)
