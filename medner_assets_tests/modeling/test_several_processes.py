import json
import subprocess
import sys

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets_tests.modeling.test_training import job


def run(folder, base, **training):
    made = job(folder, base, packing="on", **training)
    (folder / "job.json").write_text(made.model_dump_json())
    command = [
        sys.executable,
        "-m",
        "medner_assets.modeling.training.train",
        "--job",
        str(folder / "job.json"),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def losses(folder) -> list[float]:
    rows = (folder / "adapter" / "training_log.jsonl").read_text().splitlines()
    return [row["loss"] for row in map(json.loads, rows) if row["kind"] in ("train", "eval")]


@pytest.mark.slow
def test_two_processes_have_the_losses_of_one(tmp_path, miniature_base):
    assert run(tmp_path / "one", miniature_base, gpus=1).returncode == 0
    assert run(tmp_path / "two", miniature_base, gpus=2).returncode == 0
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-5)


@pytest.mark.slow
def test_a_mistake_in_one_of_several_processes_is_one_line(tmp_path, miniature_base):
    folder = tmp_path / "none"
    made = job(folder, miniature_base, gpus=2)
    write_documents(made.train, [])
    (folder / "job.json").write_text(made.model_dump_json())
    command = [
        sys.executable,
        "-m",
        "medner_assets.modeling.training.train",
        "--job",
        str(folder / "job.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "the train split is empty" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
