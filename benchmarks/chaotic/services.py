"""The daemon and the UI as they run overnight: what is terminated, timed out or killed, and what is left."""

import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.chaotic.project import LONG
from medner_assets_tests.support.checkout import VERSION, Checkout
from medner_assets_tests.support.live import (
    CALLS,
    SLOTS,
    Live,
    on_instance,
    processes_of,
    progress_of,
    running,
    within,
)
from medner_assets_tests.support.offline import calls

_PATIENCE = 60.0
_LIMIT = 10.0
"""Seconds within which nothing of an ended run may be left."""


class Scenarios:
    """Runs scenarios one after the other and keeps what came of each."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.results: dict[str, dict[str, Any]] = {}

    def at_work(self) -> list[psutil.Process]:
        """Return the training processes of the long version."""
        return processes_of(self.checkout, f"work/{LONG}/")

    def started(self, live: Live, **tags: str) -> str:
        """Start the long training and return its run when it is at work."""
        progress, began = progress_of(self.checkout, LONG), time.time()
        run = ""

        def launched() -> bool:
            nonlocal run
            try:
                run = live.launch("retrain", LONG, **tags)
            except (AssertionError, urllib.error.URLError):  # the code server is not back yet
                return False
            return True

        assert within(_PATIENCE, launched) is not None, "no run can be started"
        at_work = within(_PATIENCE, lambda: progress.exists() and progress.stat().st_mtime > began)
        assert at_work is not None, f"run {run} does not begin: {live.statuses().get(run)}"
        return run

    def ended(self, name: str, live: Live, run: str, status: str, end: Callable[[], None]) -> None:
        """Do what ends the run, and measure how long anything of it is left."""
        known = set(live.statuses())
        end()
        gone = within(_LIMIT, lambda: not self.at_work())
        as_told = within(_LIMIT, lambda: live.statuses().get(run) == status)
        free = within(_LIMIT, lambda: on_instance(self.checkout, SLOTS) == "0")
        time.sleep(3)  # a retry would have begun by now
        ours = {each for each in set(live.statuses()) - known if live.partition(each) == LONG}
        self.note(name, gone_after=gone, status=as_told is not None, slots_free_after=free, retries=len(ours))

    def note(self, name: str, **found: Any) -> None:
        """Keep what came of a scenario; None or a retry means that it did not hold."""
        held = all(value is not None and value is not False for value in found.values())
        rounded = {k: round(v, 1) if isinstance(v, float) else v for k, v in found.items()}
        self.results[name] = {"held": held and not found.get("retries"), **rounded}
        print(f"  {name}: {self.results[name]}", flush=True)


def watched_over(checkout: Checkout) -> dict[str, dict[str, Any]]:
    """Run every scenario and return what came of it by name."""
    _every_minute(checkout)
    scenarios = Scenarios(checkout)
    with running(checkout) as live:
        unchanged = _first_tick(scenarios, live)
        run = scenarios.started(live)
        scenarios.ended("terminated in the UI", live, run, "CANCELED", lambda: _is_ok(live.terminate(run)))
        run = scenarios.started(live)
        worker = scenarios.at_work()[0].parent()
        scenarios.ended("run worker killed", live, run, "FAILURE", _kill(worker))
        run = scenarios.started(live)
        scenarios.ended("step killed", live, run, "FAILURE", _kill(scenarios.at_work()[0]))
        run = scenarios.started(live, **{"dagster/max_runtime": "15"})
        scenarios.ended("took too long", live, run, "FAILURE", lambda: _gone(scenarios))
        _schedule(scenarios, live, unchanged)
        run = scenarios.started(live)
        servers = [each for each in scenarios.at_work()[0].parents() if "grpc" in each.cmdline()]
        scenarios.ended("code server killed", live, run, "FAILURE", _kill(servers[0]))
        live.reload()
        run = scenarios.started(live)
        daemons = [each for each in psutil.Process(live.process.pid).children() if _is_daemon(each)]
        began = time.monotonic()
        daemons[0].kill()
        scenarios.note("daemon killed", gone_after=within(_LIMIT, lambda: not scenarios.at_work()))
        within(30 - (time.monotonic() - began), lambda: live.process.poll() is not None)
    with running(checkout) as live:
        free = within(_LIMIT, lambda: on_instance(checkout, SLOTS) == "0")
        scenarios.note(
            "after that, the next start", slots_free_after=free, next_run=bool(scenarios.started(live))
        )
        began = time.monotonic()
        live.kill_everything()
        scenarios.note("all killed at once", gone_after=within(_LIMIT, lambda: not scenarios.at_work()))
    made = checkout.medner("train", "tiny-v1")
    free = within(_LIMIT, lambda: on_instance(checkout, SLOTS) == "0")
    scenarios.note("after that, a command", works=made.code == 0, slots_free_after=free)
    outwards = calls(checkout.root / CALLS)
    scenarios.note("nothing called out", held=not outwards, calls=outwards[:3])
    return scenarios.results


def scheduled(checkout: Checkout) -> dict[str, dict[str, Any]]:
    """Let a schedule skip an unchanged version and train a changed one; return what came of it by name."""
    _every_minute(checkout)
    scenarios = Scenarios(checkout)
    with running(checkout) as live:
        _schedule(scenarios, live, _first_tick(scenarios, live))
    return scenarios.results


def _every_minute(checkout: Checkout) -> None:
    """Let the weekly schedule of this copy run every minute, from the start."""
    file = checkout.root / "medner_assets" / "defs" / "automation" / "schedules.py"
    content = file.read_text().replace('"0 2 * * 0"', '"* * * * *"')
    file.write_text(content.replace("DefaultScheduleStatus.STOPPED", "DefaultScheduleStatus.RUNNING", 1))


def _first_tick(scenarios: Scenarios, live: Live) -> str:
    """Wait for the schedule's first tick, which finds nothing to train, and return what it says."""
    told = ""

    def skipped() -> bool:
        nonlocal told
        reasons = [tick["skipReason"] for tick in live.ticks("weekly_retrain") if tick["status"] == "SKIPPED"]
        told = reasons[0] if reasons else ""
        return "tiny-v1: its adapter is of the present recipe, data and base" in told

    waited = within(_PATIENCE + 30, skipped)
    scenarios.note("a retrain that would change nothing", skipped_after=waited, reason=told)
    return told


def _schedule(scenarios: Scenarios, live: Live, before: str) -> None:
    """Change a recipe and wait until the schedule has trained its version anew."""
    checkout = scenarios.checkout
    changed = (checkout.root / "recipes/versions/tiny-v1.yaml").read_text().replace("epochs: 6", "epochs: 2")
    checkout.recipe("versions", "tiny-v1", changed)
    known = set(live.statuses())

    def fired() -> bool:
        runs = set(live.statuses()) - known
        return any(live.partition(run) == "tiny-v1" and live.statuses()[run] == "SUCCESS" for run in runs)

    scenarios.note("a schedule fires", trained_after=within(2 * _PATIENCE, fired))


def _is_ok(answer: str) -> None:
    assert answer == "TerminateRunSuccess", answer


def _kill(process: psutil.Process | None) -> Callable[[], None]:
    assert process is not None
    return process.kill


def _gone(scenarios: Scenarios) -> None:
    """Wait until the run's longest time is over."""
    within(_PATIENCE, lambda: not scenarios.at_work())


def _is_daemon(process: psutil.Process) -> bool:
    return "dagster._daemon" in process.cmdline()


def project_of_services(root: Path) -> Checkout:
    """Return a project in which one version is trained, as it stands on a night."""
    from benchmarks.chaotic.project import make_project

    checkout = make_project(root, 24)
    checkout.recipe("versions", LONG, VERSION.replace("epochs: 1", "epochs: 1000"))
    trained = checkout.medner("train", "tiny-v1")
    assert trained.code == 0, trained.err
    return checkout
