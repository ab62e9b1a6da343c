"""Who executes a run, and who watches over the one that does: what makes an orphan an orphan.

A run is marked with the process that executes it, so that a run whose process is gone can be told from one
that still works. The mark names its run: Dagster copies a run's tags to its re-executions and retries, and
the mark of another run says nothing of this one. A run that the daemon started ends itself when `medner ui`,
the daemon or its code server is gone: its training would otherwise go on where nobody can see or stop it.
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import dagster as dg
import psutil

PROCESS_TAG = "medner/process"
"""Tag of a run: `<run>@<host>/<pid>/<when it started>` of the process that executes it."""

_POLL_SECONDS = 1.0
_DAGSTER = {
    "dagster", "dg", "dagster-daemon", "dagster-webserver", "dagster._daemon", "dagster_webserver",
    "medner_assets.webserver",
}  # fmt: skip
_MEDNER = {"medner", "medner_assets.cli"}
_watched: set[str] = set()
"""Runs of this process that are watched over already."""


def process_mark(run_id: str, pid: int) -> str:
    """Return `<run>@<host>/<pid>/<when it started>`: a number that is used again is another process."""
    return f"{run_id}@{socket.gethostname()}/{pid}/{psutil.Process(pid).create_time():.2f}"


def mark_of(run: dg.DagsterRun) -> str | None:
    """Return the mark that a process gave to this run itself; None where there is none, or another run's."""
    mark = run.tags.get(PROCESS_TAG, "")
    return mark if mark.startswith(f"{run.run_id}@") else None


def is_alive(mark: str) -> bool:
    """Tell whether the process that a mark names still runs; of another host's, yes: it cannot be known."""
    run_and_host, _, process = mark.partition("/")
    run_id, _, host = run_and_host.partition("@")
    if host and host != socket.gethostname():
        return True
    try:
        pid = int(process.partition("/")[0])
        return process_mark(run_id, pid) == mark and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False


def pid_of(mark: str) -> int | None:
    """Return the number of the process that a mark names, where that is one of this host."""
    host, _, process = mark.partition("@")[2].partition("/")
    number = process.partition("/")[0]
    return int(number) if host == socket.gethostname() and number.isdigit() else None


def attach(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Mark a run with this process and watch over it: end it when those that started it are gone.

    A run that was marked by another process before, on this host or another, is this one's from now on. A
    command marks its own run, and has nobody above it to watch for.
    """
    if run.run_id in _watched:
        return
    _watched.add(run.run_id)
    mark = process_mark(run.run_id, os.getpid())
    if mark_of(run) != mark:
        instance.add_run_tags(run.run_id, {PROCESS_TAG: mark})
    watched = supervisors()
    if watched:
        threading.Thread(target=_watch, args=(watched,), daemon=True).start()


def supervisors() -> list[psutil.Process]:
    """Return the processes of Dagster above this one, and the daemon that `medner ui` started with them."""
    above: list[psutil.Process] = []
    for parent in psutil.Process().parents():
        if not _is_dagster(parent):
            break
        above.append(parent)
    beside = [child for child in above[-1].children() if _is_dagster(child)] if above else []
    return list({process.pid: process for process in (*above, *beside)}.values())


def _is_dagster(process: psutil.Process) -> bool:
    try:
        names = [Path(word).name for word in process.cmdline()[:5]]
    except psutil.Error:
        return False
    return any(name in _DAGSTER for name in names[:4]) or any(
        name in _MEDNER and following == "ui" for name, following in pairwise(names)
    )


def _watch(watched: Sequence[psutil.Process]) -> None:
    while all(_runs(process) for process in watched):
        time.sleep(_POLL_SECONDS)
    # The signal by which Dagster ends a run too: the step's own clean-up ends the training.
    os.kill(os.getpid(), signal.SIGINT)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
