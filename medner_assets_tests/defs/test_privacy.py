"""A whole demo without any network: nothing calls out, and clinical text stays in its places."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from medner_assets_tests.support.checkout import Checkout, make_checkout
from medner_assets_tests.support.offline import calls, offline, without_network

pytestmark = pytest.mark.slow

CANARIES = (b"then had", b"took aspirin", b"heparin", b"digoxin", b"Patient 4 ")
"""What the texts of the miniature corpus hold and no setting, name or message does."""
HOMES = ("warehouse", "work", "reports", "base")
"""Folders below data/ where texts may be: tables, what processes hand over, reports."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Checkout, Path, str]]:
    """A checkout in which the demo ran without network; the notes of its calls, and all that it printed."""
    folder = tmp_path_factory.mktemp("offline")
    checkout = make_checkout(folder / "checkout")
    notes, home = folder / "notes", folder / "home"
    home.mkdir()
    environment = offline(checkout.environment(), notes) | {"HOME": str(home), "TMPDIR": str(folder)}
    for name in ("DO_NOT_TRACK", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        environment.pop(name, None)  # what the user did not set must be off by itself
    made = subprocess.run(
        [*without_network(), sys.executable, "-m", "medner_assets.cli", "demo"],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return checkout, notes, made.stdout + made.stderr


def test_the_hook_notices_a_call(tmp_path):
    script = (
        "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 80), 1)\nexcept OSError:\n    pass"
    )
    environment = offline(dict(os.environ), tmp_path / "notes")
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=30)
    assert "192.0.2.1" in calls(tmp_path / "notes")[0]


def test_the_demo_needs_no_network_and_tries_none(ran):
    _, notes, _ = ran
    assert calls(notes) == []
    assert socket.gethostname()  # this process may still ask


def texts_in(folder: Path) -> list[str]:
    """Return the files below `folder` in which a canary is, or whose name holds one."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and any(canary in path.read_bytes() or canary.decode() in path.name for canary in CANARIES)
    ]


def test_the_canaries_are_in_the_places_of_texts(ran):
    checkout, _, _ = ran
    assert texts_in(checkout.data / "work")  # tables and reports are packed, so that no mark shows there


def test_no_text_is_in_dagsters_storage_an_adapter_or_the_catalogue(ran):
    checkout, _, _ = ran
    others = {path.name for path in checkout.data.iterdir()} - set(HOMES)
    assert {"dagster", "adapters", "medner.duckdb"} <= others
    assert [name for name in texts_in(checkout.data) if name.split("/")[0] not in HOMES] == []


def test_no_text_is_in_a_log_or_on_the_terminal(ran):
    checkout, _, printed = ran
    assert [name for name in texts_in(checkout.data / "work") if name.endswith(".log")] == []
    assert not any(canary.decode() in printed for canary in CANARIES)
