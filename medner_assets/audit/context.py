"""What the text says of a pair: words between and around its closest mentions. No names, no counts.

The words of every mention are replaced by its type, so that nothing here knows which drug or which disease
it is. Features are hashed; a whole dataset is one array of words, so that no loop runs over pairs.
"""

import bisect
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medner_assets.audit.layout import PairPlaces
from medner_assets.audit.nodes import Nodes
from medner_assets.audit.pairs import Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+|[^\w\s]")
HASHED = 2**18
BETWEEN = 40
"""Words between the mentions that are looked at."""
_BESIDE = 4
_AROUND = 30
"""Words of the same sentence, before the left and after the right mention, that are looked at."""
_FARTHEST = 4
"""Sentences apart from which on all is one."""
WEIGHT = 0.5
"""Of a word's indicator: below 1, a linear reader leans less on each of many words."""
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of documents one after the other, in lower case, a mention as one word: its type."""

    code: "NDArray[np.uint64]"
    """(words,) a number for each word; equal words have equal numbers."""
    mask: "NDArray[np.bool_]"
    """(words,) whether it stands for a mention."""
    stop: "NDArray[np.bool_]"
    """(words,) whether it is a mark that ends sentences."""
    start: "NDArray[np.int64]"
    """(words,) offset in the document plus the document's `base`."""
    base: "NDArray[np.int64]"
    """(documents + 1,) what is added to a document's offsets."""


def words_of(documents: Sequence[Nodes]) -> Words:
    """Return the words of the documents; the words of one mention, or of a run of one type, are one word."""
    codes: dict[str, int] = {}
    code: list[int] = []
    mask: list[bool] = []
    stop: list[bool] = []
    start: list[int] = []
    base = [0]
    for each in documents:
        found = [(match[0].lower(), match.start()) for match in _TOKEN.finditer(each.document.text)]
        starts = [place for _, place in found]
        types: dict[int, str] = {}
        for begin, end, kind in each.mentions:
            for index in range(bisect.bisect_left(starts, begin), bisect.bisect_left(starts, end)):
                types[index] = kind
        last = ""
        for index, (word, place) in enumerate(found):
            kind = types.get(index, "")
            if kind and kind == last:
                continue
            last = kind
            written = f"<{kind}>" if kind else word
            if written not in codes:
                codes[written] = zlib.crc32(written.encode())
            code.append(codes[written])
            mask.append(bool(kind))
            stop.append(word in (".", "!", "?"))
            start.append(place + base[-1])
        base.append(base[-1] + len(each.document.text) + 1)
    return Words(
        np.array(code, np.uint64), np.array(mask, np.bool_), np.array(stop, np.bool_),
        np.array(start, np.int64), np.array(base, np.int64),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spans:
    """(pairs,) positions in `Words`: where the sentence begins, the left mention, and so on."""

    begin: "NDArray[np.int64]"
    left: "NDArray[np.int64]"
    after_left: "NDArray[np.int64]"
    right: "NDArray[np.int64]"
    after_right: "NDArray[np.int64]"
    end: "NDArray[np.int64]"


def spans_of(pairs: Pairs, places: PairPlaces, words: Words) -> Spans:
    """Return where in the words each pair stands. Here a sentence ends at every mark."""
    given = (places.left_start, places.left_end, places.right_start, places.right_end)
    return _spans(pairs.document, np.stack(given), words)


def _spans(document: "NDArray[np.int64]", places: "NDArray[np.int64]", words: Words) -> Spans:
    base = words.base[document]
    left, after_left, right, after_right = (
        np.searchsorted(words.start, base + offsets) for offsets in places
    )
    first, last = (np.searchsorted(words.start, words.base[document + shift]) for shift in (0, 1))
    stops = np.flatnonzero(words.stop)
    padded = np.concatenate([[-1], stops, [len(words.stop)]])
    begin = np.maximum(padded[np.searchsorted(stops, left)] + 1, first)
    end = np.minimum(padded[np.searchsorted(stops, after_right) + 1], last)
    after_left, right = np.minimum(after_left, last), np.minimum(right, last)
    return Spans(begin, left, np.minimum(after_left, right), right, np.maximum(after_right, right), end)


def contexts(pairs: Pairs, places: PairPlaces, words: Words) -> Any:
    """Return (pairs, HASHED) features of what stands between and around the mentions, a CSR matrix.

    The closest two mentions, and of concepts with several the next ones in one sentence too.
    """
    apart = np.minimum(places.right_sentence - places.left_sentence, _FARTHEST).astype(np.uint64)
    every = np.arange(len(apart))
    parts = [(every, _hash(apart, 1)), *_features(pairs, every, spans_of(pairs, places, words), words)]
    if len(places.also_row):
        others = _spans(pairs.document[places.also_row], places.also, words)
        parts += _features(pairs, places.also_row, others, words)
    return _indicators(parts, len(apart))


def _features(
    pairs: Pairs, owner: "NDArray[np.int64]", at: Spans, words: Words
) -> list[tuple["NDArray[np.int64]", "NDArray[np.int64]"]]:
    """Return (row, column) of what two mentions of pairs `owner` show."""
    document = pairs.document[owner]
    first, last = (np.searchsorted(words.start, words.base[document + shift]) for shift in (0, 1))
    between_end = np.minimum(at.right, at.after_left + BETWEEN)
    row, index = _ragged(at.after_left, between_end)
    pair_row, pair_index = _ragged(at.after_left, np.maximum(between_end - 1, at.after_left))
    parts = [
        (owner[row], _hash(words.code[index], 2)),
        (owner[pair_row], _hash(words.code[pair_index] * _MIX + words.code[pair_index + 1], 3)),
    ]
    for salt, begin, end in (
        (4, np.maximum(at.left - _BESIDE, first), at.left),
        (5, at.after_right, np.minimum(at.after_right + _BESIDE, last)),
        (6, np.maximum(at.left - _AROUND, at.begin), at.left),
        (7, at.after_right, np.minimum(at.after_right + _AROUND, at.end)),
        (8, at.after_left, np.minimum(at.after_left + 2, at.right)),
        (9, np.maximum(at.right - 2, at.after_left), at.right),
    ):
        row, index = _ragged(begin, end)
        parts.append((owner[row], _hash(words.code[index], salt)))
    return parts


def words_begin(pairs: Pairs, words: Words) -> "NDArray[np.int64]":
    """Return (pairs,) the position of the first word of the pair's document."""
    return np.searchsorted(words.start, words.base[pairs.document])


def words_end(pairs: Pairs, words: Words) -> "NDArray[np.int64]":
    """Return (pairs,) the position after the last word of the pair's document."""
    return np.searchsorted(words.start, words.base[pairs.document + 1])


def _ragged(
    begin: "NDArray[np.int64]", end: "NDArray[np.int64]"
) -> tuple["NDArray[np.int64]", "NDArray[np.int64]"]:
    """Return all (row, position) with begin[row] <= position < end[row]."""
    lengths = np.maximum(end - begin, 0)
    row = np.repeat(np.arange(len(begin)), lengths)
    shift = np.repeat(begin - (np.cumsum(lengths) - lengths), lengths)
    return row, np.arange(len(row)) + shift


def _hash(code: "NDArray[np.uint64]", salt: int) -> "NDArray[np.int64]":
    """Mix well, by the finaliser of MurmurHash3: words that differ little must not share a column."""
    mixed = code + np.uint64(salt * int(_MIX) % 2**64)
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ((mixed ^ (mixed >> np.uint64(33))) % np.uint64(HASHED)).astype(np.int64)


def _indicators(parts: Sequence[tuple["NDArray[np.int64]", "NDArray[np.int64]"]], rows: int) -> Any:
    from scipy.sparse import csr_matrix

    row, column = (np.concatenate(each) for each in zip(*parts, strict=True))
    matrix = csr_matrix((np.ones(len(row)), (row, column)), shape=(rows, HASHED))
    matrix.sum_duplicates()
    matrix.data[:] = WEIGHT
    return matrix
