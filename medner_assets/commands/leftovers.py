"""What runs have left, and what runs unattended: locks, processes, runs without one, schedules, open folders.

Looks only. `medner doctor` prints it; what is stuck is freed by the remedy that stands beside it.
"""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from medner_assets import paths
from medner_assets.commands.findings import Finding
from medner_assets.errors import MednerError
from medner_assets.locks import is_held
from medner_assets.terminal import database_line

_WORKERS = "medner_assets.modeling."


def looked_for() -> Iterator[Finding]:
    """Yield the findings, locks first."""
    at_work = workers()
    yield from locks(at_work)
    yield from orphans(at_work)
    yield from dagster_runs()
    yield from killed_predictions()
    yield from planted()
    yield from older_adapters()
    yield private()


def workers() -> list[psutil.Process]:
    """Return the training and generation processes of this machine that can be seen."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or ()
        lives = process.info["status"] != psutil.STATUS_ZOMBIE
        if lives and any(word.startswith(_WORKERS) for word in words):
            found.append(process)
    return found


def locks(at_work: list[psutil.Process]) -> list[Finding]:
    """Look for locks of training and generation that are held, and by whom."""
    files = sorted((paths.data() / "work").glob("*/*/lock"))
    held = [file for file in files if is_held(file)]
    return [_of_lock(file, at_work) for file in held] or [Finding("locks", "ok", "none is held")]


def _of_lock(file: Path, at_work: list[psutil.Process]) -> Finding:
    what = f"{file.parent.name} of {file.parent.parent.name}"
    holder = file.read_text(encoding="ascii", errors="replace").strip()
    own = str(file.parent)
    working = [each.pid for each in at_work if any(own in word for word in _words(each))]
    if holder.isdigit() and psutil.pid_exists(int(holder)):
        return Finding(
            "lock", "note", f"{what} is under way in process {holder}", "wait for it, or end its run"
        )
    if working:
        remedy = f"kill {working[0]}, and run it again: it continues where it stopped"
        return Finding("lock", "missing", f"{what} is held by process {working[0]} without its run", remedy)
    return Finding(
        "lock", "missing", f"{what} is held, and not by process {holder or '?'}", f"fuser -k {file}"
    )


def orphans(at_work: list[psutil.Process]) -> list[Finding]:
    """Look for training and generation processes whose run is gone."""
    lost = [each for each in at_work if _parent_of(each) <= 1]
    if not lost:
        said = f"{len(at_work)} at work, none left by its parent" if at_work else "none is at work"
        return [Finding("processes", "ok", said)]
    return [
        Finding("process", "missing", f"{each.pid} belongs to a run that is gone", f"kill {each.pid}")
        for each in lost
    ]


def _parent_of(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return os.getpid()  # it has just ended


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def dagster_runs() -> list[Finding]:
    """Hold runs against processes, both ways, and look whether a daemon heeds what it is to start."""
    if not (paths.DAGSTER_STORAGE / "storage").exists():
        return [Finding("runs", "ok", "nothing was run yet")]
    from medner_assets.defs import instance
    from medner_assets.launching import opened

    try:
        with opened() as dagster:
            abandoned = [run.run_id for run in instance.abandoned_runs(dagster)]
            executing = instance.processes_of_runs(dagster)
            started = instance.started_automation(dagster)
            waiting, beat = instance.waiting_runs(dagster), instance.last_beat(dagster)
    except Exception as error:
        line = str(error) if isinstance(error, MednerError) else database_line(error)
        if line is None:
            raise
        what, _, remedy = line.rpartition(": ")
        return [Finding("runs", "missing", what, remedy)]
    found = [
        Finding(
            "run",
            "note",
            f"{run_id[:8]} has no process any more",
            f"the next `medner train` or {paths.UI} ends it",
        )
        for run_id in abandoned
    ]
    found += without_run(workers(), executing)
    found = found or [Finding("runs", "ok", "each unfinished run has its process, and each process its run")]
    return [*found, *unattended(started, waiting, beat, time.time())]


_STEPS = {"training": "trains", "generation": "generates for", "annotation": "annotates for"}


def without_run(at_work: list[psutil.Process], executing: Mapping[int, str]) -> list[Finding]:
    """Look for processes of this project that work although no run that is under way has started them.

    executing: number of the process that executes an unfinished run → the run.
    """
    found = []
    for process in at_work:
        folder = _folder_of(process)
        if folder is None or {process.pid, *_above(process)} & set(executing):
            continue
        does = f"{_STEPS[folder.name]} {folder.parent.name}"
        found.append(
            Finding(
                "process",
                "missing",
                f"{process.pid} {does}, and no run of Dagster's that is under way has started it",
                f"kill {process.pid}: its checkpoints stay",
            )
        )
    return found


def _folder_of(process: psutil.Process) -> Path | None:
    """Return the folder of the step of this project that a process works for; None: it is another's."""
    for word in _words(process):
        file = Path(word)
        if file.name == "job.json" and file.parent.name in _STEPS and file.is_relative_to(paths.data()):
            return file.parent
    return None


def _above(process: psutil.Process) -> list[int]:
    try:
        return [each.pid for each in process.parents()]
    except psutil.Error:
        return []


def unattended(started: list[str], waiting: int, beat: float | None, now: float) -> list[Finding]:
    """Look whether a daemon heeds what it is to start.

    started: schedules and sensors that someone turned on. waiting: queued runs. beat: when a daemon last told
    that it lives, in seconds since 1970; None: none ever did.
    """
    from medner_assets.defs.instance import LATEST_BEAT_SECONDS

    lives = beat is not None and now - beat <= LATEST_BEAT_SECONDS
    since = "no daemon runs" if beat is None else f"the daemon last told {_ago(now - beat)} that it lives"
    found = []
    if waiting and not lives:
        runs = f"{waiting} {'run waits' if waiting == 1 else 'runs wait'}"
        found.append(Finding("queue", "missing", f"{runs} to be started, but {since}", paths.UI))
    if started and not lives:
        found.append(Finding("schedules", "missing", f"{', '.join(started)}: started, but {since}", paths.UI))
    elif not lives and is_held(paths.DAGSTER_STORAGE / "ui.lock"):
        found.append(
            Finding("daemon", "missing", f"the UI runs, but {since}", "end the UI, and start it again")
        )
    else:
        said = ", ".join(started) if started else "none is started: start them in the UI where you want them"
        found.append(Finding("schedules", "ok", said))
    return found


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s ago" if seconds < 120 else f"{seconds / 60:.0f} min ago"


def killed_predictions() -> Iterator[Finding]:
    """Look for texts that a killed `medner predict` has left."""
    from medner_assets.commands.predict_scratch import abandoned

    if left := abandoned():
        found = f"texts of {len(left)} that were killed are in {paths.data() / 'work'}"
        yield Finding("predictions", "note", found, "the next `medner predict` removes them")


def planted() -> Iterator[Finding]:
    """Look for folders among the tables that medner did not make: nothing reads them."""
    from medner_assets.warehouse.store import Store

    for folder in Store(paths.warehouse()).strangers():
        remedy = "nothing reads it: remove it, or give it the name of a version"
        yield Finding("warehouse", "note", f"{folder} is no partition", remedy)


def older_adapters() -> Iterator[Finding]:
    """Look for adapters whose description does not cover their configuration, as those of before."""
    from medner_assets.defs.versions.finished import covers_its_configuration

    folders = sorted(each for each in (paths.data() / "adapters").glob("[!.]*") if each.is_dir())
    older = [folder.name for folder in folders if not covers_its_configuration(folder)]
    if older:
        found = f"{', '.join(older)}: only the weights are checked for changes, not adapter_config.json"
        yield Finding("adapters", "note", found, "training again covers both")


_SHARED = ("README.md", "base", "corpora", ".gitignore")
"""What is in data/ and not generated."""


def private() -> Finding:
    """Look whether others on this machine may read what is generated; a folder of 0700 shields all in it."""
    there = sorted(paths.data().iterdir()) if paths.data().is_dir() else []
    made = [each for each in there if each.name not in _SHARED and not each.is_symlink()]
    open_to_all = [each for each in made if each.stat().st_mode & 0o077]
    if not open_to_all or not paths.data().stat().st_mode & 0o077:
        return Finding("privacy", "ok", f"only you can read what is generated in {paths.data()}")
    names = " ".join(map(str, open_to_all))
    return Finding("privacy", "note", f"others on this machine can read {names}", f"chmod -R go= {names}")
