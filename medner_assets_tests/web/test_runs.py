"""Runs of a live `medner ui`, started again from the UI: each is watched over as the first one was."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from medner_assets_tests.support.checkout import VERSION
from medner_assets_tests.support.live import Live, processes_of, progress_of, within

pytestmark = pytest.mark.slow

LONG = "long"
SECONDS_OF_THE_MONITOR = 8.0
"""The daemon looks every two seconds whether the process of a run lives."""


@pytest.fixture(scope="module")
def at_work(live: Live) -> Iterator[Live]:
    live.checkout.recipe("versions", LONG, VERSION.replace("epochs: 1", "epochs: 1000"))
    live.reload()
    yield live
    for run, status in live.statuses().items():
        if status in ("STARTED", "STARTING", "QUEUED"):
            live.terminate(run)


def begins(live: Live, start: Callable[[], str]) -> str:
    """Start a run and return its id when its training is under way."""
    began = time.time()
    run = start()
    progress = progress_of(live.checkout, LONG)
    waited = within(90, lambda: progress.exists() and progress.stat().st_mtime > began)
    assert waited is not None, live.statuses().get(run)
    return run


def is_left(live: Live) -> bool:
    return bool(processes_of(live.checkout, f"work/{LONG}/"))


def ends(live: Live, run: str) -> None:
    live.terminate(run)
    assert within(20, lambda: live.statuses()[run] == "CANCELED" and not is_left(live)) is not None


def test_a_run_that_is_executed_again_is_not_taken_for_the_one_that_ended(at_work):
    run = begins(at_work, lambda: at_work.launch("retrain", LONG))
    for strategy in ("ALL_STEPS", "FROM_FAILURE"):
        ends(at_work, run)
        parent, run = run, begins(at_work, partial(at_work.reexecute, run, strategy))
        time.sleep(SECONDS_OF_THE_MONITOR)
        assert at_work.statuses()[run] == "STARTED"
        assert is_left(at_work)
        assert at_work.tags(run)["medner/process"] != at_work.tags(parent)["medner/process"]
    ends(at_work, run)
