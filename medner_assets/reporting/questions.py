"""Ask the report's tables the files of `sql/reporting/`, over the views and macros of `sql/`.

Each number and the SQL named beside it are one value, so that they cannot differ. The tables live in an
in-memory DuckDB of this object alone, one thread, so that equal tables give equal answers.
Values are always bound as parameters; `inlined` writes them into the query only for people to read and run
again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl

from medner_assets.paths import SQL
from medner_assets.reporting.numbers import Number, Unit
from medner_assets.sql_files import digest, in_order, sql_files, uses
from medner_assets.tables import TABLES

_PARAMETER = re.compile(r"\$([a-z_]+)")
_BLANKS = re.compile(r"\s+")

# Long texts are never aggregated: left out, they cost neither memory nor time.
_LEFT_OUT = {"documents": ("text",), "completions": ("completion",), "rejected_lines": ("line",)}


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one query; numeric cells are Numbers, text cells are text or None."""

    sql: str
    rows: tuple[Mapping[str, Any], ...]

    def __bool__(self) -> bool:
        """Whether there is any row."""
        return bool(self.rows)

    def by(self, *keys: str) -> dict[Any, Mapping[str, Any]]:
        """Return the rows by the text of one key column, or by the tuple of several."""

        def text(row: Mapping[str, Any], key: str) -> Any:
            return row[key].value if isinstance(row[key], Number) else row[key]

        return {
            text(row, keys[0]) if len(keys) == 1 else tuple(text(row, key) for key in keys): row
            for row in self.rows
        }


def _whole(frame: pl.DataFrame, declared: pl.DataFrame | None) -> pl.DataFrame:
    """Return `frame` with the columns that it lacks, empty: a table may be older than a column."""
    if declared is None:
        return frame
    absent = [column for column in declared.columns if column not in frame.columns]
    return frame.with_columns(pl.lit(None, declared.schema[column]).alias(column) for column in absent)


class Questions:
    """The report's tables, ready to be asked. A context manager: leaving it frees the memory."""

    def __init__(self, tables: Mapping[str, pl.DataFrame], sql: Path = SQL) -> None:
        """Copy `tables` (name → rows, partition keys as columns) into memory; a table not given has no rows.

        sql: the folder of views/, macros/ and reporting/.
        """
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        empty = {
            name: pl.DataFrame(schema={declared.partition: pl.String(), **declared.schema})
            for name, declared in TABLES.items()
        }
        for name, frame in (empty | dict(tables)).items():
            kept = _whole(frame, empty.get(name)).drop(_LEFT_OUT.get(name, ()), strict=False)
            self._connection.from_arrow(kept.to_arrow()).create(name)
        self._definitions = [*in_order("views", sql), *in_order("macros", sql)]
        self._questions = {file.name: file for file in sql_files("reporting", sql)}
        self._defined: set[str] = set()

    def __enter__(self) -> Self:
        """Return the questions themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the memory."""
        self._connection.close()

    @property
    def sql_hash(self) -> str:
        """The hash of the questions, and of the views and macros that they use."""
        asked = self._questions.values()
        used = {each.name: each for file in asked for each in uses(file, self._definitions)}
        return digest([*asked, *used.values()])

    def number(self, question: str, unit: Unit = Unit.PLAIN, **values: Any) -> Number:
        """Return the first value that `sql/reporting/<question>.sql` gives; no row: a Number without one."""
        sql = self._text(question)
        row = self._connection.execute(sql, _used(sql, values)).fetchone()
        return Number(None if row is None else _exact(row[0]), unit, inlined(sql, values))

    def table(
        self, question: str, keys: tuple[str, ...], units: Mapping[str, Unit] | None = None, **values: Any
    ) -> Answer:
        """Return all rows that `sql/reporting/<question>.sql` gives.

        keys: columns whose values together are distinct; each numeric cell's own SQL picks its row by them.
        units: column → unit; a column that is not named is
        a count if its values are whole, else plain.
        """
        units = units or {}
        sql = self._text(question)
        cursor = self._connection.execute(sql, _used(sql, values))
        names = [column[0] for column in cursor.description]
        whole = inlined(sql, values)
        rows = []
        for values_of_row in cursor.fetchall():
            row = dict(zip(names, values_of_row, strict=True))
            where = " and ".join(f"{key} is not distinct from {_literal(row[key])}" for key in keys)
            rows.append({
                name: value
                if name in keys or isinstance(value, str)
                else Number(
                    _exact(value),
                    units.get(name, Unit.COUNT if isinstance(value, int) else Unit.PLAIN),
                    _cell(name, whole, where),
                )
                for name, value in row.items()
            })  # fmt: skip
        return Answer(whole, tuple(rows))

    def _text(self, question: str) -> str:
        """Return the statement of a question; what it uses is defined when it is first needed."""
        file = self._questions[question]
        for each in uses(file, self._definitions):
            if each.name not in self._defined:
                self._connection.execute(each.text)
                self._defined.add(each.name)
        return file.statement


def as_text(question: str, **values: Any) -> str:
    """Return `sql/reporting/<question>.sql` as people can run it, without asking it."""
    files = {file.name: file for file in sql_files("reporting")}
    return inlined(files[question].statement, values)


def inlined(sql: str, values: Mapping[str, Any]) -> str:
    """Return `sql` on one line with its `$name` parameters written as literals, to be read and run again by
    people."""
    return _PARAMETER.sub(lambda match: _literal(values[match[1]]), _BLANKS.sub(" ", sql).strip())


def _cell(column: str, sql: str, where: str) -> str:
    # Column names are this package's own, never input.
    return " ".join(("select", column, "from", f"({sql})", *(("where", where) if where else ())))


def _used(sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in set(_PARAMETER.findall(sql))}


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_literal(each) for each in value) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def _exact(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
