"""`medner sql`: answer a question over the tables, and keep the analyst's file up to date."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import click
import duckdb
from rich.console import Console

from medner_assets import paths
from medner_assets.errors import MednerError
from medner_assets.warehouse.analyst_file import refresh
from medner_assets.warehouse.catalogue import connect, seal, spilled
from medner_assets.warehouse.queries import ask, listing
from medner_assets.warehouse.read_only_thread import writes_nowhere
from medner_assets.warehouse.rendering import Format, write_answer
from medner_assets.warehouse.store import Store


def answer(
    query: str | None, format: str, params: Sequence[str], rows: int, readable: Sequence[Path], *, excel: bool
) -> None:
    """Write the answer to standard output; notes go to standard error.

    query: None: what can be asked. readable: files and folders that it may read besides the warehouse.
    excel: see `write_answer`.
    """
    if excel and format != "csv":
        raise MednerError("--excel: is for --format csv: add it")
    message = refresh().message
    if message:
        click.echo(message, err=True)
    given = parameters(params)
    width = Console().width if sys.stdout.isatty() else None
    store = Store(paths.warehouse())
    store.initialise()
    store.bring()  # here: below, nothing can be written to the tables

    opened: list[duckdb.DuckDBPyConnection] = []

    def answered() -> None:
        with connect() as connection:
            opened.append(connection)
            seal(connection, readable=readable)
            found = listing(connection) if query is None else ask(connection, query, given)
            for note in found.notes:
                click.echo(note, err=True)
            write_answer(found, cast(Format, format), sys.stdout.buffer, width=width, rows=rows, excel=excel)

    def interrupt() -> None:
        for each in opened:
            each.interrupt()

    writes_nowhere(answered, but_in=[spilled()], interrupted=interrupt)


def parameters(params: Sequence[str]) -> dict[str, str]:
    """Return name → value of `--param NAME=VALUE` options."""
    for each in params:
        if "=" not in each:
            raise MednerError(f"--param {each}: give it as NAME=VALUE")
    return {name: value for name, _, value in (each.partition("=") for each in params)}
