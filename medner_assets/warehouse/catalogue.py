"""DuckDB over the tables, in memory: what programs and `medner sql` ask.

One view a table over its Parquet files, then the views and macros of `sql/`. Nothing is copied, so a session
always shows the rows of now.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from medner_assets import paths
from medner_assets.errors import MednerError
from medner_assets.paths import private_folder
from medner_assets.warehouse.definitions import define, definitions, glob_literal
from medner_assets.warehouse.store import Store

BARE: dict[str, str | bool | int | float | list[str]] = {
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
}
"""Settings of every session: no name is taken for a Python variable, no extension or secret is fetched."""


def connect(root: Path | None = None, sql: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB with every table, view and macro; it never waits for a run.

    root: the folder of the tables, `paths.warehouse()` unless given; made ready when it is not.
    sql: the folder of views and macros, `paths.SQL` unless given. Where an object store keeps the tables, the
    session shows what was last brought from it (`Store.bring`).
    """
    root = root or paths.warehouse()
    Store(root).initialise()
    connection = _in_memory(root)
    define(connection, definitions(root, sql or paths.SQL), described=False)
    return connection


def seal(
    connection: duckdb.DuckDBPyConnection, root: Path | None = None, readable: Sequence[Path] = ()
) -> None:
    """Let the session reach no file but those of the tables and those below `readable`; no setting changes.

    root: the folder of the tables. readable: files and folders; links are followed once, here.
    DuckDB's folders admit writing as much as reading: `statements.py` and `read_only_thread.py` bar that.
    """
    root = (root or paths.warehouse()).resolve()
    missing = [each for each in readable if not each.exists()]
    if missing:
        raise MednerError(f"{missing[0]}: there is no such file or folder: check the name")
    folders = [each.resolve() for each in readable if each.is_dir()]
    files = [str(each.resolve()) for each in readable if not each.is_dir()]
    # The pattern of a folder whose name holds `*` or `[` is not spelt as the folder.
    allowed = [f"{root}/", f"{glob_literal(root)}/", *(f"{each}/" for each in folders)]
    connection.execute("set allowed_directories = $allowed", {"allowed": allowed})
    connection.execute("set allowed_paths = $files", {"files": files})
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def spilled(root: Path | None = None) -> Path:
    """Return the folder, made ready, for what does not fit in memory: a private one of the tables."""
    return private_folder((root or paths.warehouse()) / "_spilled")


def _in_memory(root: Path) -> duckdb.DuckDBPyConnection:
    """Return an empty session: times in UTC, no name taken for a Python variable, no extension fetched.

    What does not fit in memory goes to the private folder of the tables, not to the working directory.
    """
    connection = duckdb.connect(":memory:", config=BARE)
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set temp_directory = $folder", {"folder": str(spilled(root))})
    return connection
