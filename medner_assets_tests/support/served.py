"""`medner serve` in a checkout, on a free port, asked as a program asks it."""

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from medner_assets_tests.support.checkout import Checkout


@contextmanager
def serving(checkout: Checkout, name: str) -> Iterator[str]:
    """Yield the address of the server; it ends as Ctrl-C ends it, and leaves nothing running."""
    process = subprocess.Popen(
        [sys.executable, "-m", "medner_assets.cli", "serve", name, "--port", "0"],
        cwd=checkout.root.parent, env=checkout.environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def asked(url: str, body: Any = None) -> tuple[int, Any]:
    """Return the status and the JSON that a GET, or with a body a POST, is answered with."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
