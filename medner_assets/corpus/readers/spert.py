"""Read SpERT's JSON: an array of sentences with `tokens`, `entities` and `relations` by position.

Rules, with the reason for each:
- The text is that of the tokens (`tokens.py`); `end` of an entity is one past its last token.
- `head` and `tail` of a relation are positions in `entities`, from 0.
- The id is `orig_id`, which several sentences of a file may share: it is their group then, and they are
  numbered. The ten folds of ADE that papers report on are files of this form (recipe `ade-folds`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.json_records import identifier, json_records, string
from medner_assets.corpus.readers.keys import foreign_keys
from medner_assets.corpus.readers.records import Record, of_each_record
from medner_assets.corpus.readers.settling import Rules
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.readers.tokens import strings, text_of_tokens
from medner_assets.corpus.reading import Problem, ProblemKind

SUFFIXES = (".json", ".jsonl")
RULES = Rules(units=(OffsetUnit.CODE_POINTS,), has_ids=False)
KEYS = ("entities", "relations")


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the sentences of a file and what is none; raise MednerError if its JSON is cut off."""
    return of_each_record(source, json_records(source), _sentence)


def _sentence(found: Record) -> Iterator[Draft | Problem]:
    record, line = found.fields, found.line
    group = identifier(record.get("orig_id")) or None
    tokens = strings(record.get("tokens"))
    foreign = foreign_keys(record, KEYS)
    if tokens is None or not tokens or foreign:
        yield found.left_out(foreign, "no sentence with tokens", group)
        return
    made = text_of_tokens([tokens])
    draft = found.draft(made.text)
    draft.group = group
    for position, each in enumerate(_objects(record.get("entities"))):
        span = _span(each, made.span)
        kind_ = string(each.get("type"))
        if span is None:
            message = f"mention T{position}: start and end are no tokens of the {len(tokens)}: left out"
            yield found.problem(ProblemKind.OFFSET_MISMATCH, message, draft.id)
            continue
        text = made.text[span[0] : span[1]]
        draft.mentions.append(MentionClaim(f"T{position}", kind_, (span,), text, line=line))
    for each in _objects(record.get("relations")):
        ends = [f"T{identifier(each.get(side))}" for side in ("head", "tail")]
        draft.relations.append(RelationClaim(string(each.get("type")), ends[0], ends[1], line))
    yield draft


def _objects(value: object) -> list[Mapping[str, Any]]:
    """Return the elements of a list, what is no object as an empty one, so that positions stay."""
    return [each if isinstance(each, dict) else {} for each in value] if isinstance(value, list) else []


def _span(entity: Mapping[str, Any], place: Any) -> tuple[int, int] | None:
    start, end = entity.get("start"), entity.get("end")
    if type(start) is not int or type(end) is not int:
        return None
    found: tuple[int, int] | None = place(start, end - 1)
    return found
