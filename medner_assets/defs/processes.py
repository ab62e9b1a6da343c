"""Run a command so that nothing of it outlives its run. Knows process groups, and no Dagster.

The command gets a session and process group of its own. However the caller leaves (done, failed,
terminated), the whole group is ended: interrupted first, killed after a grace period. If the caller itself
is killed, the kernel kills the command (Linux). The lock stays with the command's processes, so that a
second run never works beside an orphan.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from medner_assets.interruption import dies_with
from medner_assets.paths import private_folder


def supervise(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path,
    held: Sequence[int] = (),
    grace_seconds: float = 5.0,
) -> int:
    """Run `command` to its end and return its exit code, negative for a signal.

    folder: where `stdout.log` and `stderr.log` go, replaced by each run. held: descriptors that the command
    inherits. Whatever the command started is gone when this returns or raises.
    """
    private_folder(folder)
    with (
        _private_file(folder / "stdout.log") as output,
        started(command, environment, folder, held, grace_seconds, stdout=output) as process,
    ):
        # Not process.wait(): an unreaped leader keeps the group's number from being given to someone else.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    return process.returncode


@contextmanager
def started(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    held: Sequence[int] = (),
    grace_seconds: float = 5.0,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` beside the block; whatever it started is gone, and its exit code known, when that ends.

    folder: where `stderr.log` goes, replaced by each run. stdin, stdout: as `subprocess.Popen` takes them.
    """
    with _private_file(private_folder(folder) / "stderr.log") as errors:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
            start_new_session=True,
            pass_fds=tuple(held),
            umask=0o077,
            preexec_fn=dies_with(os.getpid()),
        )
        try:
            yield process
        finally:
            _end_group(process, grace_seconds)


def last_line(file: Path) -> str:
    """Return the last line of a log that is not blank; empty when there is none."""
    return next((line.strip() for line in reversed(_tail(file).splitlines()) if line.strip()), "")


def has_trace(file: Path) -> bool:
    """Tell whether a log ends in a Python trace: the process broke, and did not say why by itself."""
    return "Traceback (most recent call last):" in _tail(file)


def _tail(file: Path) -> str:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 65_536))
        return stream.read().decode("utf-8", "replace")


@contextmanager
def _private_file(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _end_group(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Leave no process of the group: interrupt a leader that still runs, then kill what is left."""
    try:
        if _still_runs(process.pid):
            _signal_group(process.pid, signal.SIGINT)
            give_up = time.monotonic() + grace_seconds
            while _still_runs(process.pid) and time.monotonic() < give_up:
                time.sleep(0.05)
    finally:  # a second termination must not cut the first one short
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()


def _still_runs(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
