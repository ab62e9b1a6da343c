"""Who executes a run, and who watches over the one that does: what makes an orphan an orphan.

A run is marked with the process that executes it, so that a run whose process is gone can be told from one
that still works. A run that the daemon started ends itself when `medner ui`, the daemon or its code server
is gone: its training would otherwise go on where nobody can see or stop it.
"""

import os
import signal
import threading
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import dagster as dg
import psutil

PROCESS_TAG = "medner/process"
"""Tag of a run: `<pid>/<when it started>` of the process that executes it."""

_POLL_SECONDS = 1.0
_DAGSTER = {
    "dagster", "dg", "dagster-daemon", "dagster-webserver", "dagster._daemon", "dagster_webserver",
    "medner_assets.webserver",
}  # fmt: skip
_MEDNER = {"medner", "medner_assets.cli"}
_watched: set[str] = set()
"""Runs of this process that are watched over already."""


def process_mark(pid: int) -> str:
    """Return `<pid>/<when it started>`: a number that is used again is another process."""
    return f"{pid}/{psutil.Process(pid).create_time():.2f}"


def is_alive(mark: str) -> bool:
    """Tell whether the process that a mark names still runs."""
    try:
        pid = int(mark.partition("/")[0])
        return process_mark(pid) == mark and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False


def attach(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Mark a run with this process, unless its command did; end it when those that started it are gone."""
    if run.run_id in _watched or PROCESS_TAG in run.tags:
        return
    _watched.add(run.run_id)
    instance.add_run_tags(run.run_id, {PROCESS_TAG: process_mark(os.getpid())})
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
