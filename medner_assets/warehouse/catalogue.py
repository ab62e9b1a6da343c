"""DuckDB over the tables: in memory for programs, and as `data/medner.duckdb` for analysts.

Both hold the same: one view a table over its Parquet files, then the views and macros of `sql/`. Nothing is
copied, so both always show the rows of now. Programs never open the analyst's file, except `refresh`, which
gives way to whoever holds it.
"""

import hashlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from medner_assets import paths
from medner_assets.paths import private_folder
from medner_assets.warehouse.definitions import Definition, define, definition_of, definitions, text_literal
from medner_assets.warehouse.partition_files import sync_folder
from medner_assets.warehouse.store import Store

STORAGE_VERSION = "v1.5.0"
"""DuckDB 1.5 and later read what is written with it."""

MARK = "medner_catalogue"
"""The view in the analyst's file that says which objects are medner's and what they were made from."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of the analyst's file. `message` is for people, on stderr; empty when nothing was to do."""

    outcome: Literal["current", "written", "held", "refused"]
    message: str


def connect(root: Path | None = None, sql: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB with every table, view and macro; it never waits for a run.

    root: the folder of the tables, `paths.warehouse()` unless given; made ready when it is not.
    sql: the folder of views and macros, `paths.SQL` unless given.
    """
    root = root or paths.warehouse()
    Store(root).initialise()
    connection = _in_memory(root)
    define(connection, definitions(root, sql or paths.SQL), described=False)
    return connection


def refresh(path: Path | None = None, root: Path | None = None, sql: Path | None = None) -> Refreshed:
    """Bring the analyst's file up to date with the definitions, if nobody holds it. Never waits.

    Only what medner put there is replaced or dropped; tables, views and macros of the analyst stay. The hash
    of the definitions stands in the file, so that an unchanged file is only read.
    """
    path, root = path or paths.catalogue(), root or paths.warehouse()
    Store(root).initialise()
    made = definitions(root, sql or paths.SQL)
    if not path.exists():
        _create(path, made)
        return Refreshed("written", f"{path}: written")
    try:
        with duckdb.connect(path, read_only=True) as connection:
            if _written_from(connection) == _hash(made):
                return Refreshed("current", "")
        with duckdb.connect(path) as connection:
            return _rewrite(connection, path, made)
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        if "lock" in reason or "different configuration" in reason or "already" in reason:
            return Refreshed(
                "held",
                f"{path}: open elsewhere, so not refreshed; its rows are current all the same ({reason})",
            )
        return Refreshed("refused", f"{path}: not refreshed ({reason}): move the file away to have it anew")


def _in_memory(root: Path) -> duckdb.DuckDBPyConnection:
    """Return an empty session: times in UTC, no name taken for a Python variable, no extension fetched.

    What does not fit in memory goes to the private folder of the tables, not to the working directory.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set temp_directory = $folder", {"folder": str(root / "_spilled")})
    return connection


def _hash(made: list[Definition]) -> str:
    text = "\0".join(part for each in made for part in (each.statement, *each.comments))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _written_from(connection: duckdb.DuckDBPyConnection) -> str | None:
    if MARK not in _names(connection).get("view", set()):
        return None
    rows = connection.sql(f"select definition_hash from {MARK}").fetchall()  # noqa: S608 - a constant
    return str(rows[0][0])


def _names(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Return the names of tables, views and table macros of the file's main schema, by kind."""
    found: dict[str, set[str]] = {"table": set(), "view": set(), "macro table": set()}
    for kind, name in connection.sql(
        "select 'table', table_name from duckdb_tables() where schema_name = 'main' and not temporary "
        "union all select 'view', view_name from duckdb_views() where schema_name = 'main' and not internal "
        "union all select 'macro table', function_name from duckdb_functions() "
        "where function_type = 'table_macro' and not internal and schema_name = 'main'"
    ).fetchall():
        found[kind].add(name)
    return found


def _own(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Return kind and name of what medner put into the file the last time."""
    if MARK not in _names(connection)["view"]:
        return set()
    rows = connection.sql(f"select unnest(objects) from {MARK}").fetchall()  # noqa: S608 - a constant
    return {(kind, name) for kind, _, name in (row[0].partition(":") for row in rows)}


def _rewrite(connection: duckdb.DuckDBPyConnection, path: Path, made: list[Definition]) -> Refreshed:
    """Replace medner's objects in one transaction; refuse when the analyst has something of the same name."""
    own, names = _own(connection), _names(connection)
    for definition in made:
        taken = [
            kind
            for kind, each in names.items()
            if definition.name in each and (kind, definition.name) not in own
        ]
        if [kind for kind in taken if (kind == "macro table") == (definition.kind == "macro table")]:
            return Refreshed(
                "refused",
                f"{path}: not refreshed: its {taken[0]} {definition.name!r} is not medner's own: rename it",
            )
    connection.execute("begin transaction")
    for kind, name in sorted(own - {(each.kind, each.name) for each in made}):
        connection.execute(f'drop {kind} if exists "{name}"')
    define(connection, [*made, _mark(made)], described=True)
    connection.execute("commit")
    return Refreshed("written", f"{path}: refreshed")


def _mark(made: list[Definition]) -> Definition:
    objects = ", ".join(text_literal(f"{each.kind}:{each.name}") for each in made)
    statement = (
        f"create or replace view {MARK} as "
        f"select {text_literal(_hash(made))} as definition_hash, [{objects}] as objects"
    )
    return definition_of(MARK, "view", statement, "which objects of this file are medner's")


def _create(path: Path, made: list[Definition]) -> None:
    """Write a new file under another name and link it in place, never over one made meanwhile."""
    private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with duckdb.connect(draft, config={"storage_compatibility_version": STORAGE_VERSION}) as connection:
            connection.execute("begin transaction")
            define(connection, [*made, _mark(made)], described=True)
            connection.execute("commit")
        draft.chmod(0o600)
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first, with the same definitions
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)
        draft.with_name(draft.name + ".wal").unlink(missing_ok=True)
