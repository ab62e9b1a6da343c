"""One version, loaded once in a process of its own (`modeling.inference.serve`), asked from an event loop.

A process: its memory is given back whole when another version takes over, and what breaks in a model never
takes the server with it.
"""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from medner_assets import paths
from medner_assets.defs.processes import last_line
from medner_assets.environment import of_step
from medner_assets.errors import MednerError
from medner_assets.interruption import dies_with
from medner_assets.serving.served import Served

_LONGEST_LINE = 2**28
"""Bytes: an answer holds its text, and what was read in it."""
_MODULE = "medner_assets.modeling.inference.serve"


class ReaderLost(Exception):
    """The process ended before it had answered."""


class UnreadableText(Exception):
    """The version cannot read a text, and says why in one line; others it can."""


class ReadingProcess:
    """A version that reads texts. Made by `started`; `end` it."""

    def __init__(self, served: Served, process: Process, log: Path, batched: Callable[[int], None]) -> None:
        self.served = served
        self._process, self._log, self._batched = process, log, batched
        self._numbers = count()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._lost = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def started(
        cls, served: Served, batched: Callable[[int], None] = lambda _: None
    ) -> "ReadingProcess":
        """Return a reader that has loaded its version and read a word with it.

        batched: is told the windows of each batch. Raises MednerError where that fails.
        """
        log = paths.private_folder(paths.work(served.version, "serving")) / f"reader-{os.getpid()}.log"
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", _MODULE,
                stdin=PIPE, stdout=PIPE, stderr=errors,
                env=of_step(offline=True), limit=_LONGEST_LINE, start_new_session=True, umask=0o077,
                # The event loop runs in the main thread: the process ends with it and not with a helper.
                preexec_fn=dies_with(os.getpid()),
            )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with contextlib.suppress(ConnectionError):  # its last line says why it went
                process.stdin.write(json.dumps(served.job).encode() + b"\n")
                await process.stdin.drain()
            if await process.stdout.readline() != b'{"ready": true}\n':
                code = await process.wait()
                raise MednerError(
                    f"{served.version} cannot be served: {last_line(log) or f'its process ended with {code}'}"
                )
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.stdin.close()
            await process.wait()
            raise
        return cls(served, process, log, batched)

    @property
    def waiting(self) -> int:
        """Texts that are asked for and not answered."""
        return len(self._asked)

    @property
    def is_lost(self) -> bool:
        """Whether the process answers no more."""
        return self._lost.is_set()

    async def lost(self) -> None:
        """Return when the process answers no more."""
        await self._lost.wait()

    async def read(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Return the documents that the version makes of `texts`, as `medner predict --json` writes them.

        Raises UnreadableText where one of them cannot be read, and ReaderLost where the process ends first.
        Whoever stops waiting takes the texts back.
        """
        if self.is_lost:
            raise ReaderLost
        loop = asyncio.get_running_loop()
        asked = {next(self._numbers): loop.create_future() for _ in texts}
        self._asked |= asked
        self._idle.clear()
        try:
            self._tell({"ask": list(zip(asked, texts, strict=True))})
            return list(await asyncio.gather(*asked.values()))
        finally:
            for number in asked:
                del self._asked[number]
            if left := [number for number, each in asked.items() if not each.done() or each.cancelled()]:
                self._tell({"drop": left})
            if not self._asked:
                self._idle.set()

    async def end(self) -> None:
        """Let the process answer what it was asked, and end it."""
        idle, lost = asyncio.create_task(self._idle.wait()), asyncio.create_task(self.lost())
        await asyncio.wait([idle, lost], return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        await self.stop()

    async def stop(self) -> None:
        """End the process now."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await asyncio.wait([self._listening])
        self._log.unlink(missing_ok=True)

    async def why_lost(self) -> str:
        """Return how the process ended, in one line."""
        code = await self._process.wait()
        return last_line(self._log) or f"its process ended with {code}"

    def _tell(self, line: dict[str, Any]) -> None:
        stream = self._process.stdin
        if stream is not None and not stream.is_closing():
            stream.write(json.dumps(line).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            async for line in self._process.stdout:
                self._answered(json.loads(line))
        finally:
            self._lost.set()  # first: whoever asks from now on must not wait
            for each in self._asked.values():
                if not each.done():
                    each.set_exception(ReaderLost())

    def _answered(self, told: dict[str, Any]) -> None:
        if "batch" in told:
            self._batched(told["batch"])
            return
        asked = self._asked.get(told["number"])
        if asked is None or asked.done():  # nobody waits any more
            return
        if "error" in told:
            asked.set_exception(UnreadableText(told["error"]))
        else:
            asked.set_result(told["document"])
