"""Read the ADE corpus, version 2: `PMID|sentence|effect|start|end|drug|start|end`, one relation a line.

Rules, with the reason for each; together they give 4,271 documents, 10,837 entities and 6,820 relations:
- A document is one distinct sentence. The one sentence that stands under two PMIDs takes the smaller one as
  text, so that no sentence is in two splits.
- Offsets count from the start of an abstract that the corpus does not hold. The sentence's own offset is
  inferred per
  PMID: each distinct mention votes, for each of its occurrences in the sentence, for the offset that would
  place it there; the most votes win. A mention that does not stand where the winner puts it is reported and
  left out; where two offsets win, every mention of that PMID is.
- Equal mentions (type and span) of several lines are one entity; equal pairs are one relation, drug
  `causes` effect.
- The group is the PMID: sentences of one abstract must not be split.
- The sentence may contain bars, so columns are counted from the right.
`ADE-NEG` lines (`PMID NEG sentence`) are read as documents without annotations.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from medner_assets.corpus.readers.files import UNFINISHED, whole_number
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.schema import Document, Entity, Relation

SUFFIXES = (".rel", ".txt")

_NEGATIVE = re.compile(r"([0-9]+) NEG (.+)", re.DOTALL)

_Mention = tuple[str, str, int, int]
"""Type, text, start, end; offsets as the file has them."""


def drafts(source: Source, options: Options) -> Iterator[Document | Problem]:
    """Yield the sentences of an ADE file and what has no place; all are held: lines may be apart."""
    sentences: dict[str, _Sentence] = {}
    problems: list[Problem] = []
    for number, line, unended in _lines(source):
        if unended and _row(line) is None and _NEGATIVE.fullmatch(line) is None:
            problems.append(Problem(source.name, number, None, ProblemKind.TRUNCATED, UNFINISHED))
        elif unended:
            problems.append(Problem(source.name, number, None, ProblemKind.UNENDED, UNFINISHED))
        if not line.strip():
            continue
        negative = _NEGATIVE.fullmatch(line)
        if negative:
            sentences.setdefault(negative[2], _Sentence()).lines.setdefault(negative[1], [])
            continue
        row = _row(line)
        if row is None:
            message = f"not PMID, sentence and two placed mentions ({line.count('|')} bars): line left out"
            problems.append(Problem(source.name, number, None, ProblemKind.MALFORMED, message))
            continue
        pmid, sentence, effect, drug = row
        sentences.setdefault(sentence, _Sentence()).lines.setdefault(pmid, []).append((number, effect, drug))
    for text, lines in sentences.items():
        document = _document(text, lines, source.name, problems)
        yield from problems
        problems.clear()
        yield document
    yield from problems


def _lines(source: Source) -> Iterator[tuple[int, str, bool]]:
    """Yield (number, line, whether it is a last one without an end)."""
    with source.lines() as lines:
        for number, line in lines:
            yield number, line, lines.unended


@dataclass(slots=True)
class _Sentence:
    """The lines of one sentence: PMID → (line number, effect, drug)."""

    lines: dict[str, list[tuple[int, _Mention, _Mention]]] = field(default_factory=dict)


def _row(line: str) -> tuple[str, str, _Mention, _Mention] | None:
    first, _, rest = line.partition("|")
    columns = rest.rsplit("|", 6)
    if len(columns) != 7 or not first or not columns[0]:
        return None
    numbers = [whole_number(columns[position]) for position in (2, 3, 5, 6)]
    if any(number is None for number in numbers) or not columns[1] or not columns[4]:
        return None
    effect_start, effect_end, drug_start, drug_end = (number or 0 for number in numbers)
    effect = ("Effect", columns[1], effect_start, effect_end)
    return first, columns[0], effect, ("Drug", columns[4], drug_start, drug_end)


def _document(text: str, sentence: _Sentence, file: str, problems: list[Problem]) -> Document:
    pmid = min(sentence.lines)
    doc_id = f"{pmid}-{hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:8]}"
    entities: dict[tuple[str, int, int], Entity] = {}
    relations: dict[Relation, None] = {}
    for lines in sentence.lines.values():
        offset, kind = _sentence_offset(text, [mention for _, *pair in lines for mention in pair])
        unplaced: set[_Mention] = set()
        for number, effect, drug in lines:
            pair = []
            for mention in (drug, effect):
                span = None if offset is None else _span(text, mention, offset)
                if span is None:
                    if mention in unplaced:
                        continue
                    unplaced.add(mention)
                    what = (
                        f"{mention[0]} at {mention[2]} to {mention[3]} has no place in the sentence: left out"
                    )
                    problems.append(Problem(file, number, doc_id, kind, what))
                    continue
                key = (mention[0], *span)
                entity = Entity(f"T{len(entities) + 1}", mention[0], *span, mention[1])
                pair.append(entities.setdefault(key, entity).id)
            if len(pair) == 2:
                relations[Relation("causes", head=pair[0], tail=pair[1])] = None
            else:
                what = "a relation without both of its mentions: left out"
                problems.append(Problem(file, number, doc_id, ProblemKind.UNKNOWN_ARGUMENT, what))
    return Document(doc_id, text, tuple(entities.values()), tuple(relations), group=pmid)


def _sentence_offset(text: str, mentions: list[_Mention]) -> tuple[int | None, ProblemKind]:
    """Return where the sentence starts in its abstract, and why a mention may still have no place."""
    votes: Counter[int] = Counter()
    for _, mention, start, _ in dict.fromkeys(mentions):
        position = text.find(mention)
        while position >= 0:
            votes[start - position] += 1
            position = text.find(mention, position + 1)
    leaders = votes.most_common(2)
    if len(leaders) == 2 and leaders[0][1] == leaders[1][1]:
        return None, ProblemKind.AMBIGUOUS_OFFSET
    return (leaders[0][0] if leaders else None), ProblemKind.OFFSET_MISMATCH


def _span(text: str, mention: _Mention, offset: int) -> tuple[int, int] | None:
    start, end = mention[2] - offset, mention[3] - offset
    return (start, end) if 0 <= start < end <= len(text) and text[start:end] == mention[1] else None
