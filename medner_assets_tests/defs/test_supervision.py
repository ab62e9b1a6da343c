"""A run knows the process that executes it, and the daemon sees when that is gone."""

import os
import subprocess
import sys

import dagster as dg
from dagster._core.launcher import WorkerStatus

from medner_assets.defs.run_launcher import Launcher
from medner_assets.defs.supervision import PROCESS_TAG, attach, is_alive, process_mark, supervisors


def test_a_process_is_known_by_its_number_and_its_start():
    mark = process_mark(os.getpid())
    assert is_alive(mark)
    assert not is_alive(f"{os.getpid()}/1.00")
    assert not is_alive("not a mark")


def test_a_process_that_has_ended_is_not_alive():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = process_mark(process.pid)
    assert is_alive(mark)
    process.kill()
    assert not is_alive(mark) or process.poll() is None
    process.wait()
    assert not is_alive(mark)


def test_a_run_is_marked_with_its_process_once():
    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.DagsterRun("job", run_id="0" * 32)
        instance.add_run(run)
        attach(instance, run)
        assert instance.get_run_by_id(run.run_id).tags[PROCESS_TAG] == process_mark(os.getpid())


def test_outside_of_dagster_nobody_is_watched():
    assert supervisors() == []


def status_of(tags: dict[str, str]) -> WorkerStatus:
    with dg.instance_for_test(
        overrides={"run_launcher": {"module": "medner_assets.defs.run_launcher", "class": "Launcher"}}
    ) as instance:
        assert isinstance(instance.run_launcher, Launcher)
        run = dg.DagsterRun("job", run_id="1" * 32, tags=tags)
        instance.add_run(run)
        return instance.run_launcher.check_run_worker_health(run).status


def test_the_daemon_sees_whether_the_process_of_a_run_lives():
    assert status_of({PROCESS_TAG: process_mark(os.getpid())}) is WorkerStatus.RUNNING
    assert status_of({PROCESS_TAG: f"{os.getpid()}/1.00"}) is WorkerStatus.FAILED
    assert status_of({}) is WorkerStatus.RUNNING  # it has not begun yet
