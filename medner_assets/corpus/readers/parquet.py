"""Read documents of a Parquet file: the columns are the keys of our JSON lines, one row a document.

`entities` and `relations` are lists of structs, or JSON as text. What is verified, and what is reported, is
as for JSON lines; the line of a problem is the row, counted from 1.
"""

import json
from pathlib import Path
from typing import Any

from medner_assets.corpus.jsonl import document_from_json
from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, settled
from medner_assets.corpus.readers.files import read_bytes
from medner_assets.corpus.readers.jsonl import draft_of, parsed_json
from medner_assets.corpus.reading import Problem, ProblemKind, Reading, in_file_order
from medner_assets.errors import MednerError

_NESTED = ("entities", "relations")


def read_parquet(path: Path) -> Reading:
    """Return the documents of a Parquet file and what it could not place; raise MednerError."""
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for number, row in enumerate(parquet_rows(path), start=1):
        try:
            drafts.append(draft_of(document_from_json(row), str(path), number))
        except MednerError as error:
            message = f"{error}: row left out"
            problems.append(Problem(str(path), number, None, ProblemKind.MALFORMED, message))
    reading = settled(drafts, units=(OffsetUnit.CODE_POINTS,))
    return Reading(reading.documents, in_file_order([*problems, *reading.problems]))


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows as JSON objects: absent values are absent keys. Raise MednerError if it is no Parquet.

    A value that JSON has no place for (a time, bytes) becomes text.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = read_bytes(path)
    try:
        rows = pq.read_table(pa.BufferReader(content)).to_pylist()
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise no_parquet(str(path), error) from None
    return [json_row(row) for row in rows]


def no_parquet(file: str, error: Exception) -> MednerError:
    """Return the error of a file that cannot be read as Parquet, with the library's reason."""
    reason = " ".join(str(error).split())[:120]
    return MednerError(f"{file}: not a Parquet file that can be read ({reason}): write it again")


def json_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a JSON object: absent values are absent keys, nested text is parsed."""
    document = {name: _plain(value) for name, value in row.items() if value is not None}
    for name in _NESTED:
        if isinstance(document.get(name), str):
            try:
                document[name] = parsed_json(document[name])
            except MednerError:
                continue  # it stays text, which is refused as no list
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (str, int, float, bool)) else json.dumps(value, default=str)
