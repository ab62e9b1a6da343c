"""Completions of an OpenAI-compatible server: several requests at once, tried again where that may help.

A text has an answer, is refused by the server (which counts as an empty answer of the system), or has none:
then the run ends with one line, and the next one asks for what is missing. What a server says beside its
answer is never quoted: it may repeat the text, or the key.
"""

import asyncio
import json
import random
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medner_assets.environment import secret
from medner_assets.errors import MednerError
from medner_assets.modeling.inference.completer import shots_of
from medner_assets.modeling.inference.decoding import Completion
from medner_assets.modeling.job import REFUSED, AskingJob
from medner_assets.modeling.windows import Window
from medner_assets.prompting.shots import Shots, render_few_shot
from medner_assets.prompting.templates import PromptStyle

if TYPE_CHECKING:
    import httpx

_LARGEST_ANSWER = 16 * 2**20
"""Bytes; an answer of 8,192 tokens has less than a hundredth of it."""
_LONGEST_WAIT = 60.0
"""Seconds between two tries, whatever the server asks for."""
_FEWEST_FAILED = 3
"""Texts in a row without an answer after which a run ends."""
_TRANSIENT = frozenset({408, 409, 425, 429}) | frozenset(range(500, 600))
_SETTINGS = {
    301: "it sends elsewhere: name that address", 401: "the key is wrong or missing: see `endpoint.key`",
    403: "the key may not use it", 404: "it has no such model or address: see `endpoint.url` and `.model`",
    405: "it is no such server: see `endpoint.url`",
}  # fmt: skip
"""What no second try mends, and what does."""


@dataclass(frozen=True, slots=True)
class Asked(Completion):
    """An answer of a server. finish_reason: stop, length, or refused. retries: reason → tries before."""

    retries: Mapping[str, int] = field(default_factory=dict)


_Task = asyncio.Task[tuple[int, Asked | str]]
"""Ends with the position of a text and its answer, or why it has none."""


class _Again(Exception):
    """A try that failed in a way that another may not. reason: in a few words. wait: seconds asked for."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class Endpoint:
    """A server that writes completions. Texts are sent whole: how long a prompt it reads is the server's."""

    def __init__(self, job: AskingJob, *, first_wait: float = 1.0) -> None:
        """first_wait: seconds before the second try; each further wait is twice as long. Raises MednerError
        where the key is not set."""
        self._job, self._server, self._first_wait = job, job.endpoint, first_wait
        self._shots: Shots | None = shots_of(job.shots)
        self._headers = {"content-type": "application/json"}
        if self._server.key is not None:
            self._headers["authorization"] = f"Bearer {secret(self._server.key)}"

    def windows(self, text: str) -> Iterator[Window]:
        """Yield the text as its only part; none of white space only."""
        if text.strip():
            yield Window(0, text)

    def complete(
        self,
        texts: Sequence[str],
        *,
        named: Callable[[int], str] = str,
        say: Callable[[str], None] = lambda _: None,
    ) -> Iterator[dict[int, Completion]]:
        """Yield each answer as it comes, by position in `texts`.

        named: what a person calls the text at a position. say: takes lines on what was tried again. Raises
        MednerError, when all that could be had was yielded, for texts without an answer.
        """
        failed: dict[int, str] = {}
        refused: dict[int, Completion] = {}
        in_a_row, answered, retried = 0, 0, Counter[str]()
        with asyncio.Runner() as runner:
            client, answers = runner.run(self._started(texts))
            try:
                while answers and in_a_row < max(_FEWEST_FAILED, self._server.concurrency):
                    done, answers = runner.run(_first_of(answers))
                    for n, answer in sorted(each.result() for each in done):
                        if isinstance(answer, str):
                            failed[n] = answer
                            in_a_row += 1
                            continue
                        retried.update(answer.retries)
                        if answer.finish_reason == REFUSED:
                            refused[n] = answer
                            continue
                        in_a_row, answered = 0, answered + 1
                        yield {n: answer}
            finally:
                for each in answers:
                    each.cancel()
                runner.run(_ended(client, answers))
        if retried:
            say(f"tried again: {_counted(retried)}")
        # A server that refuses all is not asked in the right way: that is no answer of a system.
        if not answered and len(refused) >= _FEWEST_FAILED:
            raise MednerError(f"{self._server.url}: it refuses all {len(refused)} texts: see its own log")
        if refused:
            say(f"{len(refused)} of {len(texts)} texts were refused: each counts as an empty answer")
            yield refused
        if failed:
            raise self._without_answer(failed, len(texts), named)

    async def _started(self, texts: Sequence[str]) -> "tuple[httpx.AsyncClient, set[_Task]]":
        import httpx

        client = httpx.AsyncClient(
            headers=self._headers,
            timeout=None,  # the whole answer has one, see `_once`
            follow_redirects=False,
            trust_env=False,  # no proxy and no .netrc: what is asked is what the recipe names
            verify=ssl.create_default_context(),
            limits=httpx.Limits(max_connections=self._server.concurrency),
        )
        turns = asyncio.Semaphore(self._server.concurrency)
        return client, {
            asyncio.create_task(self._answer(client, turns, n, text)) for n, text in enumerate(texts)
        }

    async def _answer(
        self, client: "httpx.AsyncClient", turns: asyncio.Semaphore, n: int, text: str
    ) -> tuple[int, Asked | str]:
        """Return the answer to the text at position n, or why there is none."""
        retries: Counter[str] = Counter()
        async with turns:
            began = time.monotonic()
            for tried in range(self._server.tries):
                try:
                    answer = await self._once(client, text)
                except _Again as again:
                    retries[str(again)] += 1
                    if tried + 1 < self._server.tries:
                        own = self._first_wait * 2**tried * random.uniform(0.5, 1.0)
                        await asyncio.sleep(min(max(own, again.wait), _LONGEST_WAIT))
                    continue
                spent = time.monotonic() - began
                return n, Asked(str(n), *answer, seconds=spent, retries=dict(retries))
        return n, retries.most_common(1)[0][0]

    async def _once(self, client: "httpx.AsyncClient", text: str) -> tuple[str, str, int, int]:
        """Return completion, finish_reason, prompt tokens and completion tokens of one request."""
        import httpx

        path = "/chat/completions" if self._server.api == "chat" else "/completions"
        try:
            async with (
                asyncio.timeout(self._server.timeout),
                client.stream("POST", self._server.url + path, content=self._body(text)) as response,
            ):
                status, headers, content = response.status_code, response.headers, bytearray()
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > _LARGEST_ANSWER:
                        raise _Again("an answer without end")
        except TimeoutError:
            raise _Again(f"no answer in {self._server.timeout:g} s") from None
        except httpx.ConnectError:
            raise _Again("no connection") from None
        except httpx.HTTPError as error:
            raise _Again(f"the connection broke ({type(error).__name__})") from None
        if status in _TRANSIENT:
            raise _Again(f"HTTP {status}", _asked_wait(headers.get("retry-after", "")))
        if status in _SETTINGS or 300 <= status < 400:
            raise MednerError(f"{self._server.url}: HTTP {status}: {_SETTINGS.get(status, _SETTINGS[301])}")
        if status != 200:
            return "", REFUSED, 0, 0
        return _read(bytes(content), self._server.api)

    def _body(self, text: str) -> bytes:
        server, job = self._server, self._job
        style: PromptStyle = "chat" if server.api == "chat" else "instruct"
        shots = self._shots.of(text) if self._shots else []
        prompt = render_few_shot(text, style, job.entity_types, job.relation_types, shots)
        said = {"messages": [{"role": "user", "content": prompt}]} if style == "chat" else {"prompt": prompt}
        asked = {"model": server.model, "max_tokens": server.max_new_tokens, "temperature": 0.0}
        return json.dumps({**asked, **said}).encode()

    def _without_answer(
        self, failed: Mapping[int, str], asked: int, named: Callable[[int], str]
    ) -> MednerError:
        reasons = _counted(Counter(failed.values()))
        tries = f"{self._server.tries} tries" if self._server.tries > 1 else "one try"
        return MednerError(
            f"{self._server.url}: {len(failed)} of {asked} texts have no answer after {tries} ({reasons}), "
            f"one is {named(min(failed))}: the other answers are kept, see to the server, then run it again"
        )


async def _first_of(tasks: set[_Task]) -> tuple[set[_Task], set[_Task]]:
    return await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


async def _ended(client: "httpx.AsyncClient", tasks: set[_Task]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.aclose()


def _read(content: bytes, api: str) -> tuple[str, str, int, int]:
    """Return what an answer says: completion, finish_reason, prompt tokens, completion tokens."""
    try:
        answer: Any = json.loads(content)
    except (ValueError, RecursionError):
        raise _Again("an answer that is not JSON") from None
    try:
        choice = min(answer["choices"], key=lambda each: each.get("index", 0))
        message = choice["message"] if api == "chat" else choice
        text = message.get("content" if api == "chat" else "text")
        refusal, reason = message.get("refusal"), choice.get("finish_reason")
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _Again("an answer of another form") from None
    if not (text is None or isinstance(text, str)):
        raise _Again("an answer of another form")
    used = answer.get("usage")
    counts = [
        value if isinstance(value, int) and 0 <= value < 2**31 else 0
        for name in ("prompt_tokens", "completion_tokens")
        for value in [used.get(name) if isinstance(used, dict) else 0]
    ]
    if refusal or reason == "content_filter":
        return "", REFUSED, counts[0], counts[1]
    # Half a surrogate pair, which JSON may hold, is no character.
    whole = (text or "").encode("utf-8", "replace").decode("utf-8")
    return whole, "length" if reason == "length" else "stop", counts[0], counts[1]


def _asked_wait(header: str) -> float:
    """Return the seconds that Retry-After asks for; 0 where it names none."""
    return float(header) if header.isascii() and header.isdigit() else 0.0


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(f"{count} × {reason}" for reason, count in sorted(reasons.items()))
