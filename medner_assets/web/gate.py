"""The gate in front of a web server: an ASGI middleware that lets through what the server's own pages ask.

It stands before Dagster's, and before the one that serves a champion. Dagster executes mutations whatever the
method and the type of the content, answers to any name and looks at no origin: a page of another site could
start runs. Here:

- a request is to a name of this server (`origins.py`), and from someone who is logged in where that is asked
  for (`logins.py`);
- what changes something is a POST of `application/json`, from a page of this server or from no page at all;
- a GET only asks, and neither it nor its answer can be used by a page of another site;
- a websocket is of a page of this server, and carries subscriptions and queries.

Nothing here knows Dagster: paths and the websocket's messages are those of GraphQL servers.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from graphql import OperationType
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from medner_assets.web.logins import Logins
from medner_assets.web.operations import reason_not_to_ask
from medner_assets.web.origins import HostNames

ASKING = frozenset({OperationType.QUERY})
LISTENING = frozenset({OperationType.QUERY, OperationType.SUBSCRIPTION})
LARGEST_BODY = 16 * 2**20
"""Bytes of a request. Dagster's UI sends some kilobytes; configurations are larger, never this large."""

_START = frozenset({"start", "subscribe"})
_LOG = logging.getLogger("medner.ui")
_POLICY_VIOLATION = 1008
_NEVER_FRAMED = "frame-ancestors 'none'"


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused: an HTTP status and one line."""

    status: int
    reason: str
    headers: dict[str, str] = field(default_factory=dict)


def one_line(refusal: Refusal) -> Response:
    """Return the answer of a server that is for people: the reason as text."""
    return PlainTextResponse(f"{refusal.reason}\n", refusal.status, refusal.headers)


class Gate:
    """Stands before `app`; refuses with one line, which is logged too."""

    def __init__(
        self,
        app: ASGIApp,
        names: HostNames,
        logins: Logins,
        *,
        largest: int = LARGEST_BODY,
        answer: Callable[[Refusal], Response] = one_line,
    ) -> None:
        """largest: bytes of a request's body. answer: how a refusal is told."""
        self._app, self._names, self._logins = app, names, logins
        self._largest, self._answer = largest, answer
        # One password is tried at a time: guessing is slow whatever the number of connections.
        self._guessing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refused_name(headers) or await self._refused_person(headers)
        if scope["type"] == "websocket":
            refusal = refusal or self._refused_page(headers)
        else:
            refusal = refusal or self._refused_request(scope, headers)
        if refusal is not None:
            await self._refuse(refusal, scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(scope, _only_listening(receive, scope, send), send)
        else:
            await self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            body = await _read(receive, self._largest)
            if isinstance(body, Refusal):
                await self._refuse(body, scope, receive, send)
                return
            receive = _again(body, receive)
        await self._app(scope, receive, _hardened(send))

    def _refused_name(self, headers: Headers) -> Refusal | None:
        hosts = headers.getlist("host")
        if len(hosts) == 1 and self._names.answer_to(hosts[0]):
            return None
        told = hosts[0] if len(hosts) == 1 else f"{len(hosts)} Host headers"
        return Refusal(
            421, f"{told!r} is not a name of this server: start it with --allow-host to give it another name"
        )

    async def _refused_person(self, headers: Headers) -> Refusal | None:
        if not self._logins.needed:
            return None
        given = headers.get("authorization", "")
        if self._logins.knows(given):
            return None
        if given:
            async with self._guessing:
                if await run_in_threadpool(self._logins.accept, given):
                    return None
        return Refusal(401, "a name and a password are needed", {"WWW-Authenticate": 'Basic realm="medner"'})

    def _refused_page(self, headers: Headers) -> Refusal | None:
        """Refuse what a page of another site sends. A program that is no browser names no origin."""
        origins = headers.getlist("origin")
        if len(origins) > 1 or (origins and not self._names.trust(origins[0], headers["host"])):
            return Refusal(403, f"a page of {', '.join(origins)} may not act on this server")
        if not origins and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return Refusal(403, "a page of another site may not act on this server")
        return None

    def _refused_request(self, scope: Scope, headers: Headers) -> Refusal | None:
        match scope["method"]:
            case "POST":
                return self._refused_page(headers) or _refused_content(headers, self._largest)
            case "GET" | "HEAD":
                return _refused_guest(headers) or _refused_query(scope)
        return Refusal(405, f"{scope['method']} is not a method of this server", {"Allow": "GET, HEAD, POST"})

    async def _refuse(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        # A browser asks for every page without a password first.
        if refusal.status != 401 or "authorization" in Headers(scope=scope):
            _note(scope, refusal.reason)
        if scope["type"] == "websocket":
            await receive()  # the handshake, which is answered with 403
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refusal.reason[:100]})
            return
        await self._answer(refusal)(scope, receive, _hardened(send))


def _too_long(largest: int) -> Refusal:
    return Refusal(413, f"more than {largest:,} bytes")


def _refused_content(headers: Headers, largest: int) -> Refusal | None:
    kinds = headers.getlist("content-type")
    # Not "contains application/json": a browser sends `text/plain; application/json` without asking first.
    if len(kinds) != 1 or kinds[0].partition(";")[0].strip().lower() != "application/json":
        return Refusal(415, "send Content-Type: application/json")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > largest:
        return _too_long(largest)
    return None


def _refused_guest(headers: Headers) -> Refusal | None:
    """Refuse what a page of another site embeds or fetches; a link on it may lead here."""
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return None
    if headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document":
        return None
    return Refusal(403, "a page of another site may not read this server")


def _refused_query(scope: Scope) -> Refusal | None:
    """Refuse a GET that does more than ask, wherever the server would look for a document."""
    given = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    documents = [value for name, value in given if name == "query"]
    if not documents or scope["path"].rstrip("/").rpartition("/")[2] != "graphql":
        return None
    for document in documents:
        reason = reason_not_to_ask(document, ASKING)
        if reason is not None:
            return Refusal(405, f"a GET may only ask: {reason}", {"Allow": "POST"})
    return None


async def _read(receive: Receive, largest: int) -> bytes | Refusal:
    """Return the whole body, unless it is longer than it may be, whatever its head said, or never ends."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return Refusal(400, "the connection ended within the request")
        part = message.get("body", b"")
        size += len(part)
        if size > largest:
            return _too_long(largest)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what hands out a body that was read already, and then what else comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _hardened(send: Send) -> Send:
    """Return what adds to each answer that other sites neither frame, embed nor guess at it."""

    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            policy = headers.get("content-security-policy", "").rstrip("; ")
            if "frame-ancestors" not in policy:
                policy = f"{policy}; {_NEVER_FRAMED}" if policy else _NEVER_FRAMED
                headers["Content-Security-Policy"] = policy
            headers["X-Frame-Options"] = "DENY"
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers.setdefault("Referrer-Policy", "same-origin")
        await send(message)

    return hardened


def _only_listening(receive: Receive, scope: Scope, send: Send) -> Receive:
    """Return what closes a websocket that carries anything but subscriptions and queries."""

    async def listening() -> Message:
        message = await receive()
        if message["type"] != "websocket.receive":
            return message
        reason = _reason_to_close(message)
        if reason is None:
            return message
        _note(scope, reason)
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": reason[:100]})
        return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

    return listening


def _reason_to_close(message: Message) -> str | None:
    text = message.get("text")
    if text is None:
        return "a message that is not text"
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError):
        return "a message that is not JSON"
    if not isinstance(content, dict):
        return "a message that is not an object"
    if content.get("type") not in _START:
        return None
    payload = content.get("payload")
    query = payload.get("query") if isinstance(payload, dict) else None
    if not isinstance(query, str):
        return "an operation without a query"
    return reason_not_to_ask(query, LISTENING)


def _note(scope: Scope, reason: str) -> None:
    """Say on the terminal what was refused, in one line without what others could slip into it."""
    what = scope.get("method", "websocket")
    _LOG.warning("refused %s %s: %s", what, ascii(scope["path"])[1:-1][:80], ascii(reason)[1:-1][:200])
