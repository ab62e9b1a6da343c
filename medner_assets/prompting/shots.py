"""Prompts for a model that was not trained on the format: it is described, and shown by examples of train.

Pure. The same prompt goes to a local base and to a server. Examples stand in the prompt as texts with their
answers, the text that is asked about stands last.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Literal

from medner_assets.prompting.templates import (
    ENTITIES_HEADING,
    NONE_FOUND,
    RELATIONS_HEADING,
    TEXT_HEADING,
    PromptStyle,
    render_completion,
    without_headings,
)
from medner_assets.schema import Document

Choice = Literal["seed", "nearest"]
_RESPONSE = "### Response:"
_FORM = (
    "Extract the medical entities and the relations between them from the text. "
    "Copy every mention exactly as it is written, in text order.\n"
    "Entity types: {entities}\nRelation types: {relations}\n\n"
    "Answer with these two lists and nothing else:\n\n"
    f"{ENTITIES_HEADING}\n1. [entity type] mention\n\n"
    f"{RELATIONS_HEADING}\n1. mention --[relation type]--> mention\n\n"
    f"Below a heading without entries write: {NONE_FOUND}"
)


@dataclass(frozen=True, slots=True)
class Shot:
    """One example: a text of train and the answer that is right for it."""

    text: str
    answer: str

    @classmethod
    def of(cls, document: Document) -> "Shot":
        """Return the example that a document is."""
        return cls(document.text, render_completion(document))


def render_few_shot(
    text: str,
    style: PromptStyle,
    entity_types: Sequence[str],
    relation_types: Sequence[str],
    shots: Sequence[Shot],
) -> str:
    """Return the prompt of a text with its examples, in their order; none: zero-shot.

    Style chat: what the user says, the answer is the next turn. Else the prompt ends where the answer begins.
    """
    head = _FORM.format(
        entities=", ".join(entity_types) or "none", relations=", ".join(relation_types) or "none"
    )
    parts = [head if style == "chat" else f"### Instruction:\n{head}"]
    for shot in shots:
        parts.append(f"{TEXT_HEADING}\n{without_headings(shot.text)}\n\n{_RESPONSE}\n{shot.answer}")
    asked = f"{TEXT_HEADING}\n{without_headings(text)}"
    parts.append(asked if style == "chat" and not shots else f"{asked}\n\n{_RESPONSE}")
    return "\n\n".join(parts) + ("" if style == "chat" else "\n")


def answer_in(completion: str) -> str:
    """Return the answer in what a model wrote: without the further examples that some make up behind it."""
    lines = completion.split("\n")
    end = next((i for i, line in enumerate(lines) if i and line.strip() == TEXT_HEADING), len(lines))
    return "\n".join(lines[:end]).rstrip() if end < len(lines) else completion


class Shots:
    """The examples of each text: the same ones for all, drawn by a seed, or those that are most like it."""

    def __init__(self, pool: Sequence[Document], count: int, choice: Choice, seed: int) -> None:
        """pool: documents of train, of which empty texts are no examples; count: examples a text."""
        self._shots = [Shot.of(each) for each in pool if each.text.strip()]
        self._count = min(count, len(self._shots))
        self._drawn = random.Random(seed).sample(self._shots, self._count) if choice == "seed" else None
        self._index = _Index([each.text for each in self._shots]) if choice == "nearest" and count else None

    def of(self, text: str) -> list[Shot]:
        """Return the examples of a text, the most like it last, where a model heeds it most."""
        if self._drawn is not None:
            return self._drawn
        if self._index is None:
            return []
        nearest = self._index.nearest(text, self._count + 1)
        # A document of train is not its own example.
        found = [each for each in map(self._shots.__getitem__, nearest) if each.text != text]
        return found[: self._count][::-1]


class _Index:
    """Texts by the cosine of their words, weighted by rarity (Salton & Buckley 1988)."""

    def __init__(self, texts: Sequence[str]) -> None:
        words = [Counter(each.casefold().split()) for each in texts]
        documents = Counter(word for each in words for word in each)
        self._rarity = {word: log((1 + len(texts)) / count) for word, count in documents.items()}
        self._of_word: dict[str, list[tuple[int, float]]] = {}
        for number, each in enumerate(words):
            for word, weight in self._weights(each).items():
                self._of_word.setdefault(word, []).append((number, weight))
        self._size = len(texts)

    def _weights(self, words: Counter[str]) -> dict[str, float]:
        raw = {word: count * self._rarity[word] for word, count in words.items() if word in self._rarity}
        length = sqrt(sum(value**2 for value in raw.values())) or 1.0
        return {word: value / length for word, value in raw.items()}

    def nearest(self, text: str, count: int) -> list[int]:
        """Return the numbers of the nearest texts, the nearest first; equally near ones in their order."""
        likeness = [0.0] * self._size
        for word, weight in self._weights(Counter(text.casefold().split())).items():
            for number, other in self._of_word[word]:
                likeness[number] += weight * other
        return sorted(range(self._size), key=lambda number: -likeness[number])[:count]
