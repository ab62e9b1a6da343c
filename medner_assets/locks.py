"""Exclusive locks on files, which end with whoever holds them: a process that was killed keeps none."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medner_assets.errors import MednerError
from medner_assets.paths import private_folder

_POLL_SECONDS = 0.2


def lock_now(descriptor: int) -> bool:
    """Lock an open file if nobody holds it; tell whether. It ends with the last copy of the descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def opened(lock: Path) -> int:
    """Return a descriptor of a lock file, made where it is not there, its owner's alone; not locked."""
    private_folder(lock.parent)
    return os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)


def take(lock: Path) -> int | None:
    """Return a descriptor that holds the lock until it is closed, or None where another process does."""
    descriptor = opened(lock)
    if lock_now(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def is_held(lock: Path) -> bool:
    """Tell whether a process holds the lock; where there is no such file, or one of others, none does."""
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        return not lock_now(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(lock: Path, what: str, patience_seconds: float | None = 15.0) -> Iterator[int]:
    """Hold the lock file for the length of the block and yield its descriptor, for processes started within.

    what: the work that must not run twice, for the message. patience_seconds: longer than a terminated
    predecessor takes to end; None: as long as it takes. Raises MednerError when another process still keeps
    the lock then.
    """
    descriptor = opened(lock)
    try:
        if patience_seconds is None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        else:
            _wait(descriptor, what, patience_seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _wait(descriptor: int, what: str, patience_seconds: float) -> None:
    give_up = time.monotonic() + patience_seconds
    while not lock_now(descriptor):
        if time.monotonic() > give_up:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise MednerError(
                f"{what} is already under way in process {holder}: wait for it, or terminate its run"
            )
        time.sleep(_POLL_SECONDS)
