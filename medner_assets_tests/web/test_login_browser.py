"""A login in a real browser: what it sends with a page's websocket, and what the gate makes of it."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from medner_assets.web.gate import Gate
from medner_assets.web.logins import add_login, logins_from
from medner_assets.web.origins import HostNames
from medner_assets_tests.support.chromium import BINARY, Chromium
from medner_assets_tests.support.live import within

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BINARY is None, reason="no Chromium on this machine"),
]
ASK = """
new Promise(done => {
  const socket = new WebSocket(`ws://${location.host}/graphql`, 'graphql-ws');
  socket.onopen = () => socket.send(JSON.stringify({type: 'connection_init'}));
  socket.onmessage = message => done(message.data);
  socket.onclose = () => done('closed');
})
"""


async def page(_: Request) -> HTMLResponse:
    return HTMLResponse("<title>inside</title>")


async def acknowledged(websocket: WebSocket) -> None:
    await websocket.accept("graphql-ws")
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_text((await websocket.receive_json())["type"])


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The port of a server behind the gate, which asks for the login of `ada`."""
    add_login(tmp_path / "logins", "ada", "correct horse")
    app = Starlette(routes=[Route("/", page), WebSocketRoute("/graphql", acknowledged)])
    gate = Gate(app, HostNames(), logins_from(tmp_path / "logins", None))
    server = uvicorn.Server(uvicorn.Config(gate, "127.0.0.1", 0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert within(20, lambda: server.started) is not None
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)


def test_the_websocket_of_a_page_is_answered_after_the_login_and_not_without_it(port):
    with Chromium() as browser:
        browser.visit(f"http://ada:correct%20horse@127.0.0.1:{port}/")  # what its dialog does
        browser.visit(f"http://127.0.0.1:{port}/?")  # and the login stays
        assert browser.evaluate("document.title") == "inside"
        assert browser.evaluate(ASK) == "connection_init"
    with Chromium() as browser:
        browser.visit(f"http://ada:wrong%20horse@127.0.0.1:{port}/")
        assert browser.evaluate("document.title") != "inside"
        assert browser.evaluate(ASK) == "closed"
