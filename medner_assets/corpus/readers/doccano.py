"""Read doccano's exports: JSON lines (or an array) with `text` and `entities`, `relations`, or `label`.

Rules, with the reason for each:
- A project with relations exports `entities` (id, label, start_offset, end_offset) and `relations` (from_id,
  to_id, type); one without exports `label` or `labels` as [start, end, label].
- The text is `text`, in older exports `data`; the id is `id`.
- A mention is not repeated in the file, so that a span can only be checked to lie in the text and to hold
  more than white space. Offsets count characters; with "count grapheme clusters as one character" they do
  not, and a text with such clusters has to be exported without it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim, settled
from medner_assets.corpus.readers.files import read_text
from medner_assets.corpus.readers.json_records import (
    claimed_text,
    identifier,
    json_records,
    objects,
    offset,
    string,
)
from medner_assets.corpus.reading import Problem, ProblemKind, Reading, in_file_order


def read_doccano(path: Path) -> Reading:
    """Return the documents of an export and what it could not place; raise MednerError."""
    return parse_doccano(read_text(path), str(path))


def parse_doccano(text: str, file: str) -> Reading:
    """Return the documents of an export; raise MednerError if its JSON cannot be read to the end."""
    records, problems = json_records(text, file)
    drafts = []
    for line, record in records:
        doc_id = identifier(record.get("id"))
        body = string(record.get("text")) or string(record.get("data"))
        if not doc_id or not body:
            message = "no record with id and text: left out"
            problems.append(Problem(file, line, doc_id or None, ProblemKind.MALFORMED, message))
            continue
        mentions = [
            # A mention that is nowhere is refused later, with its span.
            MentionClaim(key, kind, ((start, end),), claimed_text(body, start, end) or "\0", line=line)
            for key, kind, start, end in _spans(record)
        ]
        relations = [
            RelationClaim(
                string(each.get("type")), identifier(each.get("from_id")), identifier(each.get("to_id")), line
            )
            for each in objects(record.get("relations"))
        ]
        drafts.append(Draft(file, doc_id, body, line, mentions, relations))
    reading = settled(drafts, units=(OffsetUnit.CODE_POINTS,))
    return Reading(reading.documents, in_file_order([*problems, *reading.problems]))


def _spans(record: Mapping[str, Any]) -> Iterator[tuple[str, str, int, int]]:
    """Yield (id, type, start, end) of each span; -1 stands for an offset that is none."""
    for entity in objects(record.get("entities")):
        start, end = offset(entity.get("start_offset")), offset(entity.get("end_offset"))
        yield identifier(entity.get("id")), string(entity.get("label")), start, end
    labels = record.get("label", record.get("labels"))
    for number, label in enumerate(labels if isinstance(labels, list) else [], start=1):
        first, last, kind = label if isinstance(label, list) and len(label) == 3 else (None, None, None)
        yield f"T{number}", string(kind), offset(first), offset(last)
