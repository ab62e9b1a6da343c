"""Pictures of the Dagster UI of a checkout in which versions were trained and evaluated; for pictures.py."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medner_assets.paths import PROJECT
from medner_assets_tests.support.chromium import Chromium

PAGES = {
    "ui-graph": "/asset-groups",
    "ui-metrics": "/assets/metrics?view=partitions&partition={version}",
    "ui-table": "/assets/metrics?view=overview&partition={version}",
    "ui-report": "/assets/comparison_report?view=partitions&partition={version}",
    "ui-adapter": "/assets/adapter?view=partitions&partition={version}",
    "ui-checks": "/assets/metrics?view=checks",
}
"""Picture → the page that it shows."""
RENAMED = """
(from, to) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(from, to);
}
"""
SECONDS_TO_SETTLE = 6.0
"""A page asks for its parts one after the other; there is no event for the last of them."""


def draw_ui(browser: Chromium, folder: Path, version: str, checkout: Path = PROJECT) -> list[str]:
    """Write one small picture a page into `folder`; return the pages that complained or never came."""
    problems = []
    with web_server(checkout) as address:
        for name, page in PAGES.items():
            browser.visit(address + page.format(version=version), 1440, 1000)
            time.sleep(SECONDS_TO_SETTLE)
            if name == "ui-graph":
                press_alt_e(browser)
                time.sleep(SECONDS_TO_SETTLE)
            # Where the checkout lies on this machine is nobody's business.
            browser.evaluate(f"({RENAMED})({json.dumps(str(checkout) + '/')}, '')")
            browser.picture(folder / f"{name}.webp", quality=70)
            if "Deployment" not in str(browser.evaluate("document.body.innerText")):
                problems.append(f"{name}: no page of Dagster at {page}")
            print(f"{name}: {(folder / f'{name}.webp').stat().st_size / 1e3:.0f} kB")
    return problems


def press_alt_e(browser: Chromium) -> None:
    """Open all groups of the asset graph, as its own shortcut does."""
    for kind in ("rawKeyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent", type=kind, modifiers=1, key="e", code="KeyE", windowsVirtualKeyCode=69
        )


@contextmanager
def web_server(checkout: Path) -> Iterator[str]:
    """Run the web server of a checkout on a free port of this machine alone; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "dagster-webserver"), "--workspace", "workspace.yaml"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=checkout,
        env={**os.environ, "DAGSTER_HOME": str(checkout)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield _answering(f"http://127.0.0.1:{port}")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _answering(address: str, patience_seconds: float = 90) -> str:
    """Return the address once it answers; raise TimeoutError if it never does."""
    give_up = time.monotonic() + patience_seconds
    while time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(f"{address}/server_info", timeout=5):
                return address
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"no answer from {address}")
