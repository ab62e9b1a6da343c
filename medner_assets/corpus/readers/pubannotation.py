"""Read PubAnnotation's JSON: `text`, `denotations`, `relations` and `attributes`, one document or many.

Rules, with the reason for each:
- The type of a mention is `obj`, its place `span` (`begin`, `end`), or a list of spans: its pieces. The
  mention is not repeated in the file; offsets count characters.
- A relation leads from `subj` to `obj` and its type is `pred`.
- An attribute says `pred` of `subj` with the value `obj`; it is kept on the mention or relation.
- The id is `sourcedb:sourceid`, with the division where there is one, else the file's name and a number.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.json_records import identifier, json_records, objects, offset, string
from medner_assets.corpus.readers.keys import foreign_keys
from medner_assets.corpus.readers.records import Record, of_each_record
from medner_assets.corpus.readers.settling import Rules
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem

SUFFIXES = (".json", ".jsonl")
RULES = Rules(units=(OffsetUnit.CODE_POINTS, OffsetUnit.UTF16))


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of a file and what is none; raise MednerError if its JSON is cut off."""
    return of_each_record(source, json_records(source), _document)


def _document(found: Record) -> Iterator[Draft | Problem]:
    record, line = found.fields, found.line
    doc_id = _id(record)
    foreign = foreign_keys(record, ("denotations", "relations", "attributes", "project", "sourcedb"))
    text = string(record.get("text"))
    if not text or foreign:
        yield found.left_out(foreign, "no text", doc_id)
        return
    draft = found.draft(text, doc_id)
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for each in objects(record.get("attributes")):
        value = each.get("obj")
        said[identifier(each.get("subj"))][string(each.get("pred"))] = (
            str(value).lower() if isinstance(value, bool) else str(value)
        )
    for n, each in enumerate(objects(record.get("denotations")), start=1):
        key = identifier(each.get("id")) or f"T{n}"
        spans = tuple(
            (offset(place.get("begin")), offset(place.get("end"))) for place in _places(each.get("span"))
        )
        draft.mentions.append(
            MentionClaim(
                key, identifier(each.get("obj")), spans, None, line=line,
                attributes=tuple(sorted(said.get(key, {}).items())),
            )
        )  # fmt: skip
    for each in objects(record.get("relations")):
        key = identifier(each.get("id"))
        draft.relations.append(
            RelationClaim(
                string(each.get("pred")), identifier(each.get("subj")), identifier(each.get("obj")), line,
                tuple(sorted(said.get(key, {}).items())) if key else (), key,
            )
        )  # fmt: skip
    yield draft


def _id(record: Mapping[str, Any]) -> str:
    parts = [identifier(record.get(key)) for key in ("sourcedb", "sourceid")]
    division = identifier(record.get("divid"))
    return ":".join(each for each in (*parts, division) if each) if parts[1] else ""


def _places(span: object) -> list[Mapping[str, Any]]:
    return [span] if isinstance(span, dict) else objects(span)
