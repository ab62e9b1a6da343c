"""The texts of a prediction are gone at its end, and those of a killed one at the next start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from medner_assets import paths
from medner_assets.commands.leftovers import killed_predictions
from medner_assets.commands.predict_scratch import abandoned, scratch

KILLED = """
import os, signal
from medner_assets.commands.predict_scratch import scratch
with scratch() as folder:
    (folder / "input-0").write_text("Mrs Doe")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def killed() -> Path:
    """Return the folder of a prediction that was killed."""
    ran = subprocess.run(
        [sys.executable, "-c", KILLED], env=dict(os.environ), stdout=subprocess.PIPE, text=True, check=False
    )
    return Path(ran.stdout.strip())


def test_the_texts_are_private_and_gone_at_the_end():
    with scratch() as folder:
        assert folder.stat().st_mode & 0o077 == 0
        assert abandoned() == []
    assert not folder.exists()


def test_a_killed_prediction_is_told_and_the_next_one_removes_its_texts():
    left = killed()
    assert (left / "input-0").read_text() == "Mrs Doe"
    (finding,) = killed_predictions()
    assert (finding.state, "texts of 1 that were killed" in finding.found) == ("note", True)
    with scratch() as folder:
        assert not left.exists()
        assert folder.exists()
    assert list(killed_predictions()) == []


def test_one_that_is_at_work_is_left_alone():
    with scratch() as first, scratch() as second:
        assert first.exists()
        assert second.exists()


def test_a_folder_that_is_just_being_made_is_left_alone():
    young = paths.private_folder(paths.data() / "work" / "predict-young")
    old = paths.private_folder(paths.data() / "work" / "predict-old")
    os.utime(old, (0, 0))
    assert abandoned() == [old]
    assert young.exists()
