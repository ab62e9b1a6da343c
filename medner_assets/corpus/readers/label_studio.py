"""Read Label Studio's exports: JSON (tasks with their `data` and `annotations`), JSON-MIN, and CSV or TSV.

Rules, with the reason for each:
- The text is `data.text`, else what the regions name by `to_name`, else the only string that `data` holds;
  the id is `data.id`, else the task's; tasks without one are numbered. A text that is an address is refused:
  the text itself is not in the file.
- Of several annotations of a task one counts: the one marked as ground truth, else the first that was not
  cancelled. The others are reported, since a document has one gold. `completions` are what annotations were
  called before 1.0.
- A region with several labels is a mention for each; a relation then holds between the first ones. Choices,
  ratings and texts of a region are attributes of its mentions, named by the control that gave them.
- A relation's label is its type. Its direction says which end is the head; `bi` becomes a relation each way.
- A mention without `value.text` is what stands at its span.
- A task nobody has annotated is reported and left out: it is no document without mentions.
- JSON-MIN and CSV hold the regions of one annotation under the name of its control, and no relations.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.json_records import (
    NotJsonError,
    identifier,
    json_records,
    objects,
    offset,
    parsed_json,
    string,
)
from medner_assets.corpus.readers.records import Record, of_each_record
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError
from medner_assets.schema import Attributes

SUFFIXES = (".json", ".jsonl", ".csv", ".tsv")

_ADDRESS = re.compile(r"(?:https?|s3|gs|azure-blob|file)://\S+|/data/\S+")
_LABELS = ("labels", "hypertextlabels", "paragraphlabels")
_SAID = ("choices", "rating", "text", "taxonomy", "number", "datetime")


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of an export and what is none; raise MednerError if its JSON is cut off."""
    found = _rows(source) if source.suffix in (".csv", ".tsv") else json_records(source)
    return of_each_record(source, found, _task)


def _rows(source: Source) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield (row from 1, task) of a table; cells that are JSON are read as such."""
    delimiter = "\t" if source.suffix == ".tsv" else ","
    rows = csv.DictReader(io.StringIO(source.text(), newline=""), delimiter=delimiter)
    try:
        for row in rows:
            yield rows.line_num, {key: _cell(value) for key, value in row.items() if key and value}
    except csv.Error as error:
        raise MednerError(f"{source.name}:{rows.line_num}: no table ({error}): export it again") from None


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith("["):
        try:
            return parsed_json(value)
        except NotJsonError:
            return value
    return value


def _task(found: Record) -> Iterator[Draft | Problem]:
    task = found.fields
    data = task.get("data")
    nested = isinstance(data, dict)
    fields: Mapping[str, Any] = data if isinstance(data, dict) else task
    doc_id = identifier(fields.get("id")) or identifier(task.get("id"))

    def problem(kind: ProblemKind, message: str) -> Problem:
        return found.problem(kind, message, doc_id)

    if nested:
        answers = objects(task.get("annotations")) or objects(task.get("completions"))
        done = [each for each in answers if each.get("was_cancelled") is not True]
        if not done:
            yield problem(ProblemKind.UNSUPPORTED, "the task has no annotation: document left out")
            return
        chosen = next((each for each in done if each.get("ground_truth") is True), done[0])
        for each in done:
            if each is not chosen:
                what = f"annotation {identifier(each.get('id'))} of the task: left out"
                yield problem(ProblemKind.UNSUPPORTED, what)
        regions = objects(chosen.get("result"))
    else:
        regions = _flat_regions(task)
    text, text_key = _text(fields, regions, nested)
    if text is None:
        keys = ", ".join(map(repr, list(fields)[:6])) or "none"
        message = f"no text to be found among the keys {keys}: task left out; call its key 'text'"
        yield problem(ProblemKind.MALFORMED, message)
        return
    if _ADDRESS.fullmatch(text.strip()):
        raise MednerError(
            f"{found.source.name}:{found.line}: {text_key!r} is an address, and the text is not in the file: "
            "export with the texts themselves, or put them in its place"
        )
    yield from _with_regions(found.draft(text, doc_id), regions)


def _flat_regions(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the spans of a JSON-MIN task or a row as regions."""
    found: list[Mapping[str, Any]] = []
    for key, value in task.items():
        for span in objects(value):
            if "start" in span:
                found.append({"id": f"{key}-{len(found) + 1}", "type": "labels", "value": span})
    return found


def _text(
    fields: Mapping[str, Any], regions: Sequence[Mapping[str, Any]], nested: bool
) -> tuple[str | None, str]:
    """Return the text of a task and its key; (None, "") where it cannot be told."""
    strings = {key: value for key, value in fields.items() if isinstance(value, str) and value}
    named = [string(each.get("to_name")) for each in regions]
    for key in ("text", *dict.fromkeys(named)):
        if key in strings:
            return strings[key], key
    candidates = [key for key in strings if nested or key not in ("id", "created_at", "updated_at")]
    if len(candidates) > 1:  # every mention verifies the text that it stands in
        fitting = [key for key in candidates if _fits(strings[key], regions)]
        candidates = fitting if regions else candidates
    return (strings[candidates[0]], candidates[0]) if len(candidates) == 1 else (None, "")


def _fits(text: str, regions: Sequence[Mapping[str, Any]]) -> bool:
    for region in regions:
        value = region.get("value")
        if isinstance(value, dict) and isinstance(value.get("text"), str) and "start" in value:
            start, end = offset(value.get("start")), offset(value.get("end"))
            if text[start:end] != value["text"]:
                return False
    return True


def _with_regions(draft: Draft, regions: Sequence[Mapping[str, Any]]) -> Iterator[Draft | Problem]:
    said = _said(regions)
    for region in regions:
        value = region.get("value")
        if region.get("type") == "relation":
            draft.relations.extend(_relations(region, draft.line))
        elif isinstance(value, dict) and "start" in value and region.get("type") not in _SAID:
            draft.mentions.extend(_mentions(region, said, draft.line))
        elif identifier(region.get("id")) not in _spans_of(regions):
            what = f"region {identifier(region.get('id'))} is no span of text: left out"
            yield Problem(draft.file, draft.line, draft.id, ProblemKind.UNSUPPORTED, what)
    yield draft


def _spans_of(regions: Sequence[Mapping[str, Any]]) -> set[str]:
    return {
        identifier(each.get("id"))
        for each in regions
        if each.get("type") not in _SAID and isinstance(each.get("value"), dict) and "start" in each["value"]
    }


def _said(regions: Sequence[Mapping[str, Any]]) -> dict[str, Attributes]:
    """Return what is said of each region besides its labels: region → attributes."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for each in regions:
        kind, value = string(each.get("type")), each.get("value")
        if kind in _SAID and isinstance(value, dict):
            answers = value.get(kind)
            answers = answers if isinstance(answers, list) else [answers]
            told = "; ".join(str(answer) for answer in answers if isinstance(answer, (str, int, float)))
            if told:
                found[identifier(each.get("id"))][string(each.get("from_name")) or kind] = told
    return {key: tuple(sorted(answers.items())) for key, answers in found.items()}


def _mentions(
    region: Mapping[str, Any], said: Mapping[str, Attributes], line: int | None
) -> list[MentionClaim]:
    value, key = region["value"], identifier(region.get("id"))
    span = (offset(value.get("start")), offset(value.get("end")))
    kind = string(region.get("type"))
    labels: list[Any] = next(
        (value[each] for each in (kind, *_LABELS) if isinstance(value.get(each), list)), []
    )
    types = [each for each in labels if isinstance(each, str)]
    text = value.get("text")
    claimed = text if isinstance(text, str) else None
    return [
        MentionClaim(
            key if n == 0 else f"{key}.{n}", label, (span,), claimed, line=line, attributes=said.get(key, ())
        )
        for n, label in enumerate(types or [""])
    ]


def _relations(region: Mapping[str, Any], line: int | None) -> list[RelationClaim]:
    head, tail = identifier(region.get("from_id")), identifier(region.get("to_id"))
    labels = region.get("labels")
    types = [each for each in labels if isinstance(each, str)] if isinstance(labels, list) else []
    direction = region.get("direction")
    ways = {"left": [(tail, head)], "bi": [(head, tail), (tail, head)]}.get(string(direction), [(head, tail)])
    return [RelationClaim(kind, *way, line) for kind in types or [""] for way in ways]
