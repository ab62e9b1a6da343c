"""What the command line shows of a run on standard error: a bar on a terminal, plain lines elsewhere.

Steps of the run come from its events; what a step's process does comes from the `progress.json` that it
rewrites.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from medner_assets.terminal import console

_POLL_SECONDS = 0.5
_LINE_EVERY_SECONDS = 15.0
_WAITING = "waiting for another run on the GPU"
"""Shown between two steps; one that follows at once replaces it before anyone sees it."""
_BEFORE_THE_FIRST = "loading libraries, base and data"
"""What a step of a process of its own does until that process reports how far it is."""
_PROCESSES = ("adapter", "completions", "annotations")


class Display:
    """Shows one run. `started` and `finished` are called by whoever watches its steps."""

    def __init__(self, console: Console, watched: list[Path]) -> None:
        self._console, self._watched = console, watched
        self._began = time.time()
        self._lined = time.monotonic()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._step = ""
        self._task = self._bar.add_task("", total=None, detail="")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the display for the length of the block."""
        ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(ended,), daemon=True)
        self.started("starting")
        if self._console.is_terminal:
            self._bar.start()
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            if self._console.is_terminal:
                self._bar.stop()

    def started(self, step: str) -> None:
        """Show that a step runs now."""
        self._began, self._step = time.time(), step
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(step, total=None, detail="")

    def finished(self, line: str) -> None:
        """Leave one line that says what a step did."""
        self._console.print(line, highlight=False, soft_wrap=True)
        self.started(_WAITING)

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(_POLL_SECONDS):
            reported = self._latest()
            if self._console.is_terminal:
                if reported is not None:
                    done, total, detail = reported["done"], reported["total"], described(reported)
                    self._bar.update(self._task, completed=done, total=total, detail=detail)
            elif time.monotonic() - self._lined >= _LINE_EVERY_SECONDS:
                self._lined = time.monotonic()
                line = f"{reported['phase']}: {described(reported)}" if reported else self._waited()
                self._console.print(f"  {line}", highlight=False, soft_wrap=True)

    def _waited(self) -> str:
        """Return which step runs and for how long, before its process has said anything."""
        doing = f", {_BEFORE_THE_FIRST}" if self._step in _PROCESSES else ""
        return f"{self._step}: {_clock(time.time() - self._began)} so far{doing}"

    def _latest(self) -> dict[str, Any] | None:
        """Return what the step's process last said of itself; None before it said anything."""
        for file in self._watched:
            try:
                if file.stat().st_mtime >= self._began:
                    content: dict[str, Any] = json.loads(file.read_text())
                    return content
            except FileNotFoundError:
                continue
        return None


def described(progress: dict[str, Any]) -> str:
    """Return `<done>/<total> <unit>, loss, time to go` of a process's progress."""
    parts = [f"{progress['done']}/{progress['total']} {progress['unit']}"]
    if progress.get("loss") is not None:
        parts.append(f"loss {progress['loss']:.3f}")
    if progress.get("eta_seconds"):
        parts.append(f"{_clock(progress['eta_seconds'])} to go")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


@contextmanager
def own_stderr() -> Iterator[Console]:
    """Yield a console on standard error that stays there while Dagster redirects it to its logs."""
    with os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace") as stream:
        yield console(stream)
