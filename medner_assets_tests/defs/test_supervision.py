"""A run knows the process that executes it, and the daemon sees when that is gone."""

import os
import socket
import subprocess
import sys

import dagster as dg
import psutil
from dagster._core.launcher import WorkerStatus

from medner_assets.defs import supervision
from medner_assets.defs.run_launcher import Launcher
from medner_assets.defs.supervision import (
    PROCESS_TAG,
    attach,
    is_alive,
    mark_of,
    pid_of,
    process_mark,
    supervisors,
)

RUN = "1" * 32
GONE = f"{RUN}@{socket.gethostname()}/{os.getpid()}/1.00"
"""The mark of a process that had this one's number before."""


def test_a_process_is_known_by_its_number_and_its_start():
    mark = process_mark(RUN, os.getpid())
    assert is_alive(mark)
    assert pid_of(mark) == os.getpid()
    assert not is_alive(GONE)
    assert not is_alive("not a mark")
    assert pid_of("not a mark") is None


def test_of_a_process_of_another_host_nothing_is_known_and_it_is_left_alone():
    elsewhere = f"{RUN}@another-host/{os.getpid()}/1.00"
    assert is_alive(elsewhere)
    assert pid_of(elsewhere) is None


def test_a_process_that_has_ended_is_not_alive():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = process_mark(RUN, process.pid)
    assert is_alive(mark)
    process.kill()
    assert not is_alive(mark) or process.poll() is None
    process.wait()
    assert not is_alive(mark)


def marked_after(tags: dict[str, str], run_id: str) -> str:
    """Attach this process to a run that has these tags; return its mark."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_run(dg.DagsterRun("job", run_id=run_id, tags=tags))
        attach(instance, instance.get_run_by_id(run_id))
        return instance.get_run_by_id(run_id).tags[PROCESS_TAG]


def test_a_run_is_marked_with_its_process():
    run_id = "0" * 32
    assert marked_after({}, run_id) == process_mark(run_id, os.getpid())


def test_a_run_that_has_the_mark_of_another_run_gets_its_own():
    """As Dagster makes re-executions and retries: with the tags of the run that ended."""
    run_id = "2" * 32
    assert marked_after({PROCESS_TAG: GONE}, run_id) == process_mark(run_id, os.getpid())


def test_a_run_that_goes_on_in_another_process_is_that_ones():
    run_id = "3" * 32
    before = f"{run_id}@another-host/4711/1.00"
    assert marked_after({PROCESS_TAG: before}, run_id) == process_mark(run_id, os.getpid())


def test_a_run_that_goes_on_is_watched_over_although_it_has_a_mark(monkeypatch):
    watched: list[object] = []
    monkeypatch.setattr(supervision, "supervisors", lambda: [psutil.Process()])
    monkeypatch.setattr(supervision, "_watch", watched.append)
    marked_after({PROCESS_TAG: GONE}, "4" * 32)
    assert watched == [[psutil.Process()]]


def test_the_mark_of_another_run_is_none_of_this_runs():
    assert mark_of(dg.DagsterRun("job", run_id="2" * 32, tags={PROCESS_TAG: GONE})) is None
    assert mark_of(dg.DagsterRun("job", run_id=RUN, tags={PROCESS_TAG: GONE})) == GONE
    assert mark_of(dg.DagsterRun("job", run_id=RUN, tags={PROCESS_TAG: "4711/1.00"})) is None


def test_outside_of_dagster_nobody_is_watched():
    assert supervisors() == []


def status_of(tags: dict[str, str], run_id: str = RUN) -> WorkerStatus:
    with dg.instance_for_test(
        overrides={"run_launcher": {"module": "medner_assets.defs.run_launcher", "class": "Launcher"}}
    ) as instance:
        assert isinstance(instance.run_launcher, Launcher)
        run = dg.DagsterRun("job", run_id=run_id, tags=tags)
        instance.add_run(run)
        return instance.run_launcher.check_run_worker_health(run).status


def test_the_daemon_sees_whether_the_process_of_a_run_lives():
    assert status_of({PROCESS_TAG: process_mark(RUN, os.getpid())}) is WorkerStatus.RUNNING
    assert status_of({PROCESS_TAG: GONE}) is WorkerStatus.FAILED
    assert status_of({}) is WorkerStatus.RUNNING  # it has not begun yet


def test_the_daemon_does_not_take_a_new_run_for_the_one_that_ended():
    assert status_of({PROCESS_TAG: GONE}, run_id="2" * 32) is WorkerStatus.RUNNING
