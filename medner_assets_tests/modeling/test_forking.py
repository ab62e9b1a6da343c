"""Training on the cores of one CPU, as the command does it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets.errors import MednerError
from medner_assets.modeling.publishing import enough_disk
from medner_assets.modeling.training import forking
from medner_assets.modeling.training.forking import cpu_process_count
from medner_assets_tests.modeling.test_several_processes import losses
from medner_assets_tests.modeling.test_training import job, weights
from medner_assets_tests.support.miniature import training_command

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are forked on Linux only")


def start(folder: Path, base: Path, cores: int, **training: object) -> subprocess.Popen:
    made = job(folder, base, **training)
    command = training_command(folder, made)
    environment = {**os.environ, "OMP_NUM_THREADS": str(cores)}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def finished(running: subprocess.Popen) -> str:
    """Return what a process wrote to standard error once it has ended well."""
    _, told = running.communicate(timeout=120)
    assert running.returncode == 0, told
    return told


def child_of(running: subprocess.Popen, folder: Path) -> int:
    """Return the process that was forked, once the first step is done."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if (folder / "work" / "progress.json").is_file() and children.read_text().split():
            return int(children.read_text().split()[0])
        time.sleep(0.05)
    raise AssertionError("no process was forked")


@linux
@pytest.mark.slow
def test_processes_that_share_the_cores_have_the_losses_of_one_and_the_same_weights_each_time(
    tmp_path, miniature_base
):
    folders = {name: tmp_path / name for name in ("one", "two", "again")}
    told = {
        name: finished(start(folder, miniature_base, 1 if name == "one" else 2))
        for name, folder in folders.items()
    }
    assert "2 processes share the cores" in told["two"]
    assert "share" not in told["one"]
    assert losses(folders["two"]) == pytest.approx(losses(folders["one"]), rel=1e-4)
    assert weights(folders["two"]) == weights(folders["again"])
    assert [path.name for path in (tmp_path / "two" / "work").glob("meeting-*")] == []


@linux
@pytest.mark.slow
def test_a_process_that_is_killed_ends_the_others_with_one_line(tmp_path, miniature_base):
    running = start(tmp_path, miniature_base, 2, epochs=500)
    os.kill(child_of(running, tmp_path), signal.SIGKILL)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "process 1 of 2 ended (killed by SIGKILL" in told.strip().splitlines()[-1]
    assert "Traceback" not in told


@linux
@pytest.mark.slow
def test_no_process_outlives_the_first(tmp_path, miniature_base):
    running = start(tmp_path, miniature_base, 2, epochs=500)
    child = child_of(running, tmp_path)
    running.kill()
    running.communicate(timeout=60)
    until = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


@linux
@pytest.mark.slow
def test_a_mistake_that_all_find_is_told_once(tmp_path, miniature_base):
    running = start(tmp_path, miniature_base, 2)
    write_documents(tmp_path / "train.jsonl", [])
    _, told = running.communicate(timeout=60)
    assert running.returncode == 1
    assert told.count("the train split is empty") == 1


def test_what_pytorch_says_of_a_full_disk_is_said_plainly(tmp_path):
    said = "[enforce fail at inline_container.cc:672] . unexpected pos 252480 vs 252372"
    with pytest.raises(MednerError, match="no space left on the disk of"), enough_disk(tmp_path):
        raise RuntimeError(said)


ONE_AFTER_THE_OTHER = """
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import torch
from medner_assets.modeling.training.forking import forked
from medner_assets.modeling.progress import Silence

for _ in range(10):
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as folder, forked(2, Path(folder), Silence()) as crew:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: torch.randn(200, 200).to(torch.bfloat16).sum(), range(16)))
        assert crew.sum(torch.ones(3)).tolist() == [2, 2, 2]
"""


@linux
@pytest.mark.slow
def test_threads_of_a_forked_process_may_all_compute_at_once():
    # As transformers does when it loads weights. Two threads that found no thread pool failed.
    command = [sys.executable, "-c", ONE_AFTER_THE_OTHER]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@linux
def test_a_job_that_says_how_many_or_has_a_large_base_is_not_forked(tmp_path, miniature_base, monkeypatch):
    import torch

    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    assert cpu_process_count(job(tmp_path, miniature_base)) == 4
    assert cpu_process_count(job(tmp_path, miniature_base, gpus=2)) == 1
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert cpu_process_count(job(tmp_path, miniature_base)) == 1
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(forking, "_SMALL_BASE", 10)
    assert cpu_process_count(job(tmp_path, miniature_base)) == 1
