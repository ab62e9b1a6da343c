"""A local server that speaks as OpenAI-compatible ones do, and misbehaves as they do. Loopback only."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HTML = "<html><body>Welcome to nginx!</body></html>"


def answered(text: str, **choice: Any) -> dict[str, Any]:
    """Return an answer as chat completions give it."""
    message = {"role": "assistant", "content": text}
    return {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }


@dataclass
class Reply:
    """What is sent back."""

    body: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """Waited before it is sent."""


@dataclass
class Server:
    """A running server. asked: the bodies in the order in which they came."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0


@contextmanager
def serving(reply: Callable[[str, int], Reply]) -> Iterator[Server]:
    """Run a server. reply: takes the prompt and how often it came before."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            prompt = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
            with lock:
                before = sum(each == body for each in server.asked)
                server.asked.append(body)
                server.headers.append(dict(self.headers.items()) | {"path": self.path})
                server.at_once += 1
                server.most_at_once = max(server.most_at_once, server.at_once)
            what = reply(prompt, before)
            time.sleep(what.seconds)
            content = what.body if isinstance(what.body, str) else json.dumps(what.body)
            with lock:
                server.at_once -= 1
            try:
                self.send_response(what.status)
                for name, value in what.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content.encode())
            except OSError:  # whoever asked has gone
                pass

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = Server(f"http://127.0.0.1:{http.server_address[1]}/v1")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
