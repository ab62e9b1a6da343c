"""Read DyGIE++'s JSON lines, which SciERC is in too: `sentences`, `ner` and `relations` a document.

Rules, with the reason for each:
- The text is that of the tokens (`tokens.py`), a line a sentence. Positions count the tokens of the document,
  and the last token is included.
- `ner` and `relations` have a list for each sentence. Two mentions of one place and type are one.
- A relation names its ends by their places: it holds between the first mentions that stand there.
- Clusters and events are not kept, which is told. The id is `doc_key`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.json_records import identifier, json_records
from medner_assets.corpus.readers.keys import foreign_keys
from medner_assets.corpus.readers.records import Record, of_each_record
from medner_assets.corpus.readers.settling import Rules
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.readers.tokens import TokenText, strings, text_of_tokens
from medner_assets.corpus.reading import Problem, ProblemKind

SUFFIXES = (".jsonl", ".json")
RULES = Rules(units=(OffsetUnit.CODE_POINTS,))
KEYS = ("ner", "relations")


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of a file and what is none; raise MednerError if its JSON is cut off."""
    not_kept: Counter[str] = Counter()

    def document(found: Record) -> Iterator[Draft | Problem]:
        record = found.fields
        doc_id = identifier(record.get("doc_key"))
        lists = record.get("sentences")
        sentences = [strings(each) for each in lists] if isinstance(lists, list) else []
        foreign = foreign_keys(record, (*KEYS, "sentences"))
        if not sentences or None in sentences or foreign:
            yield found.left_out(foreign, "no document with sentences of tokens", doc_id)
            return
        made = text_of_tokens([each for each in sentences if each is not None])
        draft = found.draft(made.text, doc_id)
        yield from _annotated(draft, record, made)
        yield draft
        not_kept.update(key for key in ("clusters", "events") if any(_flat(record.get(key))))

    yield from of_each_record(source, json_records(source), document)
    for key, count in not_kept.items():
        yield Problem(source.name, None, None, ProblemKind.NOT_KEPT, f"{key} of {count} documents: not kept")


def _annotated(draft: Draft, record: Mapping[str, Any], made: TokenText) -> Iterator[Problem]:
    """Add mentions and relations; yield a problem for each that is of another form."""
    at: dict[tuple[int, int], str] = {}
    seen: set[tuple[int, int, str]] = set()
    for each in _flat(record.get("ner")):
        place = _place(each, 3)
        if place is None:
            yield _wrong(draft, "a mention of another form than [first, last, type]")
            continue
        key = (*place, str(each[2]))
        if key in seen:
            continue
        seen.add(key)
        span = made.span(*place)
        name = f"T{len(draft.mentions) + 1}"
        if span is None:
            what = f"a mention of {place[0]} to {place[1]}, which are no tokens of the {len(made.places)}"
            yield _wrong(draft, what)
            continue
        text = made.text[span[0] : span[1]]
        draft.mentions.append(MentionClaim(name, key[2], (span,), text, line=draft.line))
        at.setdefault(place, name)
    for each in _flat(record.get("relations")):
        ends = (_place(each, 5), _place(each[2:], 3)) if isinstance(each, list) else (None, None)
        if ends[0] is None or ends[1] is None:
            yield _wrong(draft, "a relation of another form than [first, last, first, last, type]")
            continue
        head, tail = at.get(ends[0], ""), at.get(ends[1], "")
        draft.relations.append(RelationClaim(str(each[4]), head, tail, draft.line))


def _flat(value: object) -> list[Any]:
    """Return the annotations of all sentences in one list."""
    lists = value if isinstance(value, list) else []
    return [each for sentence in lists if isinstance(sentence, list) for each in sentence]


def _place(value: object, least: int) -> tuple[int, int] | None:
    if not isinstance(value, list) or len(value) < least:
        return None
    first, last = value[0], value[1]
    return (first, last) if type(first) is int and type(last) is int else None


def _wrong(draft: Draft, what: str) -> Problem:
    return Problem(draft.file, draft.line, draft.id, ProblemKind.MALFORMED, f"{what}: left out")
