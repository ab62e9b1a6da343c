"""What launches the processes: named by the environment, refused in one line, never imported unasked."""

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar, Self

import pytest

from medner_assets.defs.engines import Command, engine, local
from medner_assets.environment import of_step, ray_settings
from medner_assets.errors import MednerError
from medner_assets.modeling.process import FINISHED

COMMAND = Command(None, ["true"], {}, Path("nowhere"), 0, "training")  # type: ignore[arg-type]


def chosen(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Any:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return engine()


def test_without_a_choice_and_by_name_the_engine_is_local(monkeypatch):
    monkeypatch.delenv("MEDNER_ENGINE", raising=False)
    assert engine() is local
    assert chosen(monkeypatch, MEDNER_ENGINE="") is local
    assert chosen(monkeypatch, MEDNER_ENGINE="local") is local


def test_an_engine_of_another_name_is_one_line_with_those_that_there_are(monkeypatch):
    with pytest.raises(MednerError, match="MEDNER_ENGINE=pbs: no such engine: use local, ray or slurm"):
        chosen(monkeypatch, MEDNER_ENGINE="pbs")


@pytest.mark.skipif(find_spec("dagster_ray") is not None, reason="the extra [ray] is installed")
def test_ray_that_is_not_installed_is_one_line_with_the_command_that_installs_it(monkeypatch):
    with pytest.raises(MednerError, match="dagster-ray is not installed: pip install") as raised:
        chosen(monkeypatch, MEDNER_ENGINE="ray")(COMMAND)
    assert "\n" not in str(raised.value)


class _Cluster:
    """What the engine asks of Ray, answered by a cluster that does every job at once."""

    submitted: ClassVar[list[dict]] = []

    def __init__(self, *_: object, **__: object) -> None:
        """Take an address."""

    def run(self, *, context: None, submit_job_params: dict) -> Self:
        self.submitted.append(submit_job_params)
        return self

    def get_custom_messages(self) -> list[str]:
        return [FINISHED]

    def list_jobs(self) -> list[object]:
        return []

    def get_job_logs(self, job: str) -> str:
        return ""


def test_a_ray_job_has_the_gpus_of_its_node_and_not_those_of_the_driver(monkeypatch, tmp_path):
    for name, module in (
        ("dagster_ray", SimpleNamespace(PipesRayJobClient=_Cluster)),
        ("ray", ModuleType("ray")),
        ("ray.job_submission", SimpleNamespace(JobSubmissionClient=_Cluster)),
        ("ray.exceptions", SimpleNamespace(AuthenticationError=PermissionError)),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    monkeypatch.setenv("MEDNER_RAY_GPUS", "1")
    command = replace(COMMAND, environment=of_step(offline=True), folder=tmp_path)
    assert command.environment["CUDA_VISIBLE_DEVICES"] == "7"  # what a process of this machine gets
    assert chosen(monkeypatch, MEDNER_ENGINE="ray")(command) == 0
    (job,) = _Cluster.submitted
    assert job["entrypoint_num_gpus"] == 1
    assert job["entrypoint"].startswith("env -u OMP_NUM_THREADS ")  # Ray would give it one thread
    assert "CUDA_VISIBLE_DEVICES" not in job["runtime_env"]["env_vars"]
    assert job["runtime_env"]["env_vars"]["MEDNER_RAY_GPUS"] == "1"


def test_a_number_of_gpus_that_is_none_is_one_line(monkeypatch):
    monkeypatch.setenv("MEDNER_RAY_GPUS", "all")
    with pytest.raises(MednerError, match="MEDNER_RAY_GPUS=all: not a number"):
        ray_settings()


def test_the_definitions_and_the_engine_of_ray_load_without_ray():
    script = (
        "import sys, medner_assets.definitions as d, medner_assets.defs.ray_engine; d.defs(); "
        "print([name for name in sys.modules if name.split('.')[0] in ('ray', 'dagster_ray')])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
