"""Read Label Studio's JSON export: tasks with their `data` and `annotations`.

Rules, with the reason for each:
- The text is `data.text`, else the only string that `data` holds; the id is `data.id`, else the task's.
- Of several annotations of a task one counts: the one marked as ground truth, else the first that was not
  cancelled. The others are reported, since a document has one gold.
- A region with several labels is a mention for each; a relation then holds between the first ones.
- A relation's label is its type. Its direction says which end is the head; `bi` becomes a relation each way.
- A task nobody has annotated is reported and left out: it is no document without mentions. Regions of
  pictures, choices and ratings are reported.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim, settled
from medner_assets.corpus.readers.files import read_text
from medner_assets.corpus.readers.json_records import identifier, json_records, objects, offset, string
from medner_assets.corpus.reading import Problem, ProblemKind, Reading, in_file_order


def read_label_studio(path: Path) -> Reading:
    """Return the documents of an export and what it could not place; raise MednerError."""
    return parse_label_studio(read_text(path), str(path))


def parse_label_studio(text: str, file: str) -> Reading:
    """Return the documents of an export; raise MednerError if its JSON cannot be read to the end."""
    records, problems = json_records(text, file)
    drafts = []
    for line, task in records:
        draft, found = _draft(task, file, line)
        problems.extend(found)
        if draft is not None:
            drafts.append(draft)
    reading = settled(drafts)
    return Reading(reading.documents, in_file_order([*problems, *reading.problems]))


def _draft(task: Mapping[str, Any], file: str, line: int) -> tuple[Draft | None, list[Problem]]:
    data = task.get("data")
    data = data if isinstance(data, dict) else {}
    texts = [value for value in data.values() if isinstance(value, str)]
    text = string(data.get("text")) or (texts[0] if len(texts) == 1 else "")
    doc_id = identifier(data.get("id")) or identifier(task.get("id"))

    def problem(kind: ProblemKind, message: str) -> Problem:
        return Problem(file, line, doc_id or None, kind, message)

    if not doc_id or not text:
        message = "no task of the JSON export (id and data.text): left out"
        return None, [problem(ProblemKind.MALFORMED, message)]
    done = [each for each in objects(task.get("annotations")) if each.get("was_cancelled") is not True]
    if not done:
        return None, [problem(ProblemKind.UNSUPPORTED, "the task has no annotation: document left out")]
    chosen = next((each for each in done if each.get("ground_truth") is True), done[0])
    problems = [
        problem(ProblemKind.UNSUPPORTED, f"annotation {identifier(each.get('id'))} of the task: left out")
        for each in done
        if each is not chosen
    ]
    draft = Draft(file, doc_id, text, line)
    for region in objects(chosen.get("result")):
        if region.get("type") == "relation":
            draft.relations.extend(_relations(region, line))
        elif isinstance(region.get("value"), dict) and "start" in region["value"]:
            draft.mentions.extend(_mentions(region, line))
        else:
            what = f"region {identifier(region.get('id'))} is no span of text: left out"
            problems.append(problem(ProblemKind.UNSUPPORTED, what))
    return draft, problems


def _mentions(region: Mapping[str, Any], line: int) -> list[MentionClaim]:
    value, key = region["value"], identifier(region.get("id"))
    span = (offset(value.get("start")), offset(value.get("end")))
    labels = value.get(string(region.get("type")) or "labels", value.get("labels"))
    types = [each for each in labels if isinstance(each, str)] if isinstance(labels, list) else []
    return [
        MentionClaim(key if n == 0 else f"{key}.{n}", kind, (span,), string(value.get("text")), line=line)
        for n, kind in enumerate(types or [""])
    ]


def _relations(region: Mapping[str, Any], line: int) -> list[RelationClaim]:
    head, tail = identifier(region.get("from_id")), identifier(region.get("to_id"))
    labels = region.get("labels")
    types = [each for each in labels if isinstance(each, str)] if isinstance(labels, list) else []
    direction = region.get("direction")
    ways = {"left": [(tail, head)], "bi": [(head, tail), (tail, head)]}.get(string(direction), [(head, tail)])
    return [RelationClaim(kind, *way, line) for kind in types or [""] for way in ways]
