"""A real S3 server on loopback for the benchmarks, and a proxy before it that injects what networks do.

The server is moto's, from the public package index (`pip install "moto[server,s3]"` into an environment of
its own), which honours conditional writes. MinIO, SeaweedFS and Garage are binaries or images that no package
of pip, npm or Debian brings. moto looks and writes in two steps, so it runs with one thread: each request is
whole. It checks no signatures: what a real server says of wrong or expired keys, of clocks and of rights is
answered by the proxy in that server's words.
"""

import http.client
import random
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_SERVE = """
import sys
from werkzeug.serving import run_simple
from moto.server import DomainDispatcherApplication, create_backend_app
import logging
logging.getLogger("werkzeug").setLevel(logging.ERROR)
run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=False)
"""
_CHUNK = 2**20
BUCKET = "medner"

Answer = tuple[int, str] | None
"""A status and the code in its body; None: the server's own answer."""


@dataclass
class Faults:
    """What the proxy does to the requests that pass: `before` and `after` look at method and path.

    before: the answer in place of the server's; the request never arrives. after: the request was carried out
    and its answer is lost. slow: seconds before each request.
    """

    before: Callable[[str, str], Answer] = lambda method, path: None
    after: Callable[[str, str], Answer] = lambda method, path: None
    slow: Callable[[], float] = lambda: 0.0
    seen: Counter[str] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Let everything pass."""
        self.before = self.after = lambda method, path: None
        self.slow = lambda: 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def s3_server(python: Path, faults: Faults) -> Iterator[str]:
    """Yield the address of the proxy before a server with the empty bucket `medner`; end both afterwards.

    python: the interpreter of the environment that moto is in.
    """
    port = free_port()
    process = subprocess.Popen(
        [python, "-c", _SERVE, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(port, process)
        _put_bucket(port)
        proxy = _Proxy(("127.0.0.1", 0), _Handler)
        proxy.target, proxy.faults = port, faults
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}"
        proxy.shutdown()
        proxy.server_close()
    finally:
        process.terminate()
        process.wait()


def environment(address: str) -> dict[str, str]:
    """Return the variables by which a process finds the server."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "loopback",
        "AWS_SECRET_ACCESS_KEY": "loopback",
        "AWS_REGION": "us-east-1",
    }


def some(share: float, rng: random.Random) -> Callable[[str, str], Answer]:
    """Return a fault that answers 503 to a share of all requests."""
    return lambda method, path: (503, "SlowDown") if rng.random() < share else None


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    target: int
    faults: Faults

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a connection that ends with its process: those are killed here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Proxy

    def handle_one_method(self) -> None:
        faults = self.server.faults
        faults.seen[self.command] += 1
        body = self._body()
        if pause := faults.slow():
            time.sleep(pause)
        if answer := faults.before(self.command, self.path):
            self._told(answer)
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=300)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        if answer := faults.after(self.command, self.path):
            response.read()
            connection.close()
            self._told(answer)
            return
        content = b"" if self.command == "HEAD" else response.read()
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        length = response.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_one_method

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _told(self, answer: tuple[int, str]) -> None:
        status, code = answer
        self.server.faults.injected[f"{status} {code}"] += 1
        content = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
        self.send_response_only(status, "injected")
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit("moto's server does not start: is it in that environment? pip install 'moto[server,s3]'")


def _put_bucket(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", f"/{BUCKET}", headers={"Host": f"127.0.0.1:{port}"})
    assert connection.getresponse().status == 200
    connection.close()
