"""What the gate lets through to a server that, like Dagster's, would execute anything."""

import base64
import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocket, WebSocketDisconnect

from medner_assets.web.gate import LARGEST_BODY, Gate
from medner_assets.web.logins import Logins
from medner_assets.web.origins import HostNames

OWN, OTHER_PORT, FOREIGN = "http://127.0.0.1:3000", "http://127.0.0.1:8888", "https://evil.example"
MUTATION = "mutation { launchRun { __typename } }"
JSON = {"Content-Type": "application/json"}


async def executed(request: Request) -> JSONResponse:
    return JSONResponse({"method": request.method, "body": (await request.body()).decode()})


async def listened(websocket: WebSocket) -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_json({"executed": await websocket.receive_json()})


ROUTES = [
    Route("/graphql", executed, methods=["GET", "POST"]),
    WebSocketRoute("/graphql", listened),
    Route("/{path:path}", executed, methods=["GET", "POST", "PUT", "DELETE"]),
]


def client(logins: Logins | None = None, names: HostNames | None = None, base_url: str = OWN) -> TestClient:
    gate = Gate(Starlette(routes=ROUTES), names or HostNames(), logins or Logins())
    return TestClient(gate, base_url=base_url)


@pytest.fixture
def ui() -> Iterator[TestClient]:
    with client() as opened:
        yield opened


def test_a_page_of_the_ui_launches_runs(ui):
    body = json.dumps({"query": MUTATION})
    answer = ui.post(
        "/graphql", content=body, headers={**JSON, "Origin": OWN, "Sec-Fetch-Site": "same-origin"}
    )
    assert answer.json() == {"method": "POST", "body": body}


def test_a_program_that_is_no_browser_names_no_origin_and_is_let_through(ui):
    assert ui.post("/graphql", json={"query": MUTATION}).status_code == 200
    assert ui.post("/report_asset_materialization/adapter", json={}).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8"])
def test_a_type_with_a_parameter_is_told_from_one_that_only_mentions_json(ui, kind):
    good = {"Content-Type": "application/json; charset=utf-8"}
    assert ui.post("/graphql", content="{}", headers=good).status_code == 200
    assert ui.post("/graphql", content="{}", headers={"Content-Type": kind}).status_code == 415


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain", "text/plain; application/json", "text/plain;a=application/json", "application/graphql",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/graphql", "/report_asset_materialization/adapter", "/anything"])
def test_what_a_form_or_a_simple_fetch_can_send_changes_nothing(ui, kind, path):
    answer = ui.post(path, content=json.dumps({"query": MUTATION}), headers={"Content-Type": kind})
    assert (answer.status_code, answer.text) == (415, "send Content-Type: application/json\n")


@pytest.mark.parametrize(
    "origin",
    [
        FOREIGN, OTHER_PORT, "null", "http://localhost:3000", "http://127.0.0.1:3000.evil.example",
        "http://127.0.0.1:3000@evil.example", "http://127.0.0.1:3000/x", "file://127.0.0.1:3000", "",
        "http://[::1", "chrome-extension://127.0.0.1:3000",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "path", ["/graphql", "/report_asset_check/adapter", "/report_asset_observation/adapter"]
)
def test_a_page_of_another_site_changes_nothing_even_with_json(ui, origin, path):
    answer = ui.post(path, json={"query": MUTATION}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_a_page_of_another_site_that_hides_its_origin_is_known_by_what_the_browser_says(ui):
    for site in ("cross-site", "same-site"):
        assert ui.post("/graphql", json={}, headers={"Sec-Fetch-Site": site}).status_code == 403


def test_no_page_is_ever_told_that_it_may_send_what_it_asks_to(ui):
    answer = ui.options("/graphql", headers={"Origin": FOREIGN, "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_methods_that_the_ui_does_not_use_are_refused(ui, method):
    assert ui.request(method, "/anything", headers=JSON).status_code == 405


@pytest.mark.parametrize(
    "document",
    [
        MUTATION, "subscription { logs }", f"query A {{ version }} {MUTATION}", f"# query\n{MUTATION}",
        "\ufeffmutation{a}", "{ version", "", "fragment F on Query { version }", "{" * 5000 + "}" * 5000,
    ],
)  # fmt: skip
def test_a_get_that_does_more_than_ask_is_refused(ui, document):
    answer = ui.get("/graphql", params={"query": document})
    assert answer.status_code == 405
    assert answer.text.startswith("a GET may only ask: ")


def test_a_get_that_asks_is_answered_and_a_second_document_is_not_overlooked(ui):
    assert ui.get("/graphql", params={"query": "{ version }"}).json()["method"] == "GET"
    assert ui.get("/graphql", params=[("query", "{ version }"), ("query", MUTATION)]).status_code == 405
    assert ui.get("/graphql", params=[("query", MUTATION), ("query", "{ version }")]).status_code == 405
    assert ui.head("/graphql", params={"query": MUTATION}).status_code == 405


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:3000", "127.0.0.1.evil.example", "localhost.evil.example",
        "127.0.0.1@evil.example", "0.0.0.0:3000", "localhost:3000/", "", "[::1", "127.0.0.1:99999",
    ],
)  # fmt: skip
def test_a_name_that_was_pointed_at_this_machine_is_not_answered(ui, host):
    for send in (ui.get, ui.head):
        assert send("/", headers={"Host": host}).status_code == 421
    assert ui.post("/graphql", json={}, headers={"Host": host, "Origin": f"http://{host}"}).status_code == 421


@pytest.mark.parametrize(
    "host", ["localhost:3000", "127.0.0.1", "[::1]:3000", "localhost:8080", "LOCALHOST:3000"]
)
def test_every_name_of_loopback_is_answered_at_any_port_of_a_tunnel(ui, host):
    assert ui.get("/", headers={"Host": host}).status_code == 200
    headers = {"Host": host, "Origin": f"http://{host.lower()}"}
    assert ui.post("/graphql", json={}, headers=headers).status_code == 200


def test_a_proxy_in_front_needs_its_name_allowed():
    behind = {"Host": "medner.example.org", "Origin": "https://medner.example.org"}
    with client() as closed, client(names=HostNames.with_added(["Medner.example.org"])) as opened:
        assert closed.post("/graphql", json={}, headers=behind).status_code == 421
        assert opened.post("/graphql", json={}, headers=behind).status_code == 200
        assert opened.post("/graphql", json={}, headers={**behind, "Origin": FOREIGN}).status_code == 403


def test_another_site_may_link_to_a_page_but_not_frame_or_fetch_it(ui):
    cross = {"Sec-Fetch-Site": "cross-site"}
    linked = {**cross, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    framed = {**cross, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    assert ui.get("/assets", headers=linked).status_code == 200
    assert ui.get("/assets", headers=framed).status_code == 403
    assert ui.get("/logs/x", headers={**cross, "Sec-Fetch-Mode": "no-cors"}).status_code == 403


def test_every_answer_forbids_frames(ui):
    for answer in (ui.get("/"), ui.get("/", headers={"Host": "evil.example"}), ui.post("/", content="x")):
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_body_has_a_largest_size_whatever_its_head_says(ui):
    def chunks() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 2**20 + 1):
            yield b" " * 2**20

    assert ui.post("/graphql", content=chunks(), headers=JSON).status_code == 413
    assert (
        ui.post("/graphql", content=b"", headers={**JSON, "Content-Length": "99999999999"}).status_code == 413
    )


def listening(ui: TestClient, host: str = "127.0.0.1:3000", **headers: str) -> WebSocketTestSession:
    """Return a websocket of the UI's own page, unless the headers say otherwise."""
    return ui.websocket_connect(f"ws://{host}/graphql", headers={"Origin": OWN, **headers})


def test_a_websocket_of_another_page_is_closed(ui):
    for headers in (
        {"Origin": FOREIGN},
        {"Origin": OTHER_PORT},
        {"Origin": "null"},
        {"Host": "evil.example"},
    ):
        with pytest.raises(WebSocketDisconnect), listening(ui, **headers):
            pass


def test_a_websocket_carries_subscriptions_and_no_mutation(ui):
    with listening(ui) as socket:
        start = {"type": "start", "id": "1", "payload": {"query": "subscription { logs }"}}
        for message in ({"type": "connection_init"}, start, {"type": "stop", "id": "1"}):
            socket.send_json(message)
            assert socket.receive_json() == {"executed": message}
    mutation = {"type": "start", "id": "2", "payload": {"query": MUTATION}}
    unclear = {"type": "start", "id": "2", "payload": {"query": 1}}
    for text in (json.dumps(mutation), json.dumps(unclear), "[1]", "{", '{"type": "start"}'):
        with listening(ui) as socket:
            socket.send_text(text)
            with pytest.raises(WebSocketDisconnect):
                socket.receive_json()
    with listening(ui) as socket:
        socket.send_bytes(json.dumps(mutation).encode())
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()


def test_a_refusal_is_one_line_on_the_terminal_without_what_a_sender_could_slip_into_it(ui, caplog):
    ui.get("/%1b[31mred%0aline", headers={"Host": "evil.example\x1b[2J"})
    (record,) = caplog.records
    assert record.getMessage().isascii()
    assert record.getMessage().isprintable()
    assert record.getMessage().startswith("refused GET /")


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def test_where_a_token_is_asked_for_nothing_is_answered_without_it():
    with client(Logins(token="0123456789abcdef")) as ui:
        for path in ("/", "/graphql", "/reports/x.html", "/_next/static/x.js"):
            answer = ui.get(path)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="medner"')
        for wrong in (
            basic("a", "0123456789abcdeF"),
            {"Authorization": "Bearer x"},
            {"Authorization": "Basic ?"},
        ):
            assert ui.get("/", headers=wrong).status_code == 401
        for right in (basic("a", "0123456789abcdef"), {"Authorization": "Bearer 0123456789abcdef"}):
            assert ui.get("/", headers=right).status_code == 200
            assert ui.get("/", headers=right).status_code == 200
        with pytest.raises(WebSocketDisconnect), listening(ui):
            pass
        with listening(ui, **basic("a", "0123456789abcdef")) as socket:
            socket.send_json({"type": "connection_init"})
            assert socket.receive_json() == {"executed": {"type": "connection_init"}}


def test_who_is_logged_in_is_still_no_page_of_another_site():
    with client(Logins(token="0123456789abcdef")) as ui:
        headers = {**basic("a", "0123456789abcdef"), "Origin": FOREIGN}
        assert ui.post("/graphql", json={}, headers=headers).status_code == 403
