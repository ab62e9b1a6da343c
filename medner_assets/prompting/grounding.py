"""Predicted strings → character spans of the text: exact, then without case, with accents composed and white
space folded, then fuzzy.

The k-th mention of a string takes its k-th occurrence; a mention beyond the last occurrence takes the last
(it is a duplicate, not an invention). Occurrences at word borders count first; only a string that has none
is looked for inside words.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from rapidfuzz import fuzz

from medner_assets.normalising import normalise
from medner_assets.prompting.parsing import parse_completion
from medner_assets.prompting.probability import TokenProbabilities
from medner_assets.schema import (
    Grounding,
    ParsedEntity,
    ParsedRelation,
    PredictedEntity,
    PredictedRelation,
    Prediction,
)

FUZZY_SIMILARITY = 90.0
"""Least rapidfuzz partial ratio (0–100) of a near match; for analysis only, a fuzzy match never counts as
strict."""
_FUZZY_MIN_LENGTH = 5
_FUZZY_MAX_LENGTH = 200


def predict(
    doc_id: str,
    text: str,
    completion: str,
    *,
    is_cut: bool | None = None,
    tokens: TokenProbabilities | None = None,
) -> Prediction:
    """Return the grounded prediction of one completion for one text; never raises.

    is_cut: whether the completion was cut at its limit; None where it is not known, see `parsing.py`.
    tokens: of the completion; None: what is predicted has no probability.
    """
    parsed = parse_completion(completion, is_cut=is_cut)
    entities = ground_entities(parsed.entities, text)
    relations = type_relations(parsed.relations, parsed.entities)
    if tokens is not None:
        entities = tuple(
            replace(found, probability=tokens.at(line.place))
            for found, line in zip(entities, parsed.entities, strict=True)
        )
        relations = tuple(
            replace(found, probability=tokens.at(line.place))
            for found, line in zip(relations, parsed.relations, strict=True)
        )
    return Prediction(doc_id, entities, relations, parsed.rejected)


def ground_entities(entities: tuple[ParsedEntity, ...], text: str) -> tuple[PredictedEntity, ...]:
    """Return the entities with their spans. Invariant: start and end are None iff the grounding is NONE."""
    finder = _Finder(text)
    seen: defaultdict[str, int] = defaultdict(int)
    grounded = []
    for entity in entities:
        spans, how = finder.occurrences(entity.text)
        k = seen[entity.text]
        seen[entity.text] += 1
        start, end = spans[min(k, len(spans) - 1)] if spans else (None, None)
        grounded.append(PredictedEntity(entity.ordinal, entity.type, entity.text, start, end, how))
    return tuple(grounded)


def type_relations(
    relations: tuple[ParsedRelation, ...], entities: tuple[ParsedEntity, ...]
) -> tuple[PredictedRelation, ...]:
    """Return the relations, each argument with the type of the first predicted entity with that string, else
    None. Strings are compared as scoring compares them, so that case and white space decide nothing.
    """
    types: dict[str, str] = {}
    for entity in entities:
        types.setdefault(normalise(entity.text), entity.type)

    def kind(argument: str) -> str | None:
        return types.get(normalise(argument))

    return tuple(
        PredictedRelation(r.ordinal, r.type, r.head, kind(r.head), r.tail, kind(r.tail)) for r in relations
    )


class _Finder:
    """Occurrences of strings in one text; what was asked once is remembered."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._folded, self._starts, self._ends = _folded_with_origin(text)
        self._known: dict[str, tuple[list[tuple[int, int]], Grounding]] = {}

    def occurrences(self, mention: str) -> tuple[list[tuple[int, int]], Grounding]:
        """Return the spans of `mention` in text order and how they were found; ([], NONE) if it is not
        there."""
        if mention not in self._known:
            self._known[mention] = self._search(mention)
        return self._known[mention]

    def _search(self, mention: str) -> tuple[list[tuple[int, int]], Grounding]:
        exact = _spans(self._text, mention)
        if exact:
            return exact, Grounding.EXACT
        folded, _, _ = _folded_with_origin(mention)
        folded = folded.strip()
        loose = _spans(self._folded, folded) if folded else []
        if loose:
            return [(self._starts[start], self._ends[end - 1]) for start, end in loose], Grounding.CASE
        if _FUZZY_MIN_LENGTH <= len(folded) <= _FUZZY_MAX_LENGTH and len(folded) <= len(self._folded):
            near = fuzz.partial_ratio_alignment(folded, self._folded, score_cutoff=FUZZY_SIMILARITY)
            if near is not None and near.dest_end > near.dest_start:
                span = (self._starts[near.dest_start], self._ends[near.dest_end - 1])
                return [span], Grounding.FUZZY
        return [], Grounding.NONE


def _spans(text: str, mention: str) -> list[tuple[int, int]]:
    """Return the non-overlapping occurrences of `mention`: those at word borders, else all."""
    every, bordered = [], []
    start = text.find(mention)
    while start != -1:
        end = start + len(mention)
        every.append((start, end))
        if not (_joins(text, start) or _joins(text, end)):
            bordered.append((start, end))
        start = text.find(mention, end)
    return bordered or every


def _joins(text: str, border: int) -> bool:
    """Return whether the characters on both sides of `border` belong to one word."""
    return 0 < border < len(text) and text[border - 1].isalnum() and text[border].isalnum()


def _folded_with_origin(text: str) -> tuple[str, list[int], list[int]]:
    """Return `text` lower-cased, in Unicode NFC, with runs of white space as one blank; and for each
    character where that which it came from starts and ends.

    Some tokenizers compose accents: what a model copies from a decomposed text is not its string.
    """
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for i, end, composed in _composed(text):
        if composed.isspace():
            if folded and folded[-1] == " ":
                continue
            folded.append(" ")
            starts.append(i)
            ends.append(end)
            continue
        for lower in composed.lower():  # one character may become several, e.g. 'İ'
            folded.append(lower)
            starts.append(i)
            ends.append(end)
    return "".join(folded), starts, ends


def _composed(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, NFC) of each character of `text` with the marks that belong to it."""
    if unicodedata.is_normalized("NFC", text):
        yield from ((i, i + 1, character) for i, character in enumerate(text))
        return
    start = 0
    for i in range(1, len(text) + 1):
        if i < len(text) and _joins_before(text[start:i], text[i]):
            continue
        yield start, i, unicodedata.normalize("NFC", text[start:i])
        start = i


def _joins_before(cluster: str, character: str) -> bool:
    """Return whether `character` belongs to what stands before it: a mark, or a part of a Hangul syllable."""
    if character.isascii():
        return False
    if unicodedata.combining(character):
        return True
    one, both = (unicodedata.normalize("NFC", each) for each in (cluster, cluster + character))
    return len(both) == len(one)
