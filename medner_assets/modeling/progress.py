"""How far a process is: `progress.json` in its work folder, and now and then a line in the Dagster log."""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

FILE = "progress.json"
_LINE_EVERY_SECONDS = 10.0


class Log(Protocol):
    """What takes a line: the Pipes logger, or standard error outside Dagster."""

    def info(self, msg: str) -> None:
        """Take one line."""


class StandardError:
    """Writes lines to standard error."""

    def info(self, msg: str) -> None:
        """Write one line."""
        sys.stderr.write(f"{msg}\n")
        sys.stderr.flush()


class Silence:
    """Takes lines and drops them: what all but the first of several processes say."""

    def info(self, msg: str) -> None:
        """Drop one line."""


class Named:
    """A log whose lines begin with what they are about."""

    def __init__(self, name: str, log: Log) -> None:
        self._name, self._log = name, log

    def info(self, msg: str) -> None:
        """Take one line."""
        self._log.info(f"{self._name}: {msg}")


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a process. `unit` says what is counted (steps, documents)."""

    phase: str
    done: int
    total: int
    unit: str
    seconds: float
    """Since the phase began, without what an earlier, killed process did."""
    eta_seconds: float | None
    loss: float | None = None


class Reporter:
    """Tells the world how far one phase is; cheap enough to be called at every step."""

    def __init__(self, work: Path | None, log: Log, phase: str, total: int, unit: str, done: int = 0) -> None:
        self._file = work / FILE if work else None
        self._log, self._phase, self._total, self._unit = log, phase, total, unit
        self._began, self._first, self._lined = time.monotonic(), done, 0.0

    def report(self, done: int, loss: float | None = None) -> None:
        """State that `done` of the total are done."""
        now = time.monotonic()
        seconds = now - self._began
        fresh = done - self._first
        eta = seconds / fresh * (self._total - done) if fresh > 0 else None
        progress = Progress(self._phase, done, self._total, self._unit, seconds, eta, loss)
        if self._file is not None:
            partial = self._file.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps(asdict(progress)))
            partial.replace(self._file)
        if done >= self._total or now - self._lined >= _LINE_EVERY_SECONDS:
            self._lined = now
            self._log.info(_line(progress))


def _line(progress: Progress) -> str:
    loss = f", loss {progress.loss:.3f}" if progress.loss is not None else ""
    eta = f", {progress.eta_seconds:.0f} s to go" if progress.eta_seconds else ""
    return f"{progress.phase}: {progress.done}/{progress.total} {progress.unit}{loss}{eta}"
