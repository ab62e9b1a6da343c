"""`medner serve`: one version behind the gate, until told to stop."""

import asyncio
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass

import click

from medner_assets import paths
from medner_assets.environment import SERVE_TOKEN_VARIABLE, take_token
from medner_assets.errors import MednerError
from medner_assets.serving.app import LARGEST_BODY, Logged, application, counted, refused
from medner_assets.serving.metrics import Metrics
from medner_assets.serving.service import serving
from medner_assets.web.gate import Gate
from medner_assets.web.listening import listening, url_of
from medner_assets.web.logins import Logins, logins_from
from medner_assets.web.origins import HostNames, is_loopback

_LAST_SECONDS = 60
"""How long requests that were begun may take when the end was asked for."""


@dataclass(frozen=True)
class Serving:
    """What is served, and where. name: a dataset or a version. port: 0 for any free one."""

    name: str
    host: str
    port: int
    hosts: tuple[str, ...] = ()
    """Further names that it answers to."""
    least: float | None = None
    """The least probability of what is answered; None: as the recipe says."""
    logged: Logged = "nothing"


def serve(settings: Serving) -> None:
    """Serve until a signal comes; requests that were begun are answered then.

    Raises MednerError when nothing of that name can serve, the address is taken, or it can be reached from
    other machines and no token is set.
    """
    os.environ["OTEL_SDK_DISABLED"] = "true"  # which fastapi knows: nothing is traced
    logins = logins_from(None, take_token(SERVE_TOKEN_VARIABLE), SERVE_TOKEN_VARIABLE)
    if not (logins.needed or is_loopback(settings.host)):
        raise MednerError(
            f"--host {settings.host} lets other machines send texts: set {SERVE_TOKEN_VARIABLE}, "
            "or leave --host out and use a tunnel"
        )
    logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s", level=logging.WARNING)
    paths.settle()
    with listening(settings.host, settings.port, f"medner serve {settings.name}") as listener:
        asyncio.run(_serve(settings, listener, logins))


async def _serve(settings: Serving, listener: socket.socket, logins: Logins) -> None:
    import uvicorn

    metrics = Metrics()
    names = HostNames.with_added([settings.host, *settings.hosts])
    # uvicorn ends well on a signal, and then sends it again to whoever listened before.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    async with serving(settings.name, settings.least, metrics) as service:
        app = application(service, metrics, settings.logged)
        gate = Gate(app, names, logins, largest=LARGEST_BODY, answer=refused)
        config = uvicorn.Config(
            counted(gate, metrics),
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_LAST_SECONDS,
        )
        served = service.served
        what = settings.name if served is None else served.version
        click.echo(f"{what} is served at {url_of(settings.host, listener)} (Ctrl-C ends it)")
        await uvicorn.Server(config).serve(sockets=[listener])
