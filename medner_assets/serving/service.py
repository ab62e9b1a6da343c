"""Who reads now, and who reads next: requests go to the version that serves, until another takes over.

A new champion is loaded beside the one that serves; requests go to it from the moment it has read a word, and
the old one ends when it has answered what it was asked. A champion that cannot be loaded takes nothing over.
One whose adapter is gone reads nothing more: whoever removed it meant that.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from medner_assets.errors import MednerError
from medner_assets.serving.metrics import Metrics
from medner_assets.serving.reader import ReaderLost, ReadingProcess
from medner_assets.serving.served import Served, is_gone, resolved, stamp
from medner_assets.visible import visible

LOOK_SECONDS = 2.0
"""Between two looks at what the name stands for."""
AGAIN_SECONDS = 30.0
"""Until what failed is tried again, where nothing changed meanwhile."""
MOST_WAITING = 2_000_000
"""Characters of all texts that wait: minutes of work on two cores. Whoever comes then is refused."""
_LOG = logging.getLogger("medner.serve")


class Unavailable(Exception):
    """Nothing serves now, or too much waits; says why in one line. code: a word for programs."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Service:
    """What answers for one name. Made by `serving`."""

    def __init__(self, name: str, least: float | None, reader: ReadingProcess, metrics: Metrics) -> None:
        self._name, self._least, self._metrics = name, least, metrics
        self._reader: ReadingProcess | None = reader
        self._stamp = stamp(name, reader.served.version)
        self._waiting = 0
        self._usable = asyncio.Event()
        self._usable.set()
        self._ending: set[asyncio.Task[None]] = set()
        self._tried_at, self._missed = 0.0, 0
        self.problem = ""
        """Why the version that should serve does not; empty: it does."""

    @property
    def served(self) -> Served | None:
        """The version that answers now; None: none does."""
        return None if self._reader is None or self._reader.is_lost else self._reader.served

    async def read(self, texts: Sequence[str]) -> tuple[Served, list[dict[str, Any]]]:
        """Return one document a text, all of one version, which is told.

        Raises Unavailable, and UnreadableText where one of them cannot be read. What a process that ended had
        not answered is asked again of the next one, once.
        """
        characters = sum(map(len, texts))
        if self._waiting and self._waiting + characters > MOST_WAITING:
            raise Unavailable("busy", f"{self._waiting:,} characters wait already: ask again later")
        self._waiting += characters
        self._metrics.waiting.set(self._waiting)
        try:
            for _ in range(2):
                reader = await self._present()
                with contextlib.suppress(ReaderLost):
                    # Read before: facts may be refreshed while the texts wait.
                    return reader.served, await reader.read(texts)
            raise Unavailable(
                "reader-lost", "the process that reads ended twice with this request: ask again"
            )
        finally:
            self._waiting -= characters
            self._metrics.waiting.set(self._waiting)

    async def _present(self) -> ReadingProcess:
        if self._reader is None:
            raise Unavailable("champion-gone", self.problem)
        if self._reader.is_lost:
            self._usable.clear()
            try:
                await asyncio.wait_for(self._usable.wait(), AGAIN_SECONDS)
            except TimeoutError:
                raise Unavailable(
                    "reader-lost", self.problem or "the process that reads is being started"
                ) from None
            return await self._present()
        return self._reader

    async def watch(self) -> None:
        """Look, for ever, whether another version should serve, and whether the one that does is well."""
        while True:
            try:
                await self._step()
            except (MednerError, OSError) as error:
                self._note(str(error))
                await asyncio.sleep(LOOK_SECONDS)

    async def _step(self) -> None:
        reader = self._reader
        if reader is None:
            await asyncio.sleep(LOOK_SECONDS)
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.lost(), LOOK_SECONDS)
                await self._renew(reader)
                return
            if await asyncio.to_thread(is_gone, self._name, reader.served.version):
                # Training puts a new folder in the old one's place: one look may fall between.
                self._missed += 1
                if self._missed > 1:
                    self._withdraw(reader)
                return
        self._missed = 0
        await self._look()

    async def _look(self) -> None:
        """Let another version take over where the name stands for one."""
        current = None if self._reader is None else self._reader.served
        now = await asyncio.to_thread(stamp, self._name, None if current is None else current.version)
        clock = asyncio.get_running_loop().time()
        if current is not None and now == self._stamp and not self.problem:
            return
        if now == self._stamp and clock - self._tried_at < AGAIN_SECONDS:
            return
        self._stamp, self._tried_at = now, clock
        wanted = await asyncio.to_thread(resolved, self._name, self._least)
        if current is not None and self._reader is not None and wanted.reads_like(current):
            self._reader.served = wanted
        else:
            await self._hand_over(wanted)
        self.problem = ""
        self._stamp = await asyncio.to_thread(stamp, self._name, wanted.version)

    async def _hand_over(self, wanted: Served) -> None:
        old, new = self._reader, await ReadingProcess.started(wanted, self._metrics.batched)
        self._reader = new
        self._usable.set()
        self._metrics.swaps.inc()
        _LOG.warning("%s serves from now on (%s)", wanted.version, wanted.weights)
        if old is not None:
            self._end(old)

    async def _renew(self, lost: ReadingProcess) -> None:
        """Start the version again whose process ended by itself."""
        _LOG.warning("the process of %s ended: %s", lost.served.version, visible(await lost.why_lost()))
        self._metrics.restarts.inc()
        await lost.stop()
        self._reader = await ReadingProcess.started(lost.served, self._metrics.batched)
        self._usable.set()

    def _withdraw(self, reader: ReadingProcess) -> None:
        self._reader, self._tried_at = None, 0.0
        self._note(
            f"{reader.served.version} was removed or serves no more: nothing is read until a version serves"
        )
        self._end(reader)

    def _note(self, problem: str) -> None:
        if problem != self.problem:
            _LOG.warning("%s", visible(problem))
        self.problem = problem

    def _end(self, reader: ReadingProcess) -> None:
        ending = asyncio.create_task(reader.end())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End every process."""
        for each in self._ending:
            each.cancel()
        if self._reader is not None:
            await self._reader.stop()


@contextlib.asynccontextmanager
async def serving(name: str, least: float | None, metrics: Metrics) -> AsyncIterator[Service]:
    """Yield what answers for `name`, loaded; raise MednerError where nothing can serve."""
    served = await asyncio.to_thread(resolved, name, least)
    service = Service(name, least, await ReadingProcess.started(served, metrics.batched), metrics)
    watching = asyncio.create_task(service.watch())
    try:
        yield service
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await service.close()
