"""`medner sql`: answer a question over the tables, and keep the analyst's file up to date."""

import sys
from collections.abc import Sequence
from typing import cast

import click
from rich.console import Console

from medner_assets.errors import MednerError
from medner_assets.warehouse.catalogue import connect, refresh
from medner_assets.warehouse.queries import ask, listing
from medner_assets.warehouse.rendering import Format, write_answer


def answer(query: str | None, format: str, params: Sequence[str], rows: int) -> None:
    """Write the answer to standard output; notes go to standard error. query: None: what can be asked."""
    message = refresh().message
    with connect() as connection:
        given = parameters(params)
        found = listing(connection) if query is None else ask(connection, query, given)
        for note in (*([message] if message else []), *found.notes):
            click.echo(note, err=True)
        width = Console().width if sys.stdout.isatty() else None
        chosen = cast(Format, format)
        stream = sys.stdout.buffer
        write_answer(found, chosen, stream, width=width, rows=rows)


def parameters(params: Sequence[str]) -> dict[str, str]:
    """Return name → value of `--param NAME=VALUE` options."""
    for each in params:
        if "=" not in each:
            raise MednerError(f"--param {each}: give it as NAME=VALUE")
    return {name: value for name, _, value in (each.partition("=") for each in params)}
