"""The HTTP interface of a served version: `/extract`, `/health`, `/metrics`, and the page at `/`.

Errors have one form, whoever finds them: `{"error": {"status", "code", "message"}}`. A message never holds
what was sent.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from medner_assets.reporting.extract_page import extract_page
from medner_assets.serving.metrics import Metrics
from medner_assets.serving.reader import UnreadableText
from medner_assets.serving.served import Served
from medner_assets.serving.service import Service, Unavailable
from medner_assets.visible import visible
from medner_assets.web.gate import Refusal

LARGEST_BODY = 4 * 2**20
"""Bytes of a request."""
MOST_TEXTS, MOST_CHARACTERS = 256, 100_000
"""Texts of a request, and characters of a text: longer ones are for `medner predict` and `annotate`."""

Logged = Literal["nothing", "requests", "texts"]
"""What is written to standard error of each request: texts are clinical."""

CODES = {
    400: "malformed-json", 401: "token-missing", 403: "foreign-page", 404: "no-such-path",
    405: "method-not-allowed", 413: "body-too-large", 415: "wrong-content-type", 421: "unknown-host",
    422: "invalid-request", 500: "internal-error",
}  # fmt: skip
PATHS = frozenset({"/", "/extract", "/health", "/metrics", "/openapi.json"})
_LOG = logging.getLogger("medner.serve")


def _readable(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("empty-text", "the text is empty: give some text")
    if len(text) > MOST_CHARACTERS:
        raise PydanticCustomError(
            "text-too-long",
            "the text has more than {most} characters: read it with `medner predict`",
            {"most": MOST_CHARACTERS},
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("not-unicode", "the text has half a surrogate pair") from None
    return text


Readable = Annotated[str, AfterValidator(_readable)]


class ExtractRequest(BaseModel):
    """One text, or many that are answered by one version and in their order."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"text": "Aspirin caused bleeding."}]}
    )

    text: Readable | None = None
    texts: list[Readable] | None = Field(None, min_length=1, max_length=MOST_TEXTS)

    @model_validator(mode="after")
    def _one_of_both(self) -> "ExtractRequest":
        if (self.text is None) == (self.texts is None):
            raise PydanticCustomError("invalid-request", "give either text or texts")
        return self

    @property
    def asked(self) -> list[str]:
        """The texts."""
        return [self.text] if self.text is not None else self.texts or []


def error(
    status: int, message: str, code: str = "", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return an error in its one form. code: a word for programs; by default, that of the status."""
    content = {"status": status, "code": code or CODES.get(status, "error"), "message": message}
    return JSONResponse({"error": content}, status, dict(headers or {}))


def refused(refusal: Refusal) -> JSONResponse:
    """Return what the gate refuses in the same form."""
    message = "give the token: Authorization: Bearer …" if refusal.status == 401 else refusal.reason
    return error(refusal.status, message, headers=refusal.headers)


def application(service: Service, metrics: Metrics, logged: Logged = "nothing") -> FastAPI:
    """Return the application that answers with `service`."""
    app = FastAPI(title="medner", docs_url=None, redoc_url=None)  # these pages load scripts of other hosts

    @app.post(
        "/extract", responses={code: {"description": CODES[code]} for code in (400, 401, 413, 415, 422)}
    )
    async def extract(asked: ExtractRequest, request: Request) -> Response:
        """Find entities and relations, with probabilities and places in characters of the text."""
        began = time.perf_counter()
        answer = await _answered(service, metrics, asked.asked, request)
        seconds = time.perf_counter() - began
        metrics.seconds.observe(seconds)
        if logged != "nothing":
            told = f"{len(asked.asked)} texts, {sum(map(len, asked.asked))} characters"
            _LOG.warning("extract %s: %s, %.3f s", answer.status_code, told, seconds)
        if logged == "texts":
            for text in asked.asked:
                _LOG.warning("text: %s", visible(text))
        return answer

    @app.get("/health")
    async def health() -> Response:
        """Say whether texts are read, by which version, and what hinders one that should serve."""
        served = service.served
        status = "gone" if served is None else "ok"
        content = {"status": status, **(served.facts if served else {}), "problem": service.problem or None}
        return JSONResponse(content, 503 if served is None else 200)

    @app.get("/metrics")
    async def told() -> Response:
        """Count requests, texts, batches and seconds, in Prometheus' text format."""
        served = service.served
        facts = (served.version, served.dataset, served.evaluation) if served else (None, "", None)
        return Response(metrics.text(*facts), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/")
    async def page() -> Response:
        """Show a page on which one pastes a text."""
        served = service.served
        shown = extract_page(
            None if served is None else served.facts,
            service.problem,
            entity_types=() if served is None else served.job["entity_types"],
            most_characters=MOST_CHARACTERS,
        )
        return HTMLResponse(shown, headers={"Cache-Control": "no-store"})

    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _broken)
    return app


def counted(app: ASGIApp, metrics: Metrics) -> ASGIApp:
    """Return the application with every answer counted, those of the gate too."""

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                path = scope["path"] if scope["path"] in PATHS else "other"
                metrics.requests.labels(path, message["status"]).inc()
            await send(message)

        await app(scope, receive, told)

    return counting


async def _answered(service: Service, metrics: Metrics, texts: list[str], request: Request) -> Response:
    reading = asyncio.create_task(service.read(texts))
    leaving = asyncio.create_task(_left(request))
    await asyncio.wait([reading, leaving], return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if not reading.done():  # nobody waits for it: others are read instead
        reading.cancel()
        metrics.abandoned.inc()
        return error(499, "the client went away", "client-gone")
    try:
        served, documents = reading.result()
    except UnreadableText as unreadable:
        return error(422, str(unreadable), "unreadable-text")
    except Unavailable as unavailable:
        return error(503, str(unavailable), unavailable.code, {"Retry-After": "5"})
    metrics.texts.inc(len(texts))
    metrics.characters.inc(sum(map(len, texts)))
    return JSONResponse(answer_of(served, documents))


def answer_of(served: Served, documents: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what `/extract` answers: who read, and a document a text, in their order."""
    return {
        "served": served.facts,
        "documents": [{**each, "id": str(n)} for n, each in enumerate(documents, 1)],
    }


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _invalid(_: Request, invalid: Exception) -> JSONResponse:
    assert isinstance(invalid, RequestValidationError)
    first = invalid.errors()[0]
    if first["type"] == "json_invalid":
        return error(400, "the body is not JSON")
    where = ".".join(str(each) for each in first["loc"][1:] if isinstance(each, str | int))
    status = 413 if first["type"] == "text-too-long" else 422
    own = first["type"] in ("text-too-long", "empty-text", "not-unicode")
    return error(
        status, f"{visible(where)[:80]}: {first['msg']}".removeprefix(": "), first["type"] if own else ""
    )


async def _of_http(_: Request, raised: Exception) -> JSONResponse:
    assert isinstance(raised, HTTPException)
    message = {404: "there is no such path: /extract, /health, /metrics, /openapi.json and / are"}
    return error(
        raised.status_code, message.get(raised.status_code, str(raised.detail)), headers=raised.headers
    )


async def _broken(_: Request, raised: Exception) -> JSONResponse:
    _LOG.error("%s while a request was answered", type(raised).__name__)  # its own words may quote a text
    return error(500, "an error of the server, which is in its log")
