import json
import os
import signal
import subprocess

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets.defs.pipes import explained
from medner_assets.modeling.process import process
from medner_assets.modeling.training.distributed import ended, not_connected
from medner_assets_tests.modeling.test_training import job
from medner_assets_tests.support.miniature import training_command


def run(folder, base, environment=None, **training):
    made = job(folder, base, packing="on", **training)
    command = training_command(folder, made)
    environment = {**os.environ, **(environment or {})}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)


def losses(folder) -> list[float]:
    rows = (folder / "adapter" / "training_log.jsonl").read_text().splitlines()
    return [row["loss"] for row in map(json.loads, rows) if row["kind"] in ("train", "eval")]


@pytest.mark.slow
def test_two_processes_have_the_losses_of_one(tmp_path, miniature_base):
    assert run(tmp_path / "one", miniature_base, gpus=1).returncode == 0
    assert run(tmp_path / "two", miniature_base, gpus=2).returncode == 0
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=5e-5)


@pytest.mark.slow
def test_a_mistake_in_one_of_several_processes_is_one_line(tmp_path, miniature_base):
    folder = tmp_path / "none"
    made = job(folder, miniature_base, gpus=2)
    write_documents(made.train, [])
    command = training_command(folder, made)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "the train split is empty" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_processes_that_cannot_be_connected_say_so_in_one_line(tmp_path, miniature_base):
    done = run(tmp_path, miniature_base, {"GLOO_SOCKET_IFNAME": "absent0"}, gpus=2)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("the 2 processes that train together could not be connected by gloo (")
    assert "set training.gpus to 1" in last
    assert "Traceback" not in done.stderr


def test_the_cause_is_the_last_line_of_what_nccl_says():
    said = "NCCL error in: ProcessGroupNCCL.cpp:3135, invalid usage\nLast error:\nBootstrap : no socket\n"
    assert "could not be connected by nccl (Bootstrap : no socket): " in not_connected("nccl", 2, said)
    assert "(no reason was given)" in not_connected("nccl", 2, "")


def test_a_killed_process_is_not_said_to_have_given_a_reason():
    assert ended(1, 2, -signal.SIGKILL).startswith(
        "process 2 of the 2 that train together was killed by the system, most likely for want of memory: "
    )
    assert "was ended by signal 11 without a reason" in ended(0, 2, -signal.SIGSEGV)
    assert "ended with exit code 7 without a reason" in ended(0, 2, 7)


def test_an_error_that_nobody_foresaw_reaches_the_line_that_the_user_sees(tmp_path, monkeypatch):
    told = tmp_path / "error.json"
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(told))
    with pytest.raises(MemoryError), process(reports=False):
        raise MemoryError("Mrs Doe takes aspirin")
    said = json.loads(told.read_text())["message"]
    assert "Doe" not in said
    log = tmp_path / "stderr.log"
    log.write_text(f"Traceback (most recent call last):\n  ...\nMemoryError: …\n{said}\n")
    assert explained(1, log, "training of v1") == (
        "training of v1 broke (MemoryError: in one of the processes that train together): "
        f"its trace is in {log}"
    )
