"""Where a pair stands: offsets, distances, order and rank among the candidates. Not a word is read."""

from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.context import Words, spans_of, words_begin, words_end
from medner_assets.audit.descriptors import structure
from medner_assets.audit.layout import PairPlaces
from medner_assets.audit.pairs import Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray


def position(pairs: Pairs, places: PairPlaces, words: Words) -> "NDArray[np.float64]":
    """Return (pairs, columns) numbers: `structure`, and where the closest mentions stand.

    Offsets in words from both ends, sentences, words, marks and mentions between the two, which of the two
    is first, how many candidates of the same types and of all types stand before, in the document and in the
    sentence, and how many partners of either node are nearer.
    """
    document, kind = pairs.document, pairs.kind
    at = spans_of(pairs, places, words)
    first, last = words_begin(pairs, words), words_end(pairs, words)
    marks, masks = (np.concatenate([[0], np.cumsum(each)]) for each in (words.stop, words.mask))
    # In words, never in characters: the length of a word tells which word it is.
    gap = at.right - at.after_left
    stops = marks[at.right] - marks[at.after_left]
    inside = stops == 0
    stop_before = marks[at.left] - marks[first]
    sentence = document * (int(stop_before.max(initial=0)) + 1) + stop_before
    order = np.lexsort((places.left_start, places.right_start, document))
    own = document * (int(kind.max(initial=0)) + 1) + kind
    one, two = _node_numbers(pairs)
    columns = [
        at.left - first, last - at.right, (at.left - first) / np.maximum(last - first, 1),
        places.left_sentence, places.right_sentence, places.right_sentence - places.left_sentence,
        stop_before, stops, gap, masks[at.right] - masks[at.after_left], inside,
        at.left - at.begin, at.end - at.after_right, last - first, marks[last] - marks[first],
        places.first_is_left,
        _before(document, order), _before(own, order),
        _before(np.where(inside, document, -1 - document), order),
        _before(np.where(inside, sentence, -1 - sentence), order), _counts(sentence, inside),
        _nearer(one, gap), _nearer(two, gap),
        _nearer(one * 2 + inside, gap), _nearer(two * 2 + inside, gap),
    ]  # fmt: skip
    return np.column_stack([structure(pairs), *(np.asarray(each, float) for each in columns)])


def _node_numbers(pairs: Pairs) -> tuple["NDArray[np.int64]", "NDArray[np.int64]"]:
    """Return (pairs,) a number for the first node together with the pair's kind, and one for the second."""
    numbers: dict[object, int] = {}
    found = np.empty((2, len(pairs.rows)), np.int64)
    for index, row in enumerate(pairs.rows):
        for side, node in enumerate((row.first, row.second)):
            found[side, index] = numbers.setdefault((row.document, row.kind, node.key), len(numbers))
    return found[0], found[1]


def _before(group: "NDArray[np.int64]", order: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Return (pairs,) how many pairs of the same group come before in `order`."""
    ranked = group[order]
    by_group = np.argsort(ranked, kind="stable")
    grouped = ranked[by_group]
    begins = np.flatnonzero(np.append(True, grouped[1:] != grouped[:-1])) if len(grouped) else grouped
    lengths = np.diff(np.append(begins, len(grouped)))
    counted = np.arange(len(grouped)) - np.repeat(begins, lengths)
    result = np.empty(len(group), np.int64)
    result[order[by_group]] = counted
    return result


def _nearer(node: "NDArray[np.int64]", gap: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Return (pairs,) how many pairs of the same node have fewer words between."""
    return _before(node, np.argsort(gap, kind="stable"))


def _counts(group: "NDArray[np.int64]", counted: "NDArray[np.bool_]") -> "NDArray[np.int64]":
    """Return (pairs,) how many counted pairs the group has."""
    _, number = np.unique(group, return_inverse=True)
    return np.bincount(number, weights=counted)[number].astype(np.int64) if len(number) else number
