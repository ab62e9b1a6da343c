"""Ask the report's tables in SQL, so that each number and the SQL named beside it cannot differ.

The tables live in an in-memory DuckDB of this object alone, one thread, so that equal tables give equal
answers.
Values are always bound as parameters; `inlined` writes them into the query only for people to read and run
again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl

from medner_assets.reporting.numbers import Number, Unit

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


class Questions:
    """The report's tables, ready to be asked. A context manager: leaving it frees the memory."""

    def __init__(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Copy `tables` (name → rows, partition keys as columns) into memory."""
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        for name, frame in tables.items():
            kept = frame.drop(_LEFT_OUT.get(name, ()), strict=False)
            self._connection.from_arrow(kept.to_arrow()).create(name)

    def __enter__(self) -> Self:
        """Return the questions themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the memory."""
        self._connection.close()

    def define(self, view: str) -> None:
        """Make a view of the project's own over the tables; `view` is the whole statement."""
        self._connection.execute(view)

    def number(self, sql: str, unit: Unit = Unit.PLAIN, **values: Any) -> Number:
        """Return the one value of the first row of `sql`; no row: a Number without a value."""
        row = self._connection.execute(sql, _used(sql, values)).fetchone()
        return Number(None if row is None else _exact(row[0]), unit, inlined(sql, values))

    def table(
        self, sql: str, keys: tuple[str, ...], units: Mapping[str, Unit] | None = None, **values: Any
    ) -> Answer:
        """Return all rows of `sql`; each numeric cell's own SQL picks its row by `keys`, which must be
        distinct.

        units: column → unit; a column that is not named is a count if its values are whole, else plain.
        """
        units = units or {}
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
