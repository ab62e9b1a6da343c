"""Read documents as JSON lines (`corpus/jsonl.py` has the format) and verify what they claim.

Offsets count characters, by contract: no other unit is tried. A line that is no document is reported and
left out; a last line without its end that does not parse is reported as a file cut off.
"""

import json
from pathlib import Path

from medner_assets.corpus.jsonl import document_from_json
from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim, settled
from medner_assets.corpus.readers.files import numbered_lines, read_text
from medner_assets.corpus.reading import Problem, ProblemKind, Reading, in_file_order
from medner_assets.errors import MednerError
from medner_assets.schema import Document, Level


def read_jsonl(path: Path) -> Reading:
    """Return the documents of a JSON-lines file and what it could not place; raise MednerError."""
    return parse_jsonl(read_text(path), str(path))


def parse_jsonl(text: str, file: str, *, text_required: bool = True) -> Reading:
    """Return the documents of JSON lines; never raises.

    text_required: False for predictions, whose lines need no `text`; their mentions then have no offsets.
    """
    drafts: list[Draft] = []
    problems: list[Problem] = []
    last = text.count("\n") + 1
    for number, line in numbered_lines(text):
        if not line.strip():
            continue
        try:
            drafts.append(
                draft_of(document_from_json(parsed_json(line), text_required=text_required), file, number)
            )
        except MednerError as error:
            cut = number == last and isinstance(error, NotJsonError)
            kind = ProblemKind.TRUNCATED if cut else ProblemKind.MALFORMED
            reason = "the file ends within a document" if cut else str(error)
            problems.append(Problem(file, number, None, kind, f"{reason}: line left out"))
    reading = settled(drafts, units=(OffsetUnit.CODE_POINTS,))
    return Reading(reading.documents, in_file_order([*problems, *reading.problems]))


class NotJsonError(MednerError):
    """The text is not JSON that can be stored again."""


def parsed_json(text: str) -> object:
    r"""Return the value of JSON `text`; raise NotJsonError naming line and column.

    Half a surrogate pair (`\ud83d` alone) is refused: it is no character and cannot be written as UTF-8.
    """
    try:
        value = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise NotJsonError(f"not valid JSON at line {error.lineno}, column {error.colno}") from None
    except UnicodeEncodeError:
        raise NotJsonError("not valid JSON: half a surrogate pair stands alone") from None
    except (ValueError, RecursionError):
        raise NotJsonError("not valid JSON: a number too long or nesting too deep") from None
    return value


def draft_of(document: Document, file: str, line: int) -> Draft:
    """Return the document as claims, so that the same rules verify every format."""
    concept = document.level is Level.CONCEPT
    mentions = [
        MentionClaim(
            id=entity.id,
            type=entity.type,
            spans=() if entity.start is None or entity.end is None else ((entity.start, entity.end),),
            text=entity.text,
            concepts=entity.concepts,
            line=line,
            pieces=entity.pieces,
        )
        for entity in document.entities
    ]
    relations = [
        RelationClaim(
            relation.type,
            (relation.head_concept if concept else relation.head) or "",
            (relation.tail_concept if concept else relation.tail) or "",
            line,
        )
        for relation in document.relations
    ]
    return Draft(
        file, document.id, document.text, line, mentions, relations,
        document.level, document.group, document.split, document.directed,
    )  # fmt: skip
