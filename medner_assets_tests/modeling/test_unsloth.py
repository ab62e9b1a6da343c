"""What is refused before unsloth is imported; with a GPU and the package, a training in its own process."""

import importlib.util
import json
import subprocess
import sys

import pytest

from medner_assets.errors import MednerError
from medner_assets.modeling.training import unsloth
from medner_assets.modeling.training.unsloth import import_first
from medner_assets_tests.modeling.test_training import job
from medner_assets_tests.support.miniature import training_command


def wanted(folder, base, **training):
    return job(folder, base, backend="unsloth", **training).model_copy(update={"device": "auto"})


def test_a_recipe_that_does_not_name_it_imports_nothing(tmp_path, miniature_base):
    import_first(job(tmp_path, miniature_base, backend="auto"))
    assert "unsloth" not in sys.modules


def test_several_gpus_are_refused(tmp_path, miniature_base):
    with pytest.raises(MednerError, match=r"trains on one GPU: set training.gpus to 1"):
        import_first(wanted(tmp_path, miniature_base, gpus=2))


def test_a_missing_package_is_named_with_what_installs_it(tmp_path, miniature_base, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MednerError, match=r"not installed: pip install 'medner-assets\[gpu\]'"):
        import_first(wanted(tmp_path, miniature_base))


def test_a_machine_without_a_gpu_is_refused(tmp_path, miniature_base, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(unsloth, "visible_gpus", list)
    with pytest.raises(MednerError, match="needs a CUDA GPU and none is visible"):
        import_first(wanted(tmp_path, miniature_base))


def test_a_package_that_does_not_import_is_refused_with_its_reason(tmp_path, miniature_base, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(unsloth, "visible_gpus", lambda: ["0"])
    monkeypatch.setenv("UNSLOTH_COMPILE_LOCATION", str(tmp_path))
    monkeypatch.setitem(sys.modules, "unsloth", None)
    with pytest.raises(
        MednerError, match=r"does not import \(ModuleNotFoundError: .*\): see its documentation"
    ):
        import_first(wanted(tmp_path, miniature_base))


def test_the_command_refuses_it_in_one_line(tmp_path, miniature_base):
    made = job(tmp_path, miniature_base, backend="unsloth", gpus=2)
    (tmp_path / "job.json").write_text(made.model_dump_json())
    command = [
        sys.executable,
        "-m",
        "medner_assets.modeling.training.train",
        "--job",
        str(tmp_path / "job.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


@pytest.mark.slow
def test_it_has_the_dev_losses_of_peft(tmp_path, wide_base):
    if importlib.util.find_spec("unsloth") is None or not unsloth.visible_gpus():
        pytest.skip("needs a CUDA GPU and the extra gpu")
    found = {}
    for backend in ("peft", "unsloth"):
        folder = tmp_path / backend
        made = job(folder, wide_base, backend=backend, packing="off").model_copy(update={"device": "auto"})
        command = training_command(folder, made)
        subprocess.run(command, check=True, timeout=300)
        rows = (folder / "adapter" / "training_log.jsonl").read_text().splitlines()
        found[backend] = [row["loss"] for row in map(json.loads, rows) if row["kind"] == "eval"]
    assert found["unsloth"] == pytest.approx(found["peft"], rel=0.02)
