"""A run that is ended from outside leaves no process behind, and the next one goes on."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from medner_assets_tests.support.checkout import VERSION, Checkout, make_checkout

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals are Linux's"),
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    made = make_checkout(tmp_path_factory.mktemp("termination") / "checkout")
    made.recipe("versions", "long", VERSION.replace("epochs: 1", "epochs: 1000"))
    return made


@pytest.fixture
def training(checkout: Checkout) -> Iterator[subprocess.Popen[str]]:
    """A training that would take long, under way."""
    process = subprocess.Popen(
        [sys.executable, "-m", "medner_assets.cli", "train", "long"],
        cwd=checkout.root.parent, env=checkout.environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    progress = checkout.data / "work" / "long" / "training" / "scratch" / "progress.json"
    began, give_up = time.time(), time.monotonic() + 240
    while not (progress.exists() and progress.stat().st_mtime > began):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < give_up
        time.sleep(0.1)
    yield process
    process.kill()
    process.communicate()


def trainers(checkout: Checkout) -> list[int]:
    """Return the processes that train for this checkout."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or ())
        if "training.train" in line and str(checkout.root) in line and process.info["status"] != "zombie":
            found.append(process.info["pid"])
    return found


def is_quiet_within(checkout: Checkout, seconds: float) -> bool:
    give_up = time.monotonic() + seconds
    while trainers(checkout) and time.monotonic() < give_up:
        time.sleep(0.1)
    return not trainers(checkout)


def on_instance(checkout: Checkout, *lines: str) -> str:
    """Run lines that use `dagster`, the checkout's instance, and return what they print."""
    script = [
        "import os",
        f"os.chdir({str(checkout.root)!r})",
        f"os.environ['DAGSTER_HOME'] = {str(checkout.root)!r}",
    ]
    script += ["from dagster import DagsterInstance", "with DagsterInstance.get() as dagster:"]
    script += [f"    {line}" for line in lines]
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(script)], env=checkout.environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return ran.stdout.strip()


LAST_STATUS = "print(dagster.get_runs(limit=1)[0].status.value)"
SLOTS = (
    "log = dagster.event_log_storage; "
    "print(sum(len(log.get_concurrency_info(key).claimed_slots) for key in log.get_concurrency_keys()))"
)


def test_an_interrupt_ends_the_training_and_says_so_in_one_line(checkout, training):
    training.send_signal(signal.SIGINT)
    _, err = training.communicate(timeout=60)
    assert training.returncode == 130
    kept = r"(before the first checkpoint: .+ starts again|`medner train long` resumes .+ at step \d+)"
    assert re.fullmatch(f"interrupted: {kept}", err.splitlines()[-1])
    assert "Traceback" not in err
    assert trainers(checkout) == []
    assert not (checkout.data / "adapters" / "long").exists()


def test_terminating_a_run_in_the_ui_ends_its_training_and_it_stays_terminated(checkout, training):
    on_instance(checkout, "run = dagster.get_runs(limit=1)[0]", "dagster.report_run_canceling(run)")
    _, err = training.communicate(timeout=60)
    assert training.returncode == 1
    assert "was terminated in the UI" in err.splitlines()[-1]
    assert trainers(checkout) == []
    assert on_instance(checkout, LAST_STATUS) == "CANCELED"
    assert on_instance(checkout, SLOTS) == "0"


def test_a_killed_command_leaves_no_training_and_its_place_on_the_gpu_is_free_for_the_next(
    checkout, training
):
    os.kill(training.pid, signal.SIGKILL)
    training.communicate(timeout=60)
    assert is_quiet_within(checkout, 10)
    assert checkout.medner("train", "tiny-v1").code == 0
    assert on_instance(checkout, SLOTS) == "0"
