"""What `medner doctor` finds of locks, processes and open folders, with the remedy beside it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from medner_assets import launching, paths
from medner_assets.commands.leftovers import (
    dagster_runs,
    locks,
    orphans,
    planted,
    private,
    unattended,
    without_run,
    workers,
)
from medner_assets.errors import MednerError

HOLD = (
    "import fcntl, os, sys, time\n"
    "held = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)\n"
    "fcntl.flock(held, fcntl.LOCK_EX)\n"
    "os.pwrite(held, sys.argv[2].encode() or str(os.getpid()).encode(), 0)\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    return paths.private_folder(paths.work("tiny-v1", "training"))


@contextmanager
def holding(file: Path, written: str, *words: str) -> Iterator[int]:
    """Hold a lock in a process of its own, which writes `written` into it, or its own number."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file), written, *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
    finally:
        process.kill()
        process.communicate()


def gone() -> str:
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return str(process.pid)


def test_a_lock_that_nobody_holds_is_no_trouble(work):
    (work / "lock").write_text("4711\n")
    assert [finding.state for finding in locks([])] == ["ok"]


def test_a_lock_of_work_that_is_under_way_is_told_with_its_process(work):
    with holding(work / "lock", "") as pid:
        (finding,) = locks([])
    assert (finding.state, finding.found) == ("note", f"training of tiny-v1 is under way in process {pid}")


def test_a_lock_that_outlived_its_run_is_told_with_the_process_to_end(work):
    with holding(work / "lock", gone(), "medner_assets.modeling.training.train", f"{work}/job.json") as pid:
        (finding,) = locks(workers())
    assert finding.state == "missing"
    assert finding.remedy.startswith(f"kill {pid}")


def test_a_lock_that_is_held_by_something_else_is_told_with_its_file(work):
    with holding(work / "lock", gone()):
        (finding,) = locks([])
    assert finding.state == "missing"
    assert str(work / "lock") in finding.remedy


def test_a_worker_below_its_run_is_no_orphan(work):
    with holding(work / "lock", "", "medner_assets.modeling.inference.generate"):
        found = [each for each in workers() if str(work / "lock") in each.cmdline()]
        (finding,) = orphans(found)
    assert (finding.state, finding.found) == ("ok", "1 at work, none left by its parent")


def test_a_process_that_works_for_no_run_is_told_with_what_it_does(work):
    words = ("medner_assets.modeling.training.train", "--job", f"{work}/job.json")
    with holding(work / "lock", "", *words) as pid:
        at_work = [each for each in workers() if each.pid == pid]
        (finding,) = without_run(at_work, {})
        assert without_run(at_work, {pid: "a run"}) == []
        assert without_run(at_work, {os.getpid(): "the run below which it works"}) == []
    assert finding.state == "missing"
    assert finding.found.startswith(f"{pid} trains tiny-v1, and no run")
    assert finding.remedy == f"kill {pid}: its checkpoints stay"


def test_a_process_of_another_project_is_none_of_ours(work, tmp_path):
    elsewhere = ("medner_assets.modeling.training.train", "--job", f"{tmp_path}/x/training/job.json")
    with holding(work / "lock", "", *elsewhere) as pid:
        assert without_run([each for each in workers() if each.pid == pid], {}) == []


def test_a_daemon_that_died_is_told_within_two_minutes():
    (healthy,) = unattended(["weekly_retrain"], 0, 1000.0, 1060.0)
    assert (healthy.state, healthy.found) == ("ok", "weekly_retrain")
    queue, schedules = unattended(["weekly_retrain"], 2, 1000.0, 1000.0 + 9 * 60)
    assert queue.found == "2 runs wait to be started, but the daemon last told 9 min ago that it lives"
    assert schedules.state == "missing"
    assert schedules.found == "weekly_retrain: started, but the daemon last told 9 min ago that it lives"
    (never,) = unattended(["weekly_retrain"], 0, None, 1000.0)
    assert never.found == "weekly_retrain: started, but no daemon runs"


def test_folders_that_others_can_read_are_told(work):
    assert private().state == "ok"
    paths.warehouse().mkdir()
    paths.warehouse().chmod(0o755)
    assert private().state == "ok"  # the folder above shields it
    paths.data().chmod(0o755)
    finding = private()
    assert finding.state == "note"
    assert finding.remedy == f"chmod -R go= {paths.warehouse()}"


def test_a_corrupt_database_of_dagster_is_a_finding_and_no_end(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "DAGSTER_STORAGE", tmp_path / "dagster")

    def corrupt():
        raise MednerError("a database of X is corrupt (file is not a database): restore X from a copy")

    def locked():
        raise sqlite3.OperationalError("database is locked")

    def broken():
        raise RuntimeError("medner's own mistake")

    (tmp_path / "dagster" / "storage").mkdir(parents=True)
    monkeypatch.setattr(launching, "opened", corrupt)
    (finding,) = dagster_runs()
    assert (finding.name, finding.state, finding.remedy) == ("runs", "missing", "restore X from a copy")
    assert finding.found == "a database of X is corrupt (file is not a database)"
    monkeypatch.setattr(launching, "opened", locked)
    (finding,) = dagster_runs()
    assert "is locked" in finding.found
    monkeypatch.setattr(launching, "opened", broken)
    with pytest.raises(RuntimeError):
        dagster_runs()


def test_a_catalogue_that_others_can_read_and_a_planted_partition_are_told(work):
    paths.data().chmod(0o755)
    paths.catalogue().touch()
    paths.catalogue().chmod(0o644)
    assert private().remedy == f"chmod -R go= {paths.catalogue()}"
    planted_here = paths.private_folder(paths.warehouse() / "metrics" / "model_version=<script>")
    (finding,) = planted()
    assert finding.found == f"{planted_here} is no partition"
