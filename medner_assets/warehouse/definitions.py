"""What the catalogue holds, as SQL: a view of each table over its Parquet files, then those of `sql/`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb

from medner_assets.columns import Table
from medner_assets.errors import MednerError
from medner_assets.paths import NAME
from medner_assets.sql_files import in_order
from medner_assets.tables import TABLES
from medner_assets.warehouse.meanings import meanings_of


@dataclass(frozen=True, slots=True)
class Definition:
    """One object of the catalogue: the statement that makes it, and those that describe it."""

    name: str
    kind: Literal["view", "macro table"]
    statement: str
    comments: tuple[str, ...]
    meanings: Mapping[str, str] = field(default_factory=dict)
    """What its columns mean, by name; a name that it has not is passed over."""


def definitions(root: Path, sql: Path) -> list[Definition]:
    """Return what the catalogue holds, in the order in which it can be made."""
    return [*(_table_view(table, root) for table in TABLES.values()), *native_definitions(sql)]


def native_definitions(sql: Path) -> list[Definition]:
    """Return the views and macros of `sql/`, in the order in which they can be made over any tables."""
    views = [definition_of(file.name, "view", file.text, file.purpose) for file in in_order("views", sql)]
    macros = [
        definition_of(file.name, "macro table", file.text, file.purpose) for file in in_order("macros", sql)
    ]
    return [*views, *macros]


def define(connection: duckdb.DuckDBPyConnection, made: list[Definition], *, described: bool) -> None:
    """Make the objects, with their comments where `described`; raise MednerError that names a refused one."""
    for definition in made:
        for statement in (definition.statement, *(definition.comments if described else ())):
            try:
                connection.execute(statement)
            except duckdb.Error as error:
                reason = str(error).strip().splitlines()[0]
                raise MednerError(
                    f"{definition.kind} {definition.name}: {reason}: fix its definition"
                ) from error
    if described:
        _describe_columns(connection, [each for each in made if each.meanings])


def _describe_columns(connection: duckdb.DuckDBPyConnection, views: list[Definition]) -> None:
    columns = connection.sql(
        "select table_name, column_name from duckdb_columns() where schema_name = 'main' and not internal"
    ).fetchall()
    for view in views:
        for name in (column for table, column in columns if table == view.name and column in view.meanings):
            connection.execute(
                f'comment on column {view.name}."{name}" is {text_literal(view.meanings[name])}'
            )


def view_of(table: Table, root: Path) -> str:
    """Return the query of a table's rows over its Parquet files; the partition key comes first.

    The empty file comes first, so that its columns decide and a partition that was written before a column
    was declared shows null there. It holds no rows, so the second pattern may find it again.
    A folder that is no valid key is left out: medner wrote none such.
    Columns are qualified, because a macro's parameter of the same name would clash with a bare one.
    """
    folder = glob_literal(root / table.name).replace("'", "''")
    columns = ", ".join(f'rows."{name}"' for name in (table.partition, *table.schema))
    files = f"['{folder}/{table.partition}=_empty/*.parquet', '{folder}/*/*.parquet']"
    return (
        f"select {columns} from read_parquet({files}, hive_partitioning = true, "  # noqa: S608 - names are declared
        f"hive_types = {{'{table.partition}': varchar}}, union_by_name = true) as rows "
        f"where regexp_full_match(rows.{table.partition}, '{NAME}')"
    )


def text_literal(text: str) -> str:
    """Return `text` as an SQL literal, for the few statements that take no parameter."""
    return "'" + text.replace("'", "''") + "'"


def comments_on(table: Table, kind: Literal["table", "view"]) -> tuple[str, ...]:
    """Return the statements that describe a table and its columns, where it stands as a table or a view."""
    return (
        f"comment on {kind} {table.name} is {text_literal(f'one row is {table.grain}')}",
        f"comment on column {table.name}.{table.partition} is 'the {table.partition} that the row is of'",
        *(
            f'comment on column {table.name}."{column.name}" is {text_literal(column.meaning)}'
            for column in table.columns
        ),
    )


def _table_view(table: Table, root: Path) -> Definition:
    statement = f"create or replace view {table.name} as {view_of(table, root)}"
    return Definition(table.name, "view", statement, comments_on(table, "view"))


def definition_of(
    name: str, kind: Literal["view", "macro table"], statement: str, purpose: str
) -> Definition:
    """Return the object that `statement` makes, with its purpose as its comment."""
    described = (f"comment on {kind} {name} is {text_literal(purpose)}",)
    return Definition(name, kind, statement, described, meanings_of(name) if kind == "view" else {})


def glob_literal(folder: Path) -> str:
    """Return the folder as it stands in a glob: what DuckDB would read as a pattern is escaped."""
    text = str(folder.resolve())
    if "\\" in text or "?" in text:
        raise MednerError(f"{text}: DuckDB cannot read a path with '\\' or '?': choose another MEDNER_DATA")
    return "".join(f"[{each}]" if each in "*[" else each for each in text)
