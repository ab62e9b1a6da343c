"""Read Prodigy's JSON lines: `text`, `spans` and, of `rel.manual`, `relations`.

Rules, with the reason for each:
- The id is `id`, else `meta.id`, else the input's hash: two answers to one text are one document, and the
  later is reported. Tasks without any are numbered.
- Only accepted tasks and spans (`answer`, accept where it is not said) are gold; others are told.
- A span's mention is not repeated in the file, but Prodigy counts characters. Where its tokens are named, its
  ends have to be theirs.
- A relation names its ends by `head_span` and `child_span`, else by the tokens at which two spans end.
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
RULES = Rules(units=(OffsetUnit.CODE_POINTS, OffsetUnit.UTF16))
KEYS = ("spans", "relations", "answer", "_input_hash", "_task_hash")


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of an export and what is none; raise MednerError if its JSON is cut off."""
    return of_each_record(source, json_records(source), _document)


def _document(found: Record) -> Iterator[Draft | Problem]:
    task = found.fields
    meta = task.get("meta")
    doc_id = (
        identifier(task.get("id"))
        or identifier(meta.get("id") if isinstance(meta, dict) else None)
        or identifier(task.get("_input_hash"))
    )
    foreign = foreign_keys(task, KEYS[:2]) if "entities" in task else foreign_keys(task, KEYS)
    answer = task.get("answer", "accept")
    if not string(task.get("text")) or foreign:
        yield found.left_out(foreign, "no task with a text", doc_id)
    elif answer != "accept":
        yield found.problem(ProblemKind.REJECTED, f"the answer is {string(answer)!r}: no gold", doc_id)
    else:
        yield from _draft(task, found.draft(task["text"], doc_id))


def _draft(task: Mapping[str, Any], draft: Draft) -> Iterator[Draft | Problem]:
    tokens = objects(task.get("tokens"))
    by_span: dict[tuple[int, int, str], str] = {}
    by_token: dict[int, str] = {}
    spans = task.get("spans")
    for number, span in enumerate(spans if isinstance(spans, list) else [], start=1):
        if not isinstance(span, dict) or "start" not in span:
            message = f"span {number} is of another form: left out"
            yield Problem(draft.file, draft.line, draft.id, ProblemKind.UNKNOWN_KEYS, message)
            continue
        start, end, label = offset(span.get("start")), offset(span.get("end")), string(span.get("label"))
        if span.get("answer", "accept") != "accept":
            message = f"span {start} to {end}: the answer is {string(span.get('answer'))!r}: no gold"
            yield Problem(draft.file, draft.line, draft.id, ProblemKind.REJECTED, message)
            continue
        # Where it names other tokens, the span is not at its place: a mention of another text is refused.
        claimed = None if _at_tokens(span, tokens) else "\0"
        draft.mentions.append(MentionClaim(f"T{number}", label, ((start, end),), claimed, line=draft.line))
        by_span.setdefault((start, end, label), f"T{number}")
        by_token.setdefault(offset(span.get("token_end")), f"T{number}")
    for relation in objects(task.get("relations")):
        ends = []
        for side in ("head", "child"):
            there = relation.get(f"{side}_span")
            place = there if isinstance(there, dict) else {}
            key = (offset(place.get("start")), offset(place.get("end")), string(place.get("label")))
            ends.append(by_span.get(key) or by_token.get(offset(relation.get(side)), ""))
        draft.relations.append(RelationClaim(string(relation.get("label")), ends[0], ends[1], draft.line))
    yield draft


def _at_tokens(span: Mapping[str, Any], tokens: list[Mapping[str, Any]]) -> bool:
    """Return whether the span begins and ends with the tokens that it names; True where it names none."""
    first, last = offset(span.get("token_start")), offset(span.get("token_end"))
    if not tokens or first < 0 or last < 0:
        return True
    if max(first, last) >= len(tokens):
        return False
    return (tokens[first].get("start"), tokens[last].get("end")) == (span.get("start"), span.get("end"))
