"""Read BigBIO's schema `kb`: rows with `passages`, `entities`, `events`, `relations`, in any file of rows.

Rules, with the reason for each:
- Offsets count characters of the document; the text is that of the passages, each at its own offsets, blanks
  between them. Text and offsets of an entity are lists: its pieces.
- A relation leads from `arg1_id` to `arg2_id`. An event relates its trigger, which is a mention, to each
  argument, named by the role.
- Ids of concepts are not kept, since relations hold between mentions, nor are coreferences; both are told.
- The id is `document_id`, else `id`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.json_records import identifier, objects, string
from medner_assets.corpus.readers.keys import foreign_keys
from medner_assets.corpus.readers.records import Record, of_each_record
from medner_assets.corpus.readers.rows import SUFFIXES, rows
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind

__all__ = ["SUFFIXES", "drafts"]


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of a file and what is none; raise MednerError if it cannot be read."""
    not_kept: Counter[str] = Counter()

    def document(found: Record) -> Iterator[Draft | Problem]:
        row = found.fields
        doc_id = identifier(row.get("document_id")) or identifier(row.get("id"))
        foreign = foreign_keys(row, ("passages",))
        text = _text(row)
        if not text or foreign:
            yield found.left_out(foreign, "no document with passages at distinct offsets", doc_id)
            return
        draft = found.draft(text, doc_id)
        _annotate(draft, row)
        yield draft
        not_kept["concept ids"] += sum(bool(each.get("normalized")) for each in objects(row.get("entities")))
        not_kept["coreferences"] += len(objects(row.get("coreferences")))

    yield from of_each_record(source, rows(source), document)
    for what, count in not_kept.items():
        if count:
            yield Problem(source.name, None, None, ProblemKind.NOT_KEPT, f"{count} {what}: not kept")


def _text(row: Mapping[str, Any]) -> str:
    """Return the text with every passage at its offsets; "" where two overlap or one has none."""
    placed = []
    for passage in objects(row.get("passages")):
        words, spans = _strings(passage.get("text")), _spans(passage.get("offsets"))
        if len(words) != len(spans):
            return ""
        placed += [(span[0], text) for span, text in zip(spans, words, strict=True)]
    text = ""
    for start, words_ in sorted(placed):
        if start < len(text):
            return ""
        text += " " * (start - len(text)) + words_
    return text


def _annotate(draft: Draft, row: Mapping[str, Any]) -> None:
    line = draft.line
    for each in objects(row.get("entities")):
        draft.mentions.append(_claim(each, identifier(each.get("id")), string(each.get("type")), line))
    triggers: dict[str, str] = {}
    for each in objects(row.get("events")):
        key, trigger = identifier(each.get("id")), each.get("trigger")
        triggers[key] = f"{key}.trigger"
        if isinstance(trigger, dict):
            draft.mentions.append(_claim(trigger, triggers[key], string(each.get("type")), line))
        for argument in objects(each.get("arguments")):
            draft.relations.append(
                RelationClaim(string(argument.get("role")), key, identifier(argument.get("ref_id")), line)
            )
    for each in objects(row.get("relations")):
        draft.relations.append(
            RelationClaim(
                string(each.get("type")), identifier(each.get("arg1_id")), identifier(each.get("arg2_id")),
                line, id=identifier(each.get("id")),
            )
        )  # fmt: skip
    for claim in draft.relations:
        claim.head, claim.tail = triggers.get(claim.head, claim.head), triggers.get(claim.tail, claim.tail)


def _claim(entity: Mapping[str, Any], key: str, kind: str, line: int | None) -> MentionClaim:
    words, spans = _strings(entity.get("text")), _spans(entity.get("offsets"))
    # Without offsets a mention stands nowhere, which is no fault of a format that may leave them out.
    return MentionClaim(key, kind, tuple(spans), " ".join(words), line=line)


def _strings(value: object) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, str)]


def _spans(value: object) -> list[tuple[int, int]]:
    pairs = value if isinstance(value, list) else []
    return [
        (each[0], each[1])
        for each in pairs
        if isinstance(each, list) and len(each) == 2 and type(each[0]) is int and type(each[1]) is int
    ]
