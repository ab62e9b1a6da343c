"""A writer that is killed at each of its requests, and one whose server refuses from a request on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.chaotic.writers import frames
from benchmarks.object_storing.server import Answer, Faults
from benchmarks.object_storing.writers import marks_of
from medner_assets.errors import MednerError
from medner_assets.warehouse.store import Store

KEY = "v1"
_WRITER = """
import sys
from pathlib import Path
from benchmarks.chaotic.writers import frames
from medner_assets.warehouse.store import Store
store = Store(Path(sys.argv[1]))
store.initialise()
print("ready", flush=True)
sys.stdin.readline()
store.replace(frames(int(sys.argv[2]), 0), "v1")
"""
REFUSALS: dict[str, tuple[int, str]] = {
    "credentials that expire": (400, "ExpiredToken"),
    "a wrong key": (403, "InvalidAccessKeyId"),
    "a wrong secret": (403, "SignatureDoesNotMatch"),
    "a bucket that is read-only": (403, "AccessDenied"),
    "a bucket that is removed": (404, "NoSuchBucket"),
    "a clock that is wrong": (403, "RequestTimeTooSkewed"),
    "a server that answers 503 without end": (503, "SlowDown"),
}


def killed_at_each_request(folder: Path, faults: Faults, url: str) -> dict[str, Any]:
    """Kill -9 a writer's process before and after each of its requests; return what it left."""
    reader, next_writer = Store(folder / "reader"), Store(folder / "next")
    bad: list[str] = []
    left = {"old": 0, "new": 0}
    requests = 0
    for after in (False, True):
        step = 0
        while True:
            next_writer.replace(frames(0, 0), KEY)
            code = _killed(folder / "killed", faults, step, after)
            if code == 0:
                requests = max(requests, step)
                break
            found = marks_of(reader, KEY)
            if found == {"0/0"}:
                left["old"] += 1
            elif found == {"1/0"}:
                left["new"] += 1
            else:
                bad.append(f"killed at request {step}: {sorted(found)}")
            next_writer.replace(frames(2, 0), KEY)
            objects = _objects(url)
            if objects != 3 or marks_of(reader, KEY) != {"2/0"}:
                bad.append(f"killed at request {step}: {objects} objects after the next writer")
            step += 1
    return {"kills": sum(left.values()), "requests_of_a_write": requests, "left": left, "bad": bad}


def _killed(root: Path, faults: Faults, step: int, after: bool) -> int:
    """Let a process replace three tables and kill it at its request of that number; return its exit code."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(root), "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    count = -1

    def fatal(method: str, path: str) -> Answer:
        nonlocal count
        count += 1
        if count == step:
            os.kill(process.pid, signal.SIGKILL)
            return (503, "killed")
        return None

    if after:
        faults.after = fatal
    else:
        faults.before = fatal
    process.communicate("\n", timeout=60)
    faults.clear()
    return process.returncode


def refused_from_each_request(folder: Path, faults: Faults) -> dict[str, Any]:
    """Let the server refuse from one request of a write on, in each way; return what was said and left."""
    told: dict[str, Any] = {}
    for what, answer in REFUSALS.items():
        lines, bad, step = set(), [], 0
        while True:
            one, reader = Store(folder / "one"), Store(folder / "other")
            one.replace(frames(0, 0), KEY)
            faults.before = _from(step, answer, only_writes="read-only" in what)
            try:
                one.replace(frames(1, step), KEY)
            except MednerError as error:
                lines.add(str(error))
            else:
                break
            finally:
                faults.clear()
            if marks_of(reader, KEY) not in ({"0/0"}, {f"1/{step}"}) or len(marks_of(one, KEY)) != 1:
                bad.append(f"at request {step}: {sorted(marks_of(reader, KEY))}")
            one.replace(frames(2, step), KEY)
            if marks_of(reader, KEY) != {f"2/{step}"}:
                bad.append(f"at request {step}: not written afterwards")
            step += 1
        told[what] = {
            "requests": step,
            "lines": sorted(lines),
            "bad": bad + [line for line in lines if "\n" in line or len(lines) > 1],
        }
    return told


def _from(step: int, answer: tuple[int, str], *, only_writes: bool) -> Callable[[str, str], Answer]:
    count = -1

    def refuse(method: str, path: str) -> Answer:
        nonlocal count
        if only_writes and method == "GET":
            return None
        count += 1
        return answer if count >= step else None

    return refuse


def _objects(url: str) -> int:
    from obstore.store import from_url

    store = from_url(url, client_options={"allow_http": True})
    return len(store.list(f"objects/tables/{KEY}/").collect())
