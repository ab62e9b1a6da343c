"""What the HTTP interface answers, good or bad, in front of a service that reads at once."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient

from medner_assets.serving.app import (
    LARGEST_BODY,
    MOST_CHARACTERS,
    Logged,
    application,
    counted,
    refused,
)
from medner_assets.serving.metrics import Metrics
from medner_assets.serving.reader import UnreadableText
from medner_assets.serving.served import Served
from medner_assets.serving.service import Unavailable
from medner_assets.web.gate import Gate
from medner_assets.web.logins import Logins
from medner_assets.web.origins import HostNames

TOKEN = "0123456789abcdef"
PROMOTION = {"kind": "manual", "reason": "relation F1 +2.1 <b>", "since": "2026-11-30T12:00:00+00:00"}
JOB = {"entity_types": ["Drug", "Effect"]}
SERVED = Served("tiny-v2", "synthetic-small", "77aa", "e1", PROMOTION, "", JOB)


class Immediate:
    """A service that answers each text with one entity: its first word."""

    served: Served | None = SERVED
    problem = ""

    async def read(self, texts: Sequence[str]) -> tuple[Served, list[dict[str, Any]]]:
        if self.served is None:
            raise Unavailable("champion-gone", self.problem)
        if "unreadable" in texts:
            raise UnreadableText("too long for the model")
        if "busy" in texts:
            raise Unavailable("busy", "wait")
        return self.served, [
            {
                "id": "",
                "text": text,
                "entities": [{"id": "E0", "text": text.split()[0]}],
                "relations": [],
                "cut": 0,
            }
            for text in texts
        ]


def client(service: Immediate, logins: Logins | None = None, logged: Logged = "nothing") -> TestClient:
    metrics = Metrics()
    app = application(service, metrics, logged)  # type: ignore[arg-type]
    gate = Gate(app, HostNames(), logins or Logins(), largest=LARGEST_BODY, answer=refused)
    return TestClient(counted(gate, metrics), base_url="http://127.0.0.1:8000", raise_server_exceptions=False)


@pytest.fixture
def server() -> Iterator[TestClient]:
    with client(Immediate()) as opened:
        yield opened


def test_an_answer_names_version_evaluation_and_promotion_and_holds_a_document_a_text(server):
    answer = server.post("/extract", json={"texts": ["Aspirin helps.", "Heparin bleeds."]})
    assert answer.status_code == 200
    content = answer.json()
    assert content["served"] == {
        "version": "tiny-v2", "dataset": "synthetic-small", "weights": "77aa", "evaluation": "e1",
        "promotion": PROMOTION, "calibrated": True,
    }  # fmt: skip
    assert [(each["id"], each["entities"][0]["text"]) for each in content["documents"]] == [
        ("1", "Aspirin"), ("2", "Heparin")
    ]  # fmt: skip
    (one,) = server.post("/extract", json={"text": "Aspirin helps."}).json()["documents"]
    assert one["text"] == "Aspirin helps."


BAD = {
    "zero characters": ({"json": {"text": ""}}, 422, "empty-text"),
    "white space": ({"json": {"texts": ["a", " \n"]}}, 422, "empty-text"),
    "a million characters": ({"json": {"text": "a" * 1_000_000}}, 413, "text-too-long"),
    "100 MB": ({"content": b"{" * 100_000_000}, 413, "body-too-large"),
    "no text": ({"json": {}}, 422, "invalid-request"),
    "both": ({"json": {"text": "a", "texts": ["a"]}}, 422, "invalid-request"),
    "no texts": ({"json": {"texts": []}}, 422, "invalid-request"),
    "too many": ({"json": {"texts": ["a"] * 257}}, 422, "invalid-request"),
    "a number": ({"json": {"text": 5}}, 422, "invalid-request"),
    "a list": ({"json": ["secret"]}, 422, "invalid-request"),
    "an unknown key": ({"json": {"text": "a", "secret": 1}}, 422, "invalid-request"),
    "half a pair": ({"content": b'{"text": "\\ud800 secret"}'}, 422, "not-unicode"),
    "no JSON": ({"content": b"secret"}, 400, "malformed-json"),
    "not UTF-8": ({"content": b'{"text": "\xff\xfe"}'}, 400, "malformed-json"),
    "very deep": ({"content": b"[" * 100_000}, 400, "malformed-json"),
    "an empty body": ({"content": b""}, 422, "invalid-request"),
    "a form": ({"data": {"text": "secret"}}, 415, "wrong-content-type"),
    "what the model cannot": ({"json": {"text": "unreadable"}}, 422, "unreadable-text"),
    "too much at once": ({"json": {"text": "busy"}}, 503, "busy"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_has_its_status_and_the_one_form_of_errors_and_nothing_of_what_was_sent(server, name):
    sent, status, code = BAD[name]
    headers = {} if "data" in sent or "json" in sent else {"Content-Type": "application/json"}
    answer = server.post("/extract", headers=headers, **sent)
    assert list(answer.json()) == ["error"]
    told = answer.json()["error"]
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert "secret" not in told["message"] or name == "an unknown key"  # a key is named: it is no text
    assert "\n" not in told["message"]
    assert "Traceback" not in answer.text


def test_paths_and_methods_that_are_not_there_have_the_same_form(server):
    for method, path, status, code in (
        ("GET", "/nothing", 404, "no-such-path"),
        ("GET", "/extract", 405, "method-not-allowed"),
        ("DELETE", "/extract", 405, "method-not-allowed"),
        ("GET", "/docs", 404, "no-such-path"),
    ):
        told = server.request(method, path).json()["error"]
        assert (told["status"], told["code"]) == (status, code)
    assert server.get("/", headers={"Host": "evil.example"}).json()["error"]["code"] == "unknown-host"
    foreign = server.post("/extract", json={"text": "a"}, headers={"Origin": "https://evil.example"})
    assert foreign.json()["error"]["code"] == "foreign-page"


def test_a_token_is_asked_for_on_every_path():
    with client(Immediate(), Logins(TOKEN)) as server:
        for path in ("/", "/health", "/metrics", "/openapi.json"):
            answer = server.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token-missing")
        assert server.post("/extract", json={"text": "a"}).status_code == 401
        wrong = {"Authorization": "Bearer 0123456789abcdeX"}
        assert server.post("/extract", json={"text": "a"}, headers=wrong).status_code == 401
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert server.post("/extract", json={"text": "a"}, headers=right).status_code == 200


def test_a_champion_that_is_gone_is_503_everywhere_but_on_the_page():
    service = Immediate()
    service.served, service.problem = None, "tiny-v2 was removed"
    with client(service) as server:
        answer = server.post("/extract", json={"text": "a"})
        assert answer.json()["error"] == {
            "status": 503, "code": "champion-gone", "message": "tiny-v2 was removed"
        }  # fmt: skip
        assert answer.headers["retry-after"] == "5"
        health = server.get("/health")
        assert (health.status_code, health.json()) == (
            503,
            {"status": "gone", "problem": "tiny-v2 was removed"},
        )
        assert "tiny-v2 was removed" in server.get("/").text
        assert "medner_served{" not in server.get("/metrics").text


def test_metrics_count_answers_refusals_texts_and_characters(server):
    server.post("/extract", json={"texts": ["12345", "123"]})
    server.post("/extract", content="x")
    told = server.get("/metrics").text
    for line in (
        'medner_requests_total{path="/extract",status="200"} 1.0',
        'medner_requests_total{path="/extract",status="415"} 1.0',
        "medner_texts_total 2.0",
        "medner_characters_total 8.0",
        'medner_served{dataset="synthetic-small",evaluation="e1",version="tiny-v2"} 1.0',
    ):
        assert line in told.splitlines()


def test_the_page_names_what_serves_escapes_it_and_loads_nothing(server):
    page = server.get("/")
    assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert "connect-src 'self'" in page.text
    assert "relation F1 +2.1 &lt;b&gt;" in page.text
    assert "evaluation e1" in page.text
    assert "src=" not in page.text
    assert json.dumps(["Drug", "Effect"]) in page.text


def test_the_interface_is_described_for_programs(server):
    described = server.get("/openapi.json").json()
    assert set(described["paths"]) == {"/extract", "/health", "/metrics", "/"}
    fields = described["components"]["schemas"]["ExtractRequest"]["properties"]
    assert set(fields) == {"text", "texts"}


def test_a_text_may_be_as_long_as_is_said(server):
    text = "a" + " b" * ((MOST_CHARACTERS - 1) // 2)
    assert server.post("/extract", json={"text": text}).status_code == 200


@pytest.mark.parametrize(
    ("logged", "lines", "has_text"), [("nothing", 0, False), ("requests", 1, False), ("texts", 2, True)]
)
def test_a_text_is_logged_only_where_that_is_asked_for(caplog, logged, lines, has_text):
    with client(Immediate(), logged=logged) as server:
        server.post("/extract", json={"text": "secret\x1b[2J text"})
        server.post("/extract", json={"text": "secret", "secret": 1})
    told = [each.getMessage() for each in caplog.records if each.name.startswith("medner")]
    assert len(told) == lines
    assert any("secret" in each for each in told) == has_text
    assert not any("\x1b" in each for each in told)
