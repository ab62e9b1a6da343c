"""The process that serves the UI: Dagster's web server behind the gate, with the reports beside it.

    python -m medner_assets.webserver --project FOLDER --url URL --workspace FILE --socket N --stop N …

`services.py` starts it and hands it the listening socket; nobody types this.
"""

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medner_assets import paths
from medner_assets.environment import take_token
from medner_assets.errors import MednerError
from medner_assets.web.gate import Gate
from medner_assets.web.logins import logins_from
from medner_assets.web.origins import HostNames
from medner_assets.web.reports import report_route

if TYPE_CHECKING:
    from dagster._core.workspace.context import WorkspaceProcessContext
    from starlette.types import ASGIApp

_POLL_MILLISECONDS = 2000
_DATABASE = {"statement_timeout": 15_000, "pool_recycle": 3_600, "max_overflow": 20}
"""What `dagster-webserver` sets by default."""


@click.command()
@click.option("--project", required=True, type=click.Path(path_type=Path), help="The folder of dagster.yaml.")
@click.option("--url", required=True, help="Where people find it.")
@click.option("--workspace", required=True, help="The file that names the code servers.")
@click.option("--socket", "descriptor", required=True, type=int, help="The socket that listens already.")
@click.option("--stop", required=True, type=int, help="A pipe through which the end is told.")
@click.option("--read-only", is_flag=True)
@click.option("--allow-host", "added", multiple=True)
@click.option("--login", type=click.Path(path_type=Path))
def main(
    project: Path,
    url: str,
    workspace: str,
    descriptor: int,
    stop: int,
    read_only: bool,
    added: Sequence[str],
    login: Path | None,
) -> None:
    """Serve until told to stop."""
    from dagster_shared.ipc import interrupt_on_ipc_shutdown_message

    logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s", level=logging.WARNING)
    os.chdir(project)
    try:
        logins = logins_from(login, take_token())
    except MednerError as error:
        sys.exit(f"Error: {error}")
    with interrupt_on_ipc_shutdown_message(stop), contextlib.suppress(KeyboardInterrupt):
        _serve(
            workspace, url, descriptor, read_only, lambda app: Gate(app, HostNames.with_added(added), logins)
        )


def _serve(
    workspace: str, url: str, descriptor: int, read_only: bool, guarded: "Callable[[ASGIApp], ASGIApp]"
) -> None:
    import uvicorn
    from dagster._cli.utils import get_instance_for_cli
    from dagster._core.workspace.load_target import WorkspaceFileTarget
    from dagster_webserver.version import __version__

    from medner_assets.defs.unsynced import Workspace

    with get_instance_for_cli() as instance:
        instance.optimize_for_webserver(**_DATABASE)
        with Workspace(
            instance, WorkspaceFileTarget([workspace]), version=__version__, read_only=read_only
        ) as context:
            context.note()
            config = uvicorn.Config(
                guarded(_application(context, url)),
                log_level="warning",
                proxy_headers=False,
                server_header=False,
                # An open page holds a websocket for as long as it is open.
                timeout_graceful_shutdown=2,
            )
            with socket.socket(fileno=descriptor) as listening:
                uvicorn.Server(config).run(sockets=[listening])


def _application(context: "WorkspaceProcessContext", url: str) -> "ASGIApp":
    """Return Dagster's application with the reports in front of its page for all other addresses."""
    from dagster_webserver.webserver import DagsterWebserver

    @contextlib.asynccontextmanager
    async def lifespan(app: "ASGIApp") -> AsyncIterator[None]:
        click.echo(f"the UI is at {url} (Ctrl-C ends it and what it runs)")
        # uvicorn cancels this task when a signal comes; Dagster's own server suppresses it too.
        with contextlib.suppress(asyncio.CancelledError):
            yield

    app = DagsterWebserver(context, live_data_poll_rate=_POLL_MILLISECONDS).create_asgi_app(lifespan=lifespan)
    app.router.routes.insert(0, report_route(paths.reports()))
    return app


if __name__ == "__main__":
    main()
