"""The comparison reports, served by the UI's own server: one folder's HTML files, and nothing else.

A report is a page of its own, without the rights of the UI's pages: its sandbox gives it an origin that is
nobody's, so that even a script in it could not start a run.
"""

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

PREFIX = "/reports"
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.html")
POLICY = (
    "sandbox allow-scripts allow-modals; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The report's own policy, which stands in its head, further allows one script only, by its hash."""


def address_of(report: Path) -> str:
    """Return where the UI serves a report, relative to its own address."""
    return f"{PREFIX}/{report.name}"


def report_route(folder: Path) -> "Route":
    """Return the route that serves the reports of `folder`."""
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    async def report(request: "Request") -> "Response":
        content = read_report(folder, request.path_params["name"])
        if content is None:
            return PlainTextResponse("No such report: materialise comparison_report.\n", status_code=404)
        return Response(
            content,
            media_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"},
        )

    return Route(f"{PREFIX}/{{name:path}}", report, methods=["GET"])


def read_report(folder: Path, name: str) -> bytes | None:
    """Return a report's bytes; None when `name` is not that of a file in `folder` itself; follows no link."""
    if not _FILE.fullmatch(name) or ".." in name:
        return None
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
