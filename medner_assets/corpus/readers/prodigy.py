"""Read Prodigy's JSON lines: `text`, `spans` and, of `rel.manual`, `relations`.

Rules, with the reason for each:
- The id is `id`, else `meta.id`, else the input's hash: two answers to one text are one document, and the
  later is reported.
- Only accepted tasks (`answer`, accept where it is not said) are gold; others are reported and left out.
- A span's mention is not repeated in the file. Where its tokens are named, its ends have to be theirs.
- A relation names its ends by `head_span` and `child_span`, else by the tokens at which two spans end.
"""

from collections.abc import Mapping
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


def read_prodigy(path: Path) -> Reading:
    """Return the documents of an export and what it could not place; raise MednerError."""
    return parse_prodigy(read_text(path), str(path))


def parse_prodigy(text: str, file: str) -> Reading:
    """Return the documents of an export; raise MednerError if its JSON cannot be read to the end."""
    records, problems = json_records(text, file)
    drafts = []
    for line, task in records:
        meta = task.get("meta")
        doc_id = (
            identifier(task.get("id"))
            or identifier(meta.get("id") if isinstance(meta, dict) else None)
            or identifier(task.get("_input_hash"))
        )
        if not doc_id or not string(task.get("text")):
            message = "no task with text and id, meta.id or _input_hash: left out"
            problems.append(Problem(file, line, None, ProblemKind.MALFORMED, message))
        elif task.get("answer", "accept") != "accept":
            message = f"the answer is {string(task['answer'])!r}: document left out"
            problems.append(Problem(file, line, doc_id, ProblemKind.UNSUPPORTED, message))
        else:
            drafts.append(_draft(task, doc_id, file, line))
    reading = settled(drafts, units=(OffsetUnit.CODE_POINTS,))
    return Reading(reading.documents, in_file_order([*problems, *reading.problems]))


def _draft(task: Mapping[str, Any], doc_id: str, file: str, line: int) -> Draft:
    draft = Draft(file, doc_id, task["text"], line)
    tokens = objects(task.get("tokens"))
    by_span: dict[tuple[int, int, str], str] = {}
    by_token: dict[int, str] = {}
    for number, span in enumerate(objects(task.get("spans")), start=1):
        start, end, label = offset(span.get("start")), offset(span.get("end")), string(span.get("label"))
        mention = claimed_text(draft.text, start, end) if _at_tokens(span, tokens) else ""
        # An empty mention is refused later, with the span: what is not at its place is no mention.
        draft.mentions.append(MentionClaim(f"T{number}", label, ((start, end),), mention or "\0", line=line))
        by_span.setdefault((start, end, label), f"T{number}")
        by_token.setdefault(offset(span.get("token_end")), f"T{number}")
    for relation in objects(task.get("relations")):
        ends = []
        for side in ("head", "child"):
            there = relation.get(f"{side}_span")
            place = there if isinstance(there, dict) else {}
            key = (offset(place.get("start")), offset(place.get("end")), string(place.get("label")))
            ends.append(by_span.get(key) or by_token.get(offset(relation.get(side)), ""))
        draft.relations.append(RelationClaim(string(relation.get("label")), ends[0], ends[1], line))
    return draft


def _at_tokens(span: Mapping[str, Any], tokens: list[Mapping[str, Any]]) -> bool:
    """Return whether the span begins and ends with the tokens that it names; True where it names none."""
    first, last = offset(span.get("token_start")), offset(span.get("token_end"))
    if not tokens or first < 0 or last < 0:
        return True
    if max(first, last) >= len(tokens):
        return False
    return (tokens[first].get("start"), tokens[last].get("end")) == (span.get("start"), span.get("end"))
