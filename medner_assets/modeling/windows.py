"""Parts of documents that a model can hold: cut at sentence borders, never through a mention.

`fit` cuts annotated documents for training; `windows_of_text` cuts a text of which nothing is known yet.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from medner_assets.corpus.sentences import sentence_spans
from medner_assets.schema import Document, Level

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The windows of one document that fit, and how many of its annotations none of them holds."""

    windows: tuple[Document, ...]
    unplaced: int


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a text that is read at once: characters [start, start + len(text)) of the text."""

    start: int
    text: str


def windows_of_text(text: str, fits: Callable[[str], bool]) -> Iterator[Window]:
    """Yield the windows of a text, in order; none of white space only.

    A text that fits is one window. Any other is read sentence by sentence, so that what is said of a sentence
    depends on nothing else; a sentence that does not fit is halved at white space until its parts do.
    """
    if not text.strip():
        return
    if fits(text):
        yield Window(0, text)
        return
    for start, end in sentence_spans(text):
        for first, last in _pieces(text, start, end, fits):
            yield Window(first, text[first:last])


def _pieces(text: str, start: int, end: int, fits: Callable[[str], bool]) -> Iterator[Span]:
    if end - start < 2 or fits(text[start:end]):
        yield start, end
        return
    middle = (start + end) // 2
    blanks = [i for i in range(start + 1, end - 1) if text[i].isspace()]
    cut = min(blanks, key=lambda i: abs(i - middle), default=middle)
    yield from _pieces(text, start, cut, fits)
    yield from _pieces(text, cut, end, fits)


def cutting_points(document: Document) -> list[Span]:
    """Return the document's sentences, joined where a mention crosses their border. Spans of characters."""
    joined: list[Span] = []
    for start, end in sentence_spans(document.text):
        crosses = any(
            e.start is not None and e.end is not None and e.start < start < e.end for e in document.entities
        )
        if joined and crosses:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def window(document: Document, start: int, end: int) -> Document:
    """Return the characters [start, end) as a document of their own.

    It keeps the mentions inside, with their offsets moved, and the relations whose two arguments (at concept
    level: a mention of each concept) are inside. Mentions without offsets are kept where their text occurs.
    """
    text = document.text[start:end]
    entities = tuple(
        replace(
            e,
            start=e.start - start,
            end=e.end - start,
            pieces=tuple((first - start, last - start) for first, last in e.pieces),
        )
        if e.start is not None and e.end is not None
        else e
        for e in document.entities
        if (e.start is None and e.text in text)
        or (e.start is not None and e.end is not None and start <= e.start and e.end <= end)
    )
    inside: set[str | None] = {e.id for e in entities}
    if document.level is Level.CONCEPT:
        inside = {concept for e in entities for concept in e.concepts}
    relations = tuple(
        r
        for r in document.relations
        if ({r.head_concept, r.tail_concept} if document.level is Level.CONCEPT else {r.head, r.tail})
        <= inside
    )
    return replace(document, text=text, entities=entities, relations=relations)


def fit(document: Document, fits: Callable[[Document], bool]) -> Fitted:
    """Return the document whole if it fits, else as few runs of sentences as a left-to-right walk gives.

    A sentence that does not fit alone is left out; its annotations count as unplaced, as do relations across
    windows.
    """
    if fits(document):
        return Fitted((document,), 0)
    windows: list[Document] = []
    start: int | None = None
    best: Document | None = None
    for sentence_start, sentence_end in cutting_points(document):
        longer = window(document, sentence_start if start is None else start, sentence_end)
        if fits(longer):
            start, best = (sentence_start if start is None else start), longer
            continue
        if best is not None:
            windows.append(best)
        alone = window(document, sentence_start, sentence_end)
        start, best = (sentence_start, alone) if fits(alone) else (None, None)
    if best is not None:
        windows.append(best)
    return Fitted(tuple(windows), _unplaced(document, windows))


def _unplaced(document: Document, windows: Sequence[Document]) -> int:
    entities = {e.id for w in windows for e in w.entities}
    relations = {r for w in windows for r in w.relations}
    return sum(e.id not in entities for e in document.entities) + sum(
        r not in relations for r in document.relations
    )
