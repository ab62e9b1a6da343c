"""Read documents of a Parquet file: the columns are the keys of our JSON lines, one row a document.

`entities` and `relations` are lists of structs, or JSON as text. What is verified, and what is reported, is
as for JSON lines; the line of a problem is the row, counted from 1. Files with `tokens` and `ner_tags` are of
the format `hugging-face`, those of BigBIO's schema of `bigbio`.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from medner_assets.corpus.jsonl import document_from_json
from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft
from medner_assets.corpus.readers.json_records import parsed_json
from medner_assets.corpus.readers.jsonl import KEYS, draft_of
from medner_assets.corpus.readers.keys import foreign_keys
from medner_assets.corpus.readers.settling import Rules
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError

SUFFIXES = (".parquet",)
RULES = Rules(units=(OffsetUnit.CODE_POINTS,), own_ids=True)

_NESTED = ("entities", "relations")


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of a Parquet file and what is none; raise MednerError if it is no Parquet."""
    for number, row in enumerate(parquet_rows(source), start=1):
        document = json_row(row)
        foreign = foreign_keys(document, KEYS)
        if foreign:
            yield Problem(source.name, number, None, ProblemKind.UNKNOWN_KEYS, foreign)
            continue
        try:
            yield draft_of(document_from_json(document), source.name, number)
        except MednerError as error:
            message = f"{error}: row left out"
            yield Problem(source.name, number, None, ProblemKind.MALFORMED, message)


def parquet_rows(source: Source) -> Iterator[dict[str, Any]]:
    """Yield the rows as they stand, some at a time; raise MednerError if it is no Parquet."""
    import pyarrow as pa

    with opened_parquet(source) as file:
        try:
            for batch in file.iter_batches(1000):
                yield from batch.to_pylist()
        except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
            raise no_parquet(source.name, error) from None


@contextmanager
def opened_parquet(source: Source) -> Iterator[Any]:
    """Open a `pyarrow.parquet.ParquetFile`; raise MednerError if it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    on_disk = source.path is not None and source.member is None and source.path.is_file()
    with ExitStack() as stack:
        stream = stack.enter_context(source.stream())
        try:
            whole = on_disk and stream.seekable()
            content: Any = pa.PythonFile(stream, mode="r") if whole else pa.BufferReader(stream.read())
            file = stack.enter_context(pq.ParquetFile(content))
        except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
            raise no_parquet(source.name, error) from None
        yield file


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
