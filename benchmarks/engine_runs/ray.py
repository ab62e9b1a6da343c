"""The same version on this machine and on a Ray cluster of two nodes: equal tables, and nothing left behind.

Needs the extra `ray`. The cluster listens on a loopback of its own, sees no other processes, and asks for a
token; usage statistics are off.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from benchmarks.engine_runs.commands import SAME, awaited, chain, one_line, rows, run, started, weights
from medner_assets_tests.support.checkout import VERSION, Checkout, make_checkout

ADDRESS = "http://127.0.0.1:8265"
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "benchmark" * 4}
RAY = {
    **TOKEN, "RAY_USAGE_STATS_ENABLED": "0", "RAY_ADDRESS": ADDRESS, "MEDNER_ENGINE": "ray",
    "RAY_DISABLE_IMPORT_WARNING": "1",
}  # fmt: skip


def lack() -> str | None:
    """Return what this machine lacks for it; None: nothing."""
    return None if find_spec("dagster_ray") else "the extra [ray] is not installed"


def measure(folder: Path, results: dict[str, object], phase: str) -> None:
    """Note what was seen, by a name that says it; False where it was not so. phase: there is none."""
    del phase
    local, remote = make_checkout(folder / "local"), make_checkout(folder / "remote")
    results["seconds, train and evaluate, local"] = chain(local, {})
    refused = run(remote, RAY, "train", "tiny-v1")
    results["no cluster: one line"] = one_line(refused, "is not reachable")
    with cluster(folder):
        wrong = run(remote, {**RAY, "RAY_AUTH_TOKEN": "wrong" * 8}, "train", "tiny-v1")
        results["wrong credentials: one line"] = one_line(wrong, "refuses the credentials")
        results["seconds, train and evaluate, ray"] = chain(remote, RAY)
        results["equal weights and tables"] = weights(local) == weights(remote) and all(
            rows(local, table).equals(rows(remote, table)) for table in SAME
        )
        codes = [run(remote, RAY, "train", "tiny-v1", "--force").returncode for _ in range(3)]
        results["three calls in a row and the first keep all messages"] = (
            codes == [0] * 3 and said(remote) == 4
        )
        results["a lost channel of messages fails the step"] = lost_channel(remote, folder)
        remote.recipe("versions", "long", VERSION.replace("epochs: 1", "epochs: 1000"))
        results["terminated: seconds until no job and no process is left"] = terminated(remote)
        results["killed driver: its job is stopped before the next"] = leftovers(remote)


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Run a Ray cluster of two nodes for the length of the block."""
    ray = [sys.executable, "-m", "ray.scripts.scripts"]
    environment = {**os.environ, **RAY}
    del environment["RAY_ADDRESS"]
    common = ["--num-cpus", "1", "--disable-usage-stats", "--object-store-memory", "100000000"]
    head = ["--head", "--port", "6379", "--dashboard-host", "127.0.0.1", "--temp-dir", str(folder / "ray")]
    second = ["--address", "127.0.0.1:6379", "--dashboard-agent-listen-port", "52399"]
    try:
        for node in (head, second):
            subprocess.run([*ray, "start", *node, *common], env=environment, check=True, capture_output=True)
        time.sleep(5)
        yield
    finally:
        subprocess.run([*ray, "stop", "--force"], env=environment, check=False, capture_output=True)


def said(checkout: Checkout) -> int:
    """How many runs have the last line of a training in their log."""
    lines = (
        "from medner_assets.launching import instance",
        "with instance() as dagster:",
        "    logs = [str(e.user_message) for r in dagster.get_runs() for e in dagster.all_logs(r.run_id)]",
        "print(sum('trained ' in line and ' steps in ' in line for line in logs))",
    )
    return int(checkout.python(*lines).out.strip() or 0)


def lost_channel(checkout: Checkout, folder: Path) -> bool:
    """Train with a job that does not know where its messages go."""
    silent = folder / "silent"
    silent.mkdir()
    (silent / "sitecustomize.py").write_text("import os\nos.environ.pop('DAGSTER_PIPES_CONTEXT', None)\n")
    path = f"{silent}{os.pathsep}{checkout.environment()['PYTHONPATH']}"
    ran = run(checkout, {**RAY, "PYTHONPATH": path}, "train", "tiny-v1", "--force")
    return one_line(ran, "the connection was lost")


def jobs() -> dict[str, str]:
    """Status of each job by its id."""
    os.environ.update(TOKEN)
    from ray.job_submission import JobSubmissionClient

    return {str(job.submission_id): str(job.status) for job in JobSubmissionClient(ADDRESS).list_jobs()}


def running() -> set[str]:
    return {name for name, status in jobs().items() if status in ("PENDING", "RUNNING")}


def processes() -> list[int]:
    """Processes that train."""
    found = subprocess.run(
        ["pgrep", "-f", "medner_assets.modeling.training.train"], capture_output=True, text=True
    )
    return [int(line) for line in found.stdout.split()]


def terminated(checkout: Checkout) -> float | bool:
    process = started(checkout, RAY, "train", "long")
    awaited(lambda: bool(running() and processes()), 90)
    before = set(jobs())
    process.send_signal(signal.SIGTERM)
    ended = awaited(lambda: not running() and not processes(), 10)
    process.wait(timeout=60)
    return ended if set(jobs()) == before and not running() else False


def leftovers(checkout: Checkout) -> bool:
    process = started(checkout, RAY, "train", "long")
    awaited(lambda: bool(running() and processes()), 90)
    (orphan,) = running()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(1)
    was_alive = orphan in running()
    checkout.recipe("versions", "long", VERSION)
    again = run(checkout, RAY, "train", "long")
    return was_alive and again.returncode == 0 and jobs()[orphan] == "STOPPED" and not running()
