"""`medner ui` of a miniature project, started and ended as a person does."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import psutil
import pytest

from medner_assets.files import write_private
from medner_assets.paths import private_folder
from medner_assets_tests.support.live import Live, running, within

pytestmark = pytest.mark.slow

LEFT_SECONDS = 40.0


def status(live: Live, path: str, body: object = None, **headers: str) -> int:
    """Return the status that the UI answers with."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{live.port}{path}",
        None if body is None else json.dumps(body).encode(),
        {name.replace("_", "-"): value for name, value in headers.items()},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_dagster_stands_behind_the_gate(live):
    json_type = {"Content_Type": "application/json"}
    assert status(live, "/graphql?query=%7Bversion%7D") == 200
    assert status(live, "/graphql?query=mutation%7BreloadWorkspace%7B__typename%7D%7D") == 405
    assert status(live, "/graphql", {"query": "{version}"}, **json_type, Origin="https://evil.example") == 403
    report = "/report_asset_materialization/adapter"
    assert status(live, report, {}, **json_type, Origin="https://evil.example") == 403
    assert status(live, "/", Host="evil.example") == 421


def test_a_report_is_served_beside_the_ui(live):
    reports = private_folder(live.checkout.data / "reports")
    write_private(reports / "a-vs-b.html", "<p>a report</p>")
    with urllib.request.urlopen(f"http://127.0.0.1:{live.port}/reports/a-vs-b.html", timeout=30) as answer:
        assert answer.read() == b"<p>a report</p>"
    assert status(live, "/reports/..%2fdagster%2fui.lock") == 404


def test_a_second_ui_of_one_project_and_a_port_in_use_are_one_line(live):
    second = live.checkout.medner("ui", "--port", "0")
    assert second.code == 1
    where = f"http://127.0.0.1:{live.port}"
    assert second.err == (
        f"Error: the UI of this project runs already at {where}: open it, or end process {live.process.pid} "
        "first\n"
    )
    taken = live.checkout.medner("ui", "--port", str(live.port))
    assert taken.code == 1
    assert taken.err.startswith(f"Error: port {live.port} of 127.0.0.1 is in use: ")
    assert len(taken.err.splitlines()) == 1


def test_what_it_writes_is_its_owners_alone(live):
    made = [*live.checkout.data.rglob("*")]
    assert len(made) > 5
    assert [path for path in made if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_it_ends(live, number):
    """On a second project: the first one's UI goes on. Code servers of a killed one wait for a heartbeat."""
    copy = type(live.checkout)(live.checkout.root.with_name(f"copy-{number}"))
    subprocess.run(["cp", "-r", live.checkout.root, copy.root], check=True)
    with running(copy) as second:
        tree = [
            psutil.Process(second.process.pid),
            *psutil.Process(second.process.pid).children(recursive=True),
        ]
        os.kill(second.process.pid, number)
        _, left = psutil.wait_procs(tree, timeout=120 if number == signal.SIGKILL else 60)
        assert left == []
    assert status(live, "/graphql?query=%7Bversion%7D") == 200


def test_the_parts_of_a_read_only_ui_change_nothing_and_need_no_lock(live):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "medner_assets.cli", "ui", "--read-only", "--port", str(port)],
        cwd=live.checkout.root, env=live.checkout.environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    beside = Live(live.checkout, process, port)
    try:
        assert within(60, lambda: _answers(beside)) is not None
        with pytest.raises(AssertionError):
            beside.start_sensor("untrained_versions")
    finally:
        os.kill(process.pid, signal.SIGINT)
        process.wait(60)


def _answers(live: Live) -> bool:
    try:
        return status(live, "/graphql?query=%7Bversion%7D") == 200
    except OSError:
        time.sleep(0.2)
        return False


def test_a_corrupt_database_of_dagster_is_one_line(live):
    copy = type(live.checkout)(live.checkout.root.with_name("corrupt"))
    subprocess.run(["cp", "-r", live.checkout.root, copy.root], check=True)
    for file in (copy.data / "dagster").rglob("*.db*"):
        file.write_text("this is not a database, whatever its name says " * 10)
    for words in (("train", "tiny-v1"), ("ui", "--port", "0")):
        ran = copy.medner(*words)
        assert ran.code == 1
        assert "is corrupt (file is not a database): restore that folder" in ran.err
        assert "Traceback" not in ran.err
    told = copy.medner("doctor")
    assert told.err == "Error: runs: see the remedies above\n"
    (finding,) = (line for line in told.out.splitlines() if "is corrupt" in line)
    assert finding.startswith("✗ runs: a database of ")
    assert "→ restore that folder from a copy" in finding
    assert "privacy: " in told.out  # what is looked at after the runs
