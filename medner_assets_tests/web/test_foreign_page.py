"""A browser on a page of another site, which tries to write events into the UI: bare, and behind the gate."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from medner_assets_tests.support.chromium import BINARY, Chromium
from medner_assets_tests.support.foreign_page import (
    FOREIGN,
    REBOUND,
    REBOUND_WAYS,
    RESOLVED,
    WAYS,
    foreign_site,
    script,
)
from medner_assets_tests.support.live import Live

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="no Chromium on this machine"),
]
KEYS = "{ assetsOrError { ... on AssetConnection { nodes { key { path } } } } }"


@pytest.fixture
def browser() -> Iterator[Chromium]:
    with Chromium(*RESOLVED) as opened:
        yield opened


def got_in(live: Live) -> set[str]:
    """Return the ways that wrote an event."""
    return {each["key"]["path"][0] for each in live.ask(KEYS)["nodes"]} & {*WAYS, *REBOUND_WAYS}


def attacked(browser: Chromium, port: int, pictures: Path | None = None) -> None:
    """Try all ways on the UI of a port; a picture shows its frame on the page of the other site."""
    with foreign_site(f"http://127.0.0.1:{port}") as address:
        browser.visit(address)
        browser.evaluate(f"attack({json.dumps(WAYS)})")
        if pictures is not None:
            browser.screenshot(pictures / "foreign-page.png")
    own = f"http://{REBOUND}:{port}"
    browser.visit(own + "/server_info")
    browser.evaluate(script(own) + f"; attack({json.dumps(REBOUND_WAYS)})")
    if pictures is not None:
        browser.screenshot(pictures / "rebound.png")


def test_a_page_of_another_site_writes_nothing_and_neither_does_a_name_that_it_points_here(
    live, browser, tmp_path
):
    assert FOREIGN != REBOUND
    attacked(browser, live.port, tmp_path)
    assert got_in(live) == set()
    assert (tmp_path / "foreign-page.png").stat().st_size > 0


def test_the_same_page_gets_into_a_bare_web_server(live, browser, tmp_path):
    """What the gate is for; where this fails, the attack has lost its teeth, or Dagster has found its own."""
    copy = type(live.checkout)(live.checkout.root.with_name("bare"))
    subprocess.run(["cp", "-r", live.checkout.root, copy.root], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster_webserver", "--workspace", "workspace.yaml", "--port", str(port)],
        cwd=copy.root, env={**copy.environment(), "DAGSTER_HOME": str(copy.root)}, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.3)
        attacked(browser, port)
        through = got_in(Live(copy, process, port))
        assert {"get-image", "form", "post-mentions-json", "report-route", "rebound-json"} <= through
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
