"""How a run of the command line is ended from outside: by a signal, or by someone in the UI; how a process
ends with the one that started it; and how it learns that its time is nearly up."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from medner_assets.errors import MednerError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1

OUT_OF_TIME = 75
"""Exit code of a process that stopped since its time was nearly up: what it has done is kept, and the same
command goes on from there."""


class OutOfTime(Exception):
    """Work stops here, since the batch system is about to end it; what is done is kept."""


@dataclass
class Interruption:
    """What has been asked for so far; read it when the run has ended."""

    signalled: bool = False
    terminated: bool = False

    @contextmanager
    def awaited(self, is_terminated: Callable[[], bool]) -> Iterator[None]:
        """Raise KeyboardInterrupt in the main thread when a signal comes or `is_terminated` says so.

        Must be entered in the main thread. is_terminated: asked every second from a thread of its own.
        """
        ended = threading.Event()

        def raising(number: int, frame: FrameType | None) -> None:
            self.signalled = True
            raise KeyboardInterrupt

        def watch() -> None:
            while not ended.wait(_POLL_SECONDS):
                if is_terminated():
                    self.terminated = True
                    os.kill(os.getpid(), signal.SIGINT)
                    return

        before = {number: signal.signal(number, raising) for number in _SIGNALS}
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            for number, handler in before.items():
                signal.signal(number, handler)


def dies_with(parent: int) -> Callable[[], None] | None:
    """Return what a child runs first, so that the kernel kills it when its parent dies; None off Linux."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up before the fork: a child should load nothing

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return arrange


class _Notice:
    is_given = False
    is_told = False


def listen_for_notice(also: Callable[[], None] = lambda: None) -> None:
    """Let SIGUSR1 say from now on that a time limit is near, see `time_is_up`. also: what else it does."""

    def given(number: int, frame: FrameType | None) -> None:
        _Notice.is_given = True
        also()

    _Notice.is_given = _Notice.is_told = False
    signal.signal(signal.SIGUSR1, given)


def time_is_up(done: int, unit: str, tell: Callable[[str], None]) -> bool:
    """Tell whether to stop after what is done: a time limit is near. tell: takes a line that says so.

    done: how many of `unit` (step, batch, shard) this process has done. Raises MednerError where these are
    fewer than two: the next job would come no further.
    """
    if _Notice.is_given and not _Notice.is_told:
        _Notice.is_told = True
        tell("the time limit is near: what is done is kept, and the rest is left to another job")
    if _Notice.is_given and done < 2:
        raise MednerError(
            f"the time limit leaves no time for a second {unit}: ask for more time (MEDNER_SLURM_TIME)"
        )
    return _Notice.is_given
