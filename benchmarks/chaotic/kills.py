"""Kill -9 all over the chain: training, generation, scoring, publishing, reporting; then equality."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil

from benchmarks.chaotic.project import differences, leftovers, state
from medner_assets_tests.support.checkout import Checkout
from medner_assets_tests.support.live import SLOTS, on_instance, processes_of, progress_of, within, workers

ENDS = 300
"""Seconds after which a demo that nobody kills is stuck."""
PHASES = ("training", "generation", "scoring", "publishing", "reporting", "handing over", "building")
MOMENTS = {"scoring": 14, "publishing": 6, "reporting": 16, "handing over": 10, "building": 6}
"""About how many moments each phase has for one version; a kill that is drawn beyond comes to nothing."""


@dataclass
class Kills:
    """What the kills came to."""

    by_phase: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    chains: list[dict[str, Any]] = field(default_factory=list)
    slowest_quiet_seconds: float = 0.0
    survivors: int = 0
    stuck_slots: int = 0
    different: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def demo(checkout: Checkout, **chaos: str) -> subprocess.Popen[str]:
    """Start the demo of a checkout, with the trigger where `chaos` names it."""
    hooks = checkout.root / "hooks"
    hooks.mkdir(exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("trigger.py"), hooks / "sitecustomize.py")
    environment = checkout.environment()
    environment |= {"PYTHONPATH": f"{hooks}{os.pathsep}{environment['PYTHONPATH']}", **chaos}
    return subprocess.Popen(
        [sys.executable, "-m", "medner_assets.cli", "demo"],
        cwd=checkout.root.parent, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finished(checkout: Checkout) -> str | None:
    """Run the demo to its end; return None, or why it failed."""
    process = demo(checkout)
    try:
        _, err = process.communicate(timeout=ENDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return "the demo does not end"
    return None if process.returncode == 0 else err.strip().splitlines()[-1]


def kill_all_over(
    checkout: Checkout, expected: dict[str, Any], kills: int, rng: Random, deadline: float, found: Kills
) -> None:
    """Kill the demo again and again, starting anew whenever it came to its end, until `kills` are done."""
    while sum(found.by_phase.values()) < kills and time.monotonic() < deadline:
        _clear(checkout)
        chain: list[str] = []
        # In the order of the chain, several in each phase: each kill meets what the last one left.
        for phase in _plan(rng):
            if time.monotonic() > deadline:
                break
            where = _killed(checkout, phase, rng)
            if where is None:  # it came to its end: there is nothing left to kill in this chain
                found.missed += 1
                break
            chain.append(where)
            found.by_phase[phase] += 1
            quiet = within(10, lambda: not workers(checkout))
            found.survivors += len(workers(checkout))
            found.slowest_quiet_seconds = max(found.slowest_quiet_seconds, quiet or 10.0)
        _finish_chain(checkout, expected, chain, found)


def _plan(rng: Random) -> list[str]:
    first = ["building", "training", "training", "handing over", "generation", "generation", "publishing"]
    rest = ["scoring", "publishing", "scoring", "reporting", "reporting"]
    second = ["training", "training", "generation", "scoring", "publishing", "reporting"]
    return [phase for phase in (*first, *rest, *second) if rng.random() < 0.9]


def _finish_chain(checkout: Checkout, expected: dict[str, Any], chain: list[str], found: Kills) -> None:
    failure = finished(checkout)
    if failure is not None:
        found.failures.append(failure)
    slots = int(on_instance(checkout, SLOTS))
    unequal = differences(expected, state(checkout))
    left = leftovers(checkout)
    found.stuck_slots += slots
    found.different += [*unequal, *left]
    found.survivors += len(processes_of(checkout, "medner_assets"))
    found.chains.append({"kills": chain, "different": unequal, "left_over": left, "slots": slots})


def _clear(checkout: Checkout) -> None:
    for name in ("warehouse", "adapters", "reports", "work", "medner.duckdb"):
        path = checkout.data / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _killed(checkout: Checkout, phase: str, rng: Random) -> str | None:
    """Run the demo and kill it in a phase; return where, or None when it came to its end before."""
    if phase in ("training", "generation"):
        return _killed_at_work(checkout, phase, rng)
    note = checkout.root / "killed-at"
    note.unlink(missing_ok=True)
    moment = rng.randrange(MOMENTS[phase])
    process = demo(checkout, MEDNER_CHAOS=f"{phase}:{moment}", MEDNER_CHAOS_NOTE=str(note))
    process.communicate(timeout=ENDS)
    return note.read_text() if process.returncode == -signal.SIGKILL and note.exists() else None


def _killed_at_work(checkout: Checkout, phase: str, rng: Random) -> str | None:
    """Kill the training or generation process, or the command above it, when so much of it is done."""
    share, of_command = rng.random(), rng.random() < 0.5
    word = "training.train" if phase == "training" else "inference.generate"
    before = {version: _time_of(progress_of(checkout, version, phase)) for version in ("tiny-v1", "tiny-v2")}
    process = demo(checkout)
    give_up = time.monotonic() + ENDS
    try:
        while process.poll() is None and time.monotonic() < give_up:
            for version, time_before in before.items():
                file = progress_of(checkout, version, phase)
                if _time_of(file) > time_before and _share_done(file) >= share:
                    at_work = processes_of(checkout, word)
                    target = process.pid if of_command else (at_work[0].pid if at_work else process.pid)
                    with suppress(ProcessLookupError, psutil.Error):
                        os.kill(target, signal.SIGKILL)
                    process.communicate(timeout=30)
                    who = "command" if target == process.pid else "process"
                    return f"{phase} {version} {who} at {share:.2f}"
            time.sleep(0.005)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
    return None


def _time_of(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _share_done(file: Path) -> float:
    try:
        progress = json.loads(file.read_text())
        return float(progress["done"] / progress["total"])
    except (OSError, ValueError):
        return 0.0
