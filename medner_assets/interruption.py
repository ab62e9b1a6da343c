"""How a run of the command line is ended from outside: by a signal, or by someone in the UI; and how a
process ends with the one that started it."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


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
