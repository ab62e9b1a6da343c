"""All rows of an answer as CSV, as a JSON array of objects, or as Parquet, in batches: memory stays small."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import duckdb
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.visible import escaped, visible
from medner_assets.warehouse.queries import PreparedQuery

_BATCH = 50_000
"""Rows written at a time."""
_AS_TEXT = re.compile(r"INTERVAL|UNION|MAP|BLOB|BIT\b|TIME WITH TIME ZONE|VARIANT|GEOMETRY")
"""Types that neither JSON nor Parquet knows: their text is written."""
_LARGEST_INT = 2**63 - 1
_FORMULA = re.compile(r"[=+\-@\t\r]")
"""How a cell begins that a spreadsheet takes for a formula. Source: OWASP, CSV injection."""


def _for_spreadsheets(column: pl.Series) -> pl.Series:
    """Return texts with an apostrophe before each that a spreadsheet would run."""
    texts = [f"'{text}" if text and _FORMULA.match(text) else text for text in column.to_list()]
    return pl.Series(column.name, texts, dtype=pl.String)


def _visible(column: pl.Series) -> pl.Series:
    texts = [None if text is None else visible(text) for text in column.to_list()]
    return pl.Series(column.name, texts, dtype=pl.String)


def write_csv(answer: PreparedQuery, stream: BinaryIO, *, excel: bool) -> None:
    """Write all rows as CSV. excel: no cell begins as a formula does. A terminal gets what prints."""
    header = True
    for frame in _frames(answer):
        nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
        flat = frame.with_columns(_json_texts(frame[name]) for name in nested)
        texts = [name for name, dtype in flat.schema.items() if dtype == pl.String]
        if excel:
            flat = flat.with_columns(_for_spreadsheets(flat[name]) for name in texts)
        if stream.isatty():
            flat = flat.with_columns(_visible(flat[name]) for name in texts)
            flat.columns = [visible(name) for name in flat.columns]
        stream.write(flat.write_csv(include_header=header).encode())
        header = False


def write_json(answer: PreparedQuery, stream: BinaryIO) -> None:
    """Write all rows as an array of objects, one a line."""
    separator = b"[\n"
    for frame in _frames(answer):
        if frame.height:
            # Line breaks within values are escaped, so each that is there ends a record.
            records = frame.write_ndjson().rstrip("\n").replace("\n", ",\n")
            records = escaped(records) if stream.isatty() else records
            stream.write(separator + records.encode())
            separator = b",\n"
    stream.write(b"[]\n" if separator == b"[\n" else b"\n]\n")


def write_parquet(answer: PreparedQuery, stream: BinaryIO) -> None:
    """Write all rows as Parquet; raise MednerError where a terminal would get them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if stream.isatty():
        raise MednerError("--format parquet: the terminal cannot show it: redirect the output to a file")
    reader = _plain(answer.relation).to_arrow_reader(_BATCH)
    with pq.ParquetWriter(stream, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=reader.schema))


def _frames(answer: PreparedQuery) -> Iterator[pl.DataFrame]:
    """Yield the rows in batches, at least one frame; sums, which DuckDB gives 128 bits, as common numbers."""
    relation = _plain(answer.relation)
    reader = relation.to_arrow_reader(_BATCH)
    empty = pl.from_arrow(reader.schema.empty_table())
    assert isinstance(empty, pl.DataFrame)
    yield _common_numbers(empty)
    for batch in reader:
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        yield _common_numbers(frame)


def _common_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    casts = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Decimal):
            fits = dtype.scale == 0 and bool((frame[name].abs() <= _LARGEST_INT).all())
            casts.append(pl.col(name).cast(pl.Int64 if fits else pl.Float64))
    return frame.with_columns(casts)


def _json_texts(column: pl.Series) -> pl.Series:
    texts = [
        None if value is None else json.dumps(value, ensure_ascii=False, default=str)
        for value in column.to_list()
    ]
    return pl.Series(column.name, texts, dtype=pl.String)


def _plain(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return the relation with each name once, and with the text of what only DuckDB has a type for."""
    columns = [
        f"#{n}{'::varchar' if _AS_TEXT.search(str(kind)) else ''} as " + '"' + name.replace('"', '""') + '"'
        for n, (name, kind) in enumerate(zip(distinct(relation.columns), relation.types, strict=True), 1)
    ]
    return relation.project(", ".join(columns))


def distinct(names: Sequence[str]) -> list[str]:
    """Return the names with a number behind those that repeat: objects and Parquet need each once."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return distinct
