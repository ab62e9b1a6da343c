"""Dictionary NER: how far the strings of train go on test, and how many are left unannotated."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.figures import AuditFigure
from medner_assets.audit.scores import DocumentCounts, f1_figures
from medner_assets.normalising import normalise
from medner_assets.schema import Document, Entity

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+|[^\w\s]")
_OFTEN_ENOUGH = 0.5
"""A string is in the dictionary if at least this share of its occurrences in train is annotated."""

Words = tuple[str, ...]


class Dictionary:
    """Mentions as strings with their most frequent type; matched by whole words, the longest first."""

    def __init__(self, documents: Sequence[Document]) -> None:
        types: dict[Words, Counter[str]] = {}
        for document in documents:
            for entity in document.entities:
                words = tuple(word for word, _, _ in _words(entity.text))
                if words:
                    types.setdefault(words, Counter())[entity.type] += 1
        self.entries: dict[Words, str] = {
            words: min(counted, key=lambda kind: (-counted[kind], kind)) for words, counted in types.items()
        }
        self._lengths: dict[str, list[int]] = {}
        for words in self.entries:
            lengths = self._lengths.setdefault(words[0], [])
            if len(words) not in lengths:
                lengths.append(len(words))
        for lengths in self._lengths.values():
            lengths.sort(reverse=True)

    def without(self, dropped: set[Words]) -> "Dictionary":
        """Return the dictionary without some entries."""
        smaller = Dictionary(())
        smaller.entries = {words: kind for words, kind in self.entries.items() if words not in dropped}
        smaller._lengths = self._lengths
        return smaller

    def hits(self, text: str) -> Iterator[tuple[Words, int, int]]:
        """Yield (entry, start, end) from left to right, none overlapping."""
        words = list(_words(text))
        plain = tuple(word for word, _, _ in words)
        position = 0
        while position < len(words):
            step = 1
            for length in self._lengths.get(plain[position], ()):
                entry = plain[position : position + length]
                if len(entry) == length and entry in self.entries:
                    yield entry, words[position][1], words[position + length - 1][2]
                    step = length
                    break
            position += step

    def find(self, document: Document) -> tuple[Entity, ...]:
        """Return the entities that the dictionary finds in a document."""
        return tuple(
            Entity(f"D{number}", self.entries[entry], start, end, document.text[start:end])
            for number, (entry, start, end) in enumerate(self.hits(document.text), start=1)
        )


def trained_dictionary(train: Sequence[Document]) -> Dictionary:
    """Return the strings of train that are annotated at least every other time that they occur there."""
    full = Dictionary(train)
    seen: Counter[Words] = Counter()
    annotated: Counter[Words] = Counter()
    for document in train:
        spans = {(entity.start, entity.end) for entity in document.entities}
        for entry, start, end in full.hits(document.text):
            seen[entry] += 1
            annotated[entry] += (start, end) in spans
    return full.without({entry for entry, count in seen.items() if annotated[entry] < _OFTEN_ENOUGH * count})


def dictionary_figures(
    train: Sequence[Document],
    test: Sequence[Document],
    found: Sequence[tuple[Entity, ...]],
    weights: "NDArray[np.int64]",
) -> list[AuditFigure]:
    """Return how well `found`, the dictionary's entities on test, matches gold, and what is unannotated.

    weights: (resamples, test documents) of the bootstrap.
    """
    counted = [_strings(document, entities) for document, entities in zip(test, found, strict=True)]
    counts = DocumentCounts(*(np.array(column, np.int64) for column in zip(*counted, strict=True)))
    meaning = "entities found by looking up the strings of train; (type, string) of each document"
    full = Dictionary(train)
    return [
        *f1_figures("dictionary_ner", "", counts, weights, meaning),
        AuditFigure("dictionary_ner", "entries", len(full.entries), "distinct strings annotated in train"),
        *(
            AuditFigure(
                "unannotated", split, _unannotated(full, documents),
                f"share of the places in {split} where a string of train stands and nothing is annotated",
            )
            for split, documents in (("train", train), ("test", test))
        ),
    ]  # fmt: skip


def _strings(document: Document, found: tuple[Entity, ...]) -> tuple[int, int, int]:
    gold = {(entity.type, normalise(entity.text)) for entity in document.entities}
    predicted = {(entity.type, normalise(entity.text)) for entity in found}
    return len(gold & predicted), len(predicted), len(gold)


def _unannotated(dictionary: Dictionary, documents: Sequence[Document]) -> float | None:
    """Return the share of hits that overlap no gold mention; None where there is no hit or no offsets."""
    hits = missed = 0
    for document in documents:
        covered = bytearray(len(document.text))
        for entity in document.entities:
            if entity.start is None or entity.end is None:
                return None
            covered[entity.start : entity.end] = b"\x01" * (entity.end - entity.start)
        for _, start, end in dictionary.hits(document.text):
            hits += 1
            missed += not any(covered[start:end])
    return missed / hits if hits else None


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _TOKEN.finditer(text):
        yield match[0].casefold(), match.start(), match.end()
