"""How the command line meets people: its error boundary, and what it prints where.

Results go to standard output; progress and reasons to standard error. A pipe or a file has no width: nothing
is wrapped or cut for it, and no escape sequence reaches it. Under NO_COLOR none reaches a terminal either.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from medner_assets.environment import wants_colour
from medner_assets.errors import MednerError
from medner_assets.visible import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_UNLIMITED = 10_000
"""Cells of a line where nobody looks at a terminal."""


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn every mistake of a user into one line on standard error and exit code 1; nothing else does."""
    try:
        yield
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        refuse(error.format_message())
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("medner_assets"):
            raise
        refuse(f"package {error.name} is not installed in {sys.executable}: run `make setup`")
    except (MednerError, PermissionError, NotADirectoryError, IsADirectoryError) as error:
        refuse(str(error))
    except OSError as error:
        # A full disk, a broken device: nothing of ours is wrong, and the name of the file says where.
        refuse(f"{error.filename or 'the system'}: {error.strerror or error}")
    except (click.Abort, KeyboardInterrupt):
        interrupted()
    except _Interrupted as interruption:
        interrupted(*map(str, interruption.args))
    except Exception as error:  # its module, which takes half a second, is not imported to ask for its class
        line = database_line(error)
        if line is None:
            raise
        refuse(line)


def database_line(error: BaseException) -> str | None:
    """Return the line for a database of Dagster that is held by others or broken; None for other errors."""
    cause: BaseException | None = error
    while cause is not None and not type(cause).__module__.startswith(("sqlalchemy", "sqlite3")):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    from medner_assets import paths

    holders = _holders(paths.DAGSTER_STORAGE)
    if "locked" in str(cause):
        who = f"process {', '.join(map(str, holders))} holds it" if holders else "another process holds it"
        return f"Dagster's database in {paths.DAGSTER_STORAGE} is locked: {who}: wait for it, or end it"
    orig = getattr(cause, "orig", cause)
    reason = " ".join(str(orig).split())[:120]
    if type(orig).__module__.startswith("psycopg2"):  # PostgreSQL, where dagster.yaml names it
        return f"Dagster's database does not answer ({reason}): start it, and run it again: results stay"
    return f"Dagster's database in {paths.DAGSTER_STORAGE} failed ({reason}): see `medner doctor`"


def _holders(folder: Path) -> list[int]:
    """Return the other processes of this machine that have a database below `folder` open."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            names = [each.path for each in process.open_files()] if process.pid != os.getpid() else []
        except psutil.Error:
            continue
        if any(name.startswith(f"{folder}/") and ".db" in name for name in names):
            found.append(process.pid)
    return found


def refuse(message: str) -> None:
    """Print one line on standard error and exit with 1."""
    click.echo(f"Error: {visible(' '.join(message.split()))}", err=True)
    sys.exit(1)


def interrupted(*said: str) -> None:
    """Print one line on standard error and exit with 130. said: what is kept, and how to go on."""
    click.echo(": ".join(["interrupted", *said]), err=True)
    sys.exit(130)


class _Interrupted(Exception):
    """A Ctrl-C with what the command says of it: click would turn it into `Abort`, without words."""


class Commands(click.Group):
    """A group whose commands share one error boundary."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interruption:
            raise _Interrupted(*interruption.args) from None

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; never returns without an exit code. What it writes is its owner's alone."""
        os.umask(0o077)  # a text, or what was made of one, is in most of what medner writes
        with user_errors():
            super().main(*args, **{**kwargs, "standalone_mode": False})
        sys.exit(0)


def width() -> int | None:
    """Return the cells of the terminal; None where standard output is a file or a pipe."""
    return console().width if sys.stdout.isatty() else None


def console(stream: IO[str] | None = None) -> "Console":
    """Return a console on `stream`, without it on standard output."""
    from rich.console import Console

    is_terminal = (stream or sys.stdout).isatty()
    return Console(
        file=stream,
        highlight=False,
        width=None if is_terminal else _UNLIMITED,
        soft_wrap=not is_terminal,
        # Rich keeps bold and reverse under NO_COLOR, and they are escape sequences too.
        color_system="auto" if wants_colour() else None,
    )


def show(renderable: "RenderableType") -> None:
    """Print on standard output."""
    console().print(renderable)
