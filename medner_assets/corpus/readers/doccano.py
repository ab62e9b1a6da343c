"""Read doccano's exports: JSON lines (or an array) with `text` and `entities`, `relations`, or `label`.

Rules, with the reason for each:
- A project with relations exports `entities` (id, label, start_offset, end_offset) and `relations` (from_id,
  to_id, type); one without exports `label` or `labels` as [start, end, label]; doccano before 1.3 exports
  `annotations` with the label's number.
- The text is `text`, in older exports `data`; the id is `id`; records without one are numbered.
- A mention is not repeated in the file, and offsets count characters, UTF-16 units or grapheme clusters,
  Windows line ends as one or two, by version and setting. Which it is shows where mentions look whole;
  where nothing shows it, the mentions that it moves are left out and reported.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.json_records import identifier, json_records, objects, offset, string
from medner_assets.corpus.readers.keys import foreign_keys
from medner_assets.corpus.readers.records import Record, of_each_record
from medner_assets.corpus.readers.settling import Rules
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind

SUFFIXES = (".jsonl", ".json")
RULES = Rules(units=(OffsetUnit.CODE_POINTS, OffsetUnit.UTF16, OffsetUnit.GRAPHEMES), plain=False)
KEYS = ("entities", "label", "labels", "annotations")


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of an export and what is none; raise MednerError if its JSON is cut off."""
    return of_each_record(source, json_records(source), _document)


def _document(found: Record) -> Iterator[Draft | Problem]:
    record = found.fields
    body = string(record.get("text")) or string(record.get("data"))
    doc_id = identifier(record.get("id"))
    foreign = foreign_keys(record, KEYS)
    if not body or foreign:
        yield found.left_out(foreign, "no record with a text", doc_id)
        return
    draft = found.draft(body, doc_id)
    yield from _spans(record, draft)
    draft.relations = [
        RelationClaim(
            string(each.get("type")),
            identifier(each.get("from_id")),
            identifier(each.get("to_id")),
            found.line,
            id=identifier(each.get("id")),
        )
        for each in objects(record.get("relations"))
    ]
    yield draft


def _spans(record: Mapping[str, Any], draft: Draft) -> Iterator[Problem]:
    """Add the mentions of a record to `draft`; yield a problem for each that is of no known form."""
    number = 0
    for key in KEYS:
        value = record.get(key)
        if value is None:
            continue
        if not isinstance(value, list):
            yield _unknown(draft, f"{key!r} is no list")
            continue
        for each in value:
            number += 1
            claim = _claim(each, number, draft.line)
            if claim is None:
                yield _unknown(draft, f"annotation {number} under {key!r} is of another form")
            else:
                draft.mentions.append(claim)


def _claim(each: object, number: int, line: int | None) -> MentionClaim | None:
    if isinstance(each, Mapping) and "start_offset" in each:
        span = (offset(each.get("start_offset")), offset(each.get("end_offset")))
        key = identifier(each.get("id")) or f"T{number}"
        return MentionClaim(key, identifier(each.get("label")), (span,), None, line=line)
    if isinstance(each, list) and len(each) == 3:
        span = (offset(each[0]), offset(each[1]))
        return MentionClaim(f"T{number}", identifier(each[2]), (span,), None, line=line)
    return None


def _unknown(draft: Draft, what: str) -> Problem:
    return Problem(draft.file, draft.line, draft.id, ProblemKind.UNKNOWN_KEYS, f"{what}: left out")
