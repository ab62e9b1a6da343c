"""Rows of a table of documents, in whatever file they come: Parquet, Arrow as Hugging Face saves it, JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from medner_assets.corpus.readers.json_records import json_records
from medner_assets.corpus.readers.parquet import no_parquet, opened_parquet
from medner_assets.corpus.readers.sources import Source
from medner_assets.corpus.reading import Problem
from medner_assets.errors import MednerError

SUFFIXES = (".parquet", ".arrow", ".jsonl", ".json")


def rows(source: Source) -> Iterator[tuple[int, Mapping[str, Any]] | Problem]:
    """Yield (row or line from 1, row) of a file; raise MednerError if it cannot be read."""
    if source.suffix in (".jsonl", ".json"):
        yield from json_records(source)
        return
    number = 0
    for batch in _batches(source):
        for row in batch.to_pylist():
            number += 1
            yield number, row


def schema_metadata(source: Source) -> Mapping[bytes, bytes]:
    """Return what a file of Parquet or Arrow says of its columns; nothing of JSON."""
    if source.suffix in (".jsonl", ".json"):
        return {}
    for batch in _batches(source):
        return dict(batch.schema.metadata or {})
    return {}


def _batches(source: Source) -> Iterator[Any]:
    import pyarrow as pa

    if source.suffix == ".parquet":
        with opened_parquet(source) as file:
            try:
                yield from file.iter_batches(1000)
            except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
                raise no_parquet(source.name, error) from None
        return
    try:
        with source.stream() as stream, pa.ipc.open_stream(stream) as reader:
            yield from reader
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        reason = " ".join(str(error).split())[:120]
        raise MednerError(
            f"{source.name}: not a table of Arrow that can be read ({reason}): save it again"
        ) from None
