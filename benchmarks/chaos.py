"""Kill -9, eight writers, a terminated, timed-out and killed daemon: what is lost, mixed or left running; and
what sensors start by themselves.

    python benchmarks/chaos.py [--kills 44] [--only writers|kills|commands|services|sensors] [--seed 1]

Works on copies of the checkout with a base of two layers, in a temporary folder. Prints what it finds, writes
results/chaos.json, and exits with 1 when anything is not as it must be. Bounded at 15 minutes.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.chaotic.kills import Kills, finished, kill_all_over
from benchmarks.chaotic.project import differences, make_project, state
from benchmarks.chaotic.sensors import automated
from benchmarks.chaotic.services import project_of_services, watched_over
from benchmarks.chaotic.writers import concurrent_writers
from medner_assets_tests.support.checkout import Checkout
from medner_assets_tests.support.live import SLOTS, on_instance, processes_of

RESULTS = Path(__file__).parent / "results" / "chaos.json"
KILL_SECONDS = 11 * 60
WANTED_KILLS, WANTED_PHASES = 40, ("training", "generation", "scoring", "publishing", "reporting")
PARTS = ("writers", "kills", "commands", "services", "sensors")
AT_ONCE = (
    ("evaluate", "tiny-v1"), ("evaluate", "tiny-v1"), ("evaluate", "tiny-v2"), ("evaluate", "tiny-v2"),
    ("compare", "tiny-v2"), ("promote", "tiny-v2", "--reason", "chaos"), ("sql", "scores"),
    ("train", "tiny-v1"),
)  # fmt: skip


def kills(folder: Path, count: int, rng: Random, deadline: float, found: dict[str, Any]) -> Checkout:
    """Kill the chain all over; return the project, whole."""
    checkout = make_project(folder / "kills")
    failure = finished(checkout)
    assert failure is None, failure
    expected = state(checkout)
    made = Kills()
    kill_all_over(checkout, expected, count, rng, deadline, made)
    total = sum(made.by_phase.values())
    found["kills"] = {
        "total": total,
        "compared": len(expected),
        **asdict(made),
        "by_phase": dict(made.by_phase),
    }
    found["bad"] += [f"{total} kills of {WANTED_KILLS}"] if total < WANTED_KILLS else []
    found["bad"] += [f"no kill in {phase}" for phase in WANTED_PHASES if not made.by_phase[phase]]
    found["bad"] += [f"{made.survivors} surviving processes"] if made.survivors else []
    found["bad"] += [f"{made.stuck_slots} stuck slots"] if made.stuck_slots else []
    found["bad"] += [*made.different, *made.failures]
    print(f"  kills: {total} {dict(made.by_phase)}, {made.missed} came too late, {len(made.chains)} chains")
    return checkout


def commands_at_once(checkout: Checkout, found: dict[str, Any]) -> None:
    """Run eight commands of one project at once, two of the same version; nothing may change or fail."""
    # A report lists the versions that there are, and the first one was written before the second was there.
    assert checkout.medner("evaluate", "tiny-v1").code == 0
    before = state(checkout)
    began = time.monotonic()
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "medner_assets.cli", *words],
            cwd=checkout.root.parent, env=checkout.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for words in AT_ONCE
    ]  # fmt: skip
    reasons = {}
    for words, process in zip(AT_ONCE, started, strict=True):
        _, err = process.communicate(timeout=300)
        if process.returncode != 0:
            reasons[" ".join(words)] = err.strip().splitlines()[-1]
    allowed = {name for name in state(checkout) if name.startswith(("promotions/", "champions/"))}
    changed = [name for name in differences(before, state(checkout)) if name not in allowed]
    slots = int(on_instance(checkout, SLOTS))
    found["commands"] = {
        "at_once": len(AT_ONCE), "seconds": round(time.monotonic() - began, 1), "failed": reasons,
        "changed": changed, "slots": slots, "survivors": len(processes_of(checkout, "medner_assets")),
    }  # fmt: skip
    found["bad"] += [f"{name}: {reason}" for name, reason in reasons.items()] + changed
    found["bad"] += ["stuck slots after commands at once"] if slots else []
    print(f"  commands: {found['commands']}")


def services(checkout: Checkout, found: dict[str, Any]) -> None:
    """Let the daemon and the UI run, and end what they started in every way."""
    found["services"] = watched_over(checkout)
    found["bad"] += [name for name, each in found["services"].items() if not each["held"]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=44)
    arguments.add_argument("--only", choices=PARTS)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    parts = (options.only,) if options.only else PARTS
    began = time.monotonic()
    found: dict[str, Any] = {"bad": []}
    with tempfile.TemporaryDirectory(prefix="medner-chaos-") as name:
        folder = Path(name)
        if "writers" in parts:
            found["writers"] = concurrent_writers(folder / "writers")
            found["bad"] += writers_faults(found["writers"])
            print(f"  writers: {found['writers']}", flush=True)
        if "sensors" in parts:
            found["sensors"] = automated(make_project(folder / "sensors", 24))
            found["bad"] += [name for name, each in found["sensors"].items() if not each["held"]]
            print(f"  sensors: {found['sensors']}", flush=True)
        # Beside the kills: the daemon's scenarios mostly wait for it.
        nights = None
        if "services" in parts:
            night = project_of_services(folder / "services")  # here: torch is imported by one thread only
            nights = ThreadPoolExecutor(1).submit(services, night, found)
        if "kills" in parts:
            checkout = kills(folder, options.kills, Random(options.seed), began + KILL_SECONDS, found)
        elif "commands" in parts:
            checkout = make_project(folder / "commands")
            assert finished(checkout) is None
        if "commands" in parts:
            commands_at_once(checkout, found)
        if nights is not None:
            _awaited(nights, found)
    found |= {
        "seconds": round(time.monotonic() - began, 1), "seed": options.seed,
        "python": platform.python_version(), "cores": os.cpu_count(),
    }  # fmt: skip
    print(f"{found['seconds']:.0f} s; not as it must be: {', '.join(map(str, found['bad'])) or 'nothing'}")
    if options.only is None:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if found["bad"] else 0)


def _awaited(nights: Future[None], found: dict[str, Any]) -> None:
    try:
        nights.result()
    except Exception as error:  # noqa: BLE001 - it is told, and the other results stand
        found["bad"].append(f"services: {type(error).__name__}: {error}")


def writers_faults(result: dict[str, Any]) -> list[str]:
    """Return what is wrong with the writers' result."""
    wrong = list(result["errors"])
    wrong += ["a query saw mixed rows"] if result["mixed_partitions_seen"] else []
    wrong += ["rows were lost"] if result["lost_versions"] else []
    wrong += ["tables of two writers stand together"] if len(result["shared_version_is_of"]) > 1 else []
    return wrong


if __name__ == "__main__":
    main()
