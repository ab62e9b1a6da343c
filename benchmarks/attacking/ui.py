"""Attacks on the UI of a running project: what a browser would send for a page of another site, and more."""

import http.client
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil

from benchmarks.attacking.attack import Attack, Seen
from medner_assets_tests.support.checkout import make_checkout
from medner_assets_tests.support.live import Live, running

if TYPE_CHECKING:
    from medner_assets_tests.support.checkout import Checkout

Run = Callable[["Checkout"], Seen]
FOREIGN = "https://evil.example"
MUTATION = (
    "mutation { reportRunlessAssetEvents(eventParams: {eventType: ASSET_MATERIALIZATION, "
    'assetKey: {path: ["adapter"]}}) { __typename } }'
)
_EVENTS = """{ assetOrError(assetKey: {path: ["adapter"]}) {
  ... on Asset { assetMaterializations(limit: 100) { timestamp } } } }"""
_ASKED = "/graphql?query=" + re.sub(r"[^a-zA-Z]", lambda sign: f"%{ord(sign[0]):02x}", MUTATION)
_BODY = json.dumps({"query": MUTATION})
_REPORT = "/report_asset_materialization/adapter"
_JSON = {"Content-Type": "application/json"}

REQUESTS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "a mutation by GET starts nothing": ("GET", _ASKED, "", {}),
    "a mutation by GET, behind a query, starts nothing": (
        "GET", _ASKED.replace("query=", "query=%7Bversion%7D&query="), "", {},
    ),
    "a form of another site starts nothing": (
        "POST", _ASKED, "x=1", {"Content-Type": "application/x-www-form-urlencoded", "Origin": FOREIGN},
    ),
    "a simple fetch whose type only mentions JSON starts nothing": (
        "POST", "/graphql", _BODY, {"Content-Type": "text/plain; application/json"},
    ),
    "GraphQL as such starts nothing": ("POST", "/graphql", MUTATION, {"Content-Type": "application/graphql"}),
    "JSON of another site starts nothing": ("POST", "/graphql", _BODY, {**_JSON, "Origin": FOREIGN}),
    "JSON of another port of this machine starts nothing": (
        "POST", "/graphql", _BODY, {**_JSON, "Origin": "http://127.0.0.1:8888"},
    ),
    "JSON of a page without an origin starts nothing": (
        "POST", "/graphql", _BODY, {**_JSON, "Origin": "null"},
    ),
    "a name that was pointed at this machine starts nothing": (
        "POST", "/graphql", _BODY, {**_JSON, "Host": "evil.example", "Origin": "http://evil.example"},
    ),
    "a report of another site writes no event": ("POST", _REPORT, "{}", {**_JSON, "Origin": FOREIGN}),
    "a report by a simple fetch writes no event": ("POST", _REPORT, "{}", {"Content-Type": "text/plain"}),
}  # fmt: skip
"""Sentence → method, path, body and headers of what a browser would send."""

PATHS = (
    "/reports/..%2fdagster%2fui.lock", "/reports/%2e%2e/%2e%2e/dagster.yaml", "/reports/link.html",
    "/logs/..%2f..%2f..%2fui/lock", "/logs/%2e%2e/%2e%2e/ui/lock", "/_next/..%2f..%2f..%2f__init__.py",
)  # fmt: skip


def attacks() -> Iterator[Attack]:
    """Yield the attacks while one UI of one project runs: of its own, not of the driver's copies."""
    with (
        TemporaryDirectory(prefix="medner-attack-ui-") as folder,
        running(make_checkout(Path(folder) / "project")) as live,
    ):
        for name, request in REQUESTS.items():
            yield Attack("The UI", name, _writes_nothing(live, *request))
        yield Attack("The UI", "a preflight of another site is not granted", _no_preflight(live))
        yield Attack("The UI", "no page of another site shows the UI in a frame", _no_frame(live))
        yield Attack("The UI", "no path leads out of what the UI serves", _no_way_out(live))
        yield Attack("The UI", "a body without an end is cut off", _no_endless_body(live))
        yield Attack("The UI", "it listens on this machine only", _loopback_only(live))
        yield Attack("The UI", "what it writes is its owner's alone", _private(live))


def _answer(
    live: Live, method: str, path: str, body: str, headers: dict[str, str]
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=30)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return (
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read().decode(),
        )
    finally:
        connection.close()


def _writes_nothing(live: Live, method: str, path: str, body: str, headers: dict[str, str]) -> Run:
    def run(checkout: "Checkout") -> Seen:
        before = live.ask(_EVENTS)
        status, _, text = _answer(live, method, path, body, headers)
        written = live.ask(_EVENTS) != before
        return not written and status >= 400, f"{status} {text.strip()[:80]}"

    return run


def _no_preflight(live: Live) -> Run:
    def run(checkout: "Checkout") -> Seen:
        asked = {"Origin": FOREIGN, "Access-Control-Request-Method": "POST"}
        status, headers, _ = _answer(live, "OPTIONS", "/graphql", "", asked)
        granted = [name for name in headers if name.startswith("access-control")]
        return status == 405 and not granted, f"{status}, {len(granted)} headers that grant it"

    return run


def _no_frame(live: Live) -> Run:
    def run(checkout: "Checkout") -> Seen:
        _, headers, _ = _answer(live, "GET", "/", "", {})
        policy = headers.get("content-security-policy", "")
        return "frame-ancestors 'none'" in policy, f"X-Frame-Options {headers.get('x-frame-options')}"

    return run


def _no_way_out(live: Live) -> Run:
    def run(checkout: "Checkout") -> Seen:
        reports = live.checkout.data / "reports"
        reports.mkdir(mode=0o700, parents=True, exist_ok=True)
        (reports / "link.html").symlink_to(live.checkout.root / "dagster.yaml")
        texts = [_answer(live, "GET", path, "", {})[2] for path in PATHS]
        told = [
            path for path, text in zip(PATHS, texts, strict=True) if "telemetry:" in text or "process" in text
        ]
        return not told, f"{len(PATHS)} paths, {len(told)} that told something {told[:1]}"

    return run


def _no_endless_body(live: Live) -> Run:
    def run(checkout: "Checkout") -> Seen:
        status, _, text = _answer(live, "POST", "/graphql", " " * (17 * 2**20), _JSON)
        return status == 413, f"{status} {text.strip()}"

    return run


def _loopback_only(live: Live) -> Run:
    def run(checkout: "Checkout") -> Seen:
        tree = [psutil.Process(live.process.pid), *psutil.Process(live.process.pid).children(recursive=True)]
        found = {
            each.laddr.ip
            for process in tree
            for each in process.net_connections("inet")
            if each.status == psutil.CONN_LISTEN
        }
        return found == {"127.0.0.1"}, f"listens at {', '.join(sorted(found))}"

    return run


def _private(live: Live) -> Run:
    def run(checkout: "Checkout") -> Seen:
        made = [path for path in live.checkout.data.rglob("*") if not path.is_symlink()]
        open_ = [path.name for path in made if path.stat().st_mode & 0o077]
        return not open_, f"{len(made)} files and folders, {len(open_)} open to others {open_[:1]}"

    return run
