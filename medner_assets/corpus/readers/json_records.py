"""JSON records of annotation tools, each with the line on which it begins; and their fields, checked.

Exports are an array of records, one record a line, or one record; which of them it is shows at the first
character. A broken line costs that record, a broken array the file.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from medner_assets.corpus.readers.files import numbered_lines
from medner_assets.corpus.readers.jsonl import NotJsonError, parsed_json
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError

_BLANK = re.compile(r"[ \t\r\n]*")


def json_records(text: str, file: str) -> tuple[list[tuple[int, Mapping[str, Any]]], list[Problem]]:
    """Return (line from 1, record) of each JSON object of `text`, and a problem for what is none.

    Raises MednerError naming file and line when an array cannot be read to its end.
    """
    found = _of_array(text, file) if text.lstrip()[:1] == "[" else _of_lines(text, file)
    records: list[tuple[int, Mapping[str, Any]]] = []
    problems: list[Problem] = []
    for line, value in found:
        if isinstance(value, dict):
            records.append((line, value))
        elif isinstance(value, NotJsonError):
            problems.append(
                Problem(file, line, None, ProblemKind.MALFORMED, "the line is not JSON: left out")
            )
        else:
            problems.append(
                Problem(file, line, None, ProblemKind.MALFORMED, "the record is no object: left out")
            )
    return records, problems


def _of_lines(text: str, file: str) -> list[tuple[int, object]]:
    try:  # one object, over however many lines
        return [(1 + text[: len(text) - len(text.lstrip())].count("\n"), parsed_json(text))]
    except NotJsonError:
        pass
    found: list[tuple[int, object]] = []
    for number, line in numbered_lines(text):
        if line.strip():
            try:
                found.append((number, parsed_json(line)))
            except NotJsonError as error:
                found.append((number, error))
    return found


def _of_array(text: str, file: str) -> list[tuple[int, object]]:
    decoder = json.JSONDecoder()
    found: list[tuple[int, object]] = []
    position = _after_blanks(text, text.index("[") + 1)
    line, counted = 1, 0
    while text[position : position + 1] != "]":
        line, counted = line + text.count("\n", counted, position), position
        try:
            _, end = decoder.raw_decode(text, position)
            found.append((line, parsed_json(text[position:end])))
        except (ValueError, RecursionError, NotJsonError):
            raise MednerError(
                f"{file}:{line}: the record that begins here is not valid JSON: export the file again"
            ) from None
        position = _after_blanks(text, end)
        if text[position : position + 1] == ",":
            position = _after_blanks(text, position + 1)
        elif text[position : position + 1] != "]":
            raise MednerError(f"{file}:{line}: the file ends after this record: export it again")
    return found


def _after_blanks(text: str, position: int) -> int:
    blanks = _BLANK.match(text, position)
    return blanks.end() if blanks else position


def objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list; [] of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def identifier(value: object) -> str:
    """Return an id as text, also of a number; empty where there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def offset(value: object) -> int:
    """Return a number of characters; -1, which is no place, where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else -1


def string(value: object) -> str:
    """Return a text; empty where it is none."""
    return value if isinstance(value, str) else ""


def claimed_text(text: str, start: int, end: int) -> str:
    """Return what stands at a span of a tool that does not repeat the mention: "" if that is no mention.

    Such a span can only be checked to lie in the text and to hold more than white space; a mention without
    text is refused by `drafts`.
    """
    there = text[start:end] if 0 <= start < end <= len(text) else ""
    return there if there.strip() else ""
