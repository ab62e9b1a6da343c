"""`data/medner.duckdb`, the analyst's file: medner's views and macros, and what analysts put there.

Programs never open it, except `refresh`, which gives way to whoever holds it. What stands in the file was
possibly written by others, so nothing of it is ever run, and nothing of it says what is medner's to replace
or drop (`own_objects.py`). The session that refreshes reaches the tables and nothing else.
"""

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from medner_assets import paths
from medner_assets.errors import MednerError
from medner_assets.files import sync
from medner_assets.paths import private_folder
from medner_assets.warehouse.catalogue import BARE, seal
from medner_assets.warehouse.definitions import Definition, define, definition_of, definitions, text_literal
from medner_assets.warehouse.own_objects import described_objects, own_objects, record
from medner_assets.warehouse.store import Store

STORAGE_VERSION = "v1.0.0"
"""DuckDB 1.0 and later read what is written with it."""

MARK = "medner_catalogue"
"""The view in the analyst's file that tells people which objects are medner's, and refreshes by which
definitions it was made; it is read, and never run."""

_TABLES = "select table_name from duckdb_tables() where schema_name = 'main' and not temporary"
_HASH = re.compile(r"'([0-9a-f]{16})' AS definition_hash", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of the analyst's file. `message` is for people, on stderr; empty when nothing was to do."""

    outcome: Literal["current", "written", "held", "refused"]
    message: str


def refresh(path: Path | None = None, root: Path | None = None, sql: Path | None = None) -> Refreshed:
    """Bring the analyst's file up to date with the definitions, if nobody holds it. Never waits.

    Only what medner put there, by its own record, is replaced or dropped; tables, views and macros of the
    analyst stay. The hash of the definitions stands in the file, so that an unchanged file is only read. A
    file that older clients cannot read is written anew for them, with all that is in it.
    """
    path, root = path or paths.catalogue(), root or paths.warehouse()
    Store(root).initialise()
    made = definitions(root, sql or paths.SQL)
    if not path.exists():
        _create(path, root, made)
        return Refreshed("written", f"{path}: written")
    if not path.is_file():
        return Refreshed("refused", f"{path}: not refreshed: it is no file: move it away to have it anew")
    _keep_private(path)
    try:
        with _opened(path, root, read_only=True) as connection:
            if _written_from(connection) == _hash(made):
                return Refreshed("current", "")
            readable = _storage_of(connection, path).startswith(STORAGE_VERSION)
        kept = "" if readable else _converted(path)
        with _opened(path, root) as connection:
            refreshed = _rewrite(connection, path, root, made)
        return Refreshed(refreshed.outcome, f"{refreshed.message}{kept}")
    except MednerError as error:
        if not isinstance(error.__cause__, duckdb.PermissionException):
            raise  # a definition of sql/ is wrong, wherever it is made
        return Refreshed(
            "refused", f"{path}: not refreshed ({error}): something of the file's own is in the way of it"
        )
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        if "lock" in reason or "different configuration" in reason or "already" in reason:
            return Refreshed(
                "held",
                f"{path}: open elsewhere, so not refreshed; its rows are current all the same ({reason})",
            )
        return Refreshed("refused", f"{path}: not refreshed ({reason}): move the file away to have it anew")


@contextmanager
def _opened(path: Path, root: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the file for a session that reaches it and the tables, and no other file."""
    with duckdb.connect(path, read_only=read_only, config=BARE) as connection:
        seal(connection, root)
        yield connection


def _keep_private(path: Path) -> None:
    """Take the file from others on the machine: an edition before this one may have left it open."""
    status = path.stat()
    if status.st_mode & 0o077 and status.st_uid == os.geteuid():
        path.chmod(0o600)


def _hash(made: list[Definition]) -> str:
    parts = (
        part for each in made for part in (each.statement, *each.comments, *map(str, each.meanings.items()))
    )
    return hashlib.sha256("\0".join((STORAGE_VERSION, *parts)).encode()).hexdigest()[:16]


def _storage_of(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    rows = connection.sql(
        "select tags['storage_version'] from duckdb_databases() where path = $path and not internal",
        params={"path": str(path.resolve())},
    ).fetchall()
    return str(rows[0][0]) if rows else ""


def _mark_text(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the text of the view that says what is medner's; it is read and never run."""
    rows = connection.sql(
        "select sql from duckdb_views() where schema_name = 'main' and not internal and view_name = $name",
        params={"name": MARK},
    ).fetchall()
    return str(rows[0][0]) if rows else ""


def _written_from(connection: duckdb.DuckDBPyConnection) -> str | None:
    found = _HASH.search(_mark_text(connection))
    return found.group(1) if found else None


def _rewrite(
    connection: duckdb.DuckDBPyConnection, path: Path, root: Path, made: list[Definition]
) -> Refreshed:
    """Replace medner's objects in one transaction; refuse when the analyst has something of the same name."""
    there = described_objects(connection)
    tables = {name for (name,) in connection.sql(_TABLES).fetchall()}
    made = [*made, _mark(made)]
    defined = {(each.kind, each.name) for each in made}
    own = own_objects(root, there, defined, is_marked=("view", MARK) in there)
    for kind, name in sorted(defined):
        taken = "table" if kind == "view" and name in tables else kind
        if taken == "table" or ((kind, name) in there and (kind, name) not in own):
            return Refreshed(
                "refused", f"{path}: not refreshed: its {taken} {name!r} is not medner's own: rename it"
            )
    connection.execute("begin transaction")
    for kind, name in sorted(own - defined):
        connection.execute(f"drop {kind} {_quoted(name)}")
    _define(connection, root, made)
    connection.execute("commit")
    return Refreshed("written", f"{path}: refreshed")


def _define(connection: duckdb.DuckDBPyConnection, root: Path, made: list[Definition]) -> None:
    """Make and describe the objects and record them as medner's, all before the transaction ends."""
    define(connection, made, described=True)
    names = {(each.kind, each.name) for each in made}
    record(root, {each: text for each, text in described_objects(connection).items() if each in names})


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _mark(made: list[Definition]) -> Definition:
    objects = ", ".join(text_literal(f"{each.kind}:{each.name}") for each in made)
    statement = (
        f"create or replace view {MARK} as "
        f"select {text_literal(_hash(made))} as definition_hash, [{objects}] as objects"
    )
    return definition_of(MARK, "view", statement, "which objects of this file are medner's")


def _converted(path: Path) -> str:
    """Write the file anew in STORAGE_VERSION, with all that is in it; return what to say of it.

    The old file stays locked until the new one has its name, so that nobody writes into it meanwhile. What
    older clients cannot hold, such as a column of type VARIANT, leaves the file as it was.
    """
    path = path.resolve()
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    # The catalogue's name stands in dependencies, and a client that opens the file gives it that of the file.
    new, old = _quoted(path.stem), _quoted(f"{path.stem} as it was")
    try:
        with duckdb.connect(":memory:", config=BARE) as connection:
            connection.execute(f"attach {text_literal(str(path))} as {old}")
            connection.execute(f"checkpoint {old}")
            attached = f"attach {text_literal(str(draft))} as {new} (storage_version '{STORAGE_VERSION}')"
            connection.execute(attached)
            draft.chmod(0o600)
            try:
                connection.execute(f"copy from database {old} to {new}")
                connection.execute(f"detach {new}")
            except duckdb.Error as error:
                if isinstance(error, duckdb.IOException):
                    raise
                reason = str(error).strip().splitlines()[0]
                return f"; it still takes DuckDB 1.5 or later to open it ({reason})"
            sync(draft)
            draft.replace(path)
            sync(path.parent)
        return f"; DuckDB {STORAGE_VERSION.removeprefix('v')} and later open it now"
    finally:
        _remove(draft)


def _create(path: Path, root: Path, made: list[Definition]) -> None:
    """Write a new file under another name and link it in place, never over one made meanwhile."""
    private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with duckdb.connect(
            draft, config={**BARE, "storage_compatibility_version": STORAGE_VERSION}
        ) as connection:
            draft.chmod(0o600)
            connection.execute("begin transaction")
            _define(connection, root, [*made, _mark(made)])
            connection.execute("commit")
        sync(draft)
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first, with the same definitions
        sync(path.parent)
    finally:
        _remove(draft)


def _remove(draft: Path) -> None:
    draft.unlink(missing_ok=True)
    draft.with_name(draft.name + ".wal").unlink(missing_ok=True)
