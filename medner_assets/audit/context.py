"""What the text says of a pair: words between and beside its closest mentions. No names, no counts.

The words of every mention are replaced by its type, so that nothing here knows which drug or which
disease it is; how often a thing is mentioned is not here either, because that is known without reading
what is said of it.
"""

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from medner_assets.audit.nodes import Nodes
from medner_assets.audit.pairs import Pair, Pairs

Place = tuple[int, int]

_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORDS_BETWEEN = 40
_WORDS_BESIDE = 4
_FARTHEST = 4
"""Sentences apart from which on all is one."""


@dataclass(frozen=True, slots=True)
class MaskedText:
    """The words of a document in lower case, mentions as `<Type>`, and where each word starts."""

    words: tuple[str, ...]
    starts: tuple[int, ...]


def masked_text(each: Nodes) -> MaskedText:
    """Return the words of the text; all the words of one mention become one mask a word."""
    matches = list(_TOKEN.finditer(each.document.text))
    starts = tuple(match.start() for match in matches)
    words = [match[0].lower() for match in matches]
    for start, end, kind in each.mentions:
        for position in range(bisect.bisect_left(starts, start), bisect.bisect_left(starts, end)):
            words[position] = f"<{kind}>"
    return MaskedText(tuple(words), starts)


def contexts(pairs: Pairs) -> Iterator[list[str]]:
    """Yield the features of each pair, in order of the pairs."""
    current, masked = -1, MaskedText((), ())
    for row in pairs.rows:
        if row.document != current:
            current = row.document
            masked = masked_text(pairs.documents[current])
        yield _features(row, pairs.documents[current], masked)


def closest(row: Pair, each: Nodes) -> tuple[Place, Place, int]:
    """Return the two closest mentions of a pair, in text order, and how many sentences they are apart."""
    best: tuple[int, int, Place, Place] | None = None
    for one in row.first.places:
        for other in row.second.places:
            left, right = (one, other) if one <= other else (other, one)
            apart = each.sentence(right[0]) - each.sentence(left[0])
            found = (apart, right[0] - left[1], left, right)
            if best is None or found < best:
                best = found
    if best is None:
        raise ValueError("a node without a mention cannot be paired")
    return best[2], best[3], best[0]


def words_between(row: Pair, each: Nodes, masked: MaskedText) -> list[str]:
    """Return the masked words between the closest mentions, a run of one mask as one, at most 40 words."""
    left, right, _ = closest(row, each)
    begin = bisect.bisect_left(masked.starts, left[1])
    end = bisect.bisect_left(masked.starts, right[0])
    return _collapsed(masked.words[begin : min(end, begin + _WORDS_BETWEEN)])


def _features(row: Pair, each: Nodes, masked: MaskedText) -> list[str]:
    left, right, apart = closest(row, each)
    begin = bisect.bisect_left(masked.starts, left[1])
    end = bisect.bisect_left(masked.starts, right[0])
    between = _collapsed(masked.words[begin : min(end, begin + _WORDS_BETWEEN)])
    start = bisect.bisect_left(masked.starts, left[0])
    after = bisect.bisect_left(masked.starts, right[1])
    features = [f"sentences {min(apart, _FARTHEST)}"]
    features.extend(f"between {word}" for word in dict.fromkeys(between))
    features.extend(f"between {one} {two}" for one, two in pairwise(between))
    features.extend(f"before {word}" for word in masked.words[max(0, start - _WORDS_BESIDE) : start])
    features.extend(f"after {word}" for word in masked.words[after : after + _WORDS_BESIDE])
    return list(dict.fromkeys(features))


def _collapsed(words: tuple[str, ...]) -> list[str]:
    return [
        word
        for place, word in enumerate(words)
        if not (word[0] == "<" and place and words[place - 1] == word)
    ]
