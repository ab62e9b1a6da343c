"""Which texts the embedded base must not see: dev and test documents, and whatever shares 13 words with
them."""

import re
from collections.abc import Iterable, Iterator

NGRAM = 13
"""Words in a row that count as the same text; the length that language-model reports use for
contamination."""

_WORD = re.compile(r"\w+")


def ngrams(text: str, n: int = NGRAM) -> Iterator[tuple[str, ...]]:
    """Yield each run of `n` words of `text`, lower-cased; a text of fewer words yields all of it once."""
    words = _WORD.findall(text.lower())
    if words and len(words) < n:
        yield tuple(words)
    for i in range(len(words) - n + 1):
        yield tuple(words[i : i + n])


class HeldOut:
    """The held-out texts. `overlaps` says whether a text shares a run of words with one of them."""

    def __init__(self, texts: Iterable[str], identifiers: Iterable[str] = ()) -> None:
        """texts: dev and test texts; identifiers: document ids (PMIDs) that are refused whatever their
        text."""
        self._ngrams = {gram for text in texts for gram in ngrams(text) if len(gram) == NGRAM}
        self._identifiers = frozenset(identifiers)

    def overlaps(self, text: str) -> bool:
        """Return whether `text` has 13 words in a row that a held-out text has."""
        return any(gram in self._ngrams for gram in ngrams(text) if len(gram) == NGRAM)

    def refuses(self, identifier: str) -> bool:
        """Return whether a document with this id is held out."""
        return identifier in self._identifiers
