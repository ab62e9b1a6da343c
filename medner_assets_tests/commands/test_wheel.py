"""A wheel is enough: a version is trained and evaluated outside any checkout, with no variable set."""

import os
import site
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets.paths import PROJECT
from medner_assets_tests.support.checkout import DATASET, VERSION
from medner_assets_tests.support.miniature import documents, make_base

pytest.importorskip("hatchling", reason="hatchling builds the wheel: make test installs it")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel in it; every other package is the one that is here."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    # A file of this name would find the present medner first and keep it.
    install = [sys.executable, "-m", "pip", "--python", folder / "env" / "bin" / "python", "install"]
    subprocess.run([*install, "--quiet", "--no-deps", "--no-index", wheel], check=True)
    (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
    present = [each for each in sys.path if each.endswith("site-packages")]
    assert present or site.ENABLE_USER_SITE
    (packages / "present.pth").write_text("\n".join(present) + "\n")
    return folder / "env"


@pytest.fixture(scope="module")
def run(environment: Path) -> Run:
    def ran(folder: Path, *command: str, stdin: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
        unset = ("MEDNER_", "DAGSTER_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
        result = subprocess.run(
            [environment / "bin" / command[0], *command[1:]],
            cwd=folder, env=kept, input=stdin, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert result.returncode == code, result.stderr
        return result

    return ran


@pytest.fixture(scope="module")
def project(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    above = tmp_path_factory.mktemp("user")
    run(above, "medner", "init", "own project")
    return above / "own project"


@pytest.mark.slow
def test_what_runs_is_the_wheel_and_it_has_all_that_it_reads(run, project, environment):
    script = (
        "from medner_assets import paths",
        "from medner_assets.modeling.requirements import base_folder",
        "from medner_assets.recipes.loading import load_base_model",
        "base = base_folder(load_base_model('medner-tiny'))",
        "print(*(paths.PACKAGE, paths.SQL, base, paths.PROJECT), sep=chr(10))",
    )
    places = run(project, "python", "-c", "\n".join(script)).stdout.splitlines()
    assert all(Path(each).is_relative_to(environment) for each in places[:3])
    assert Path(places[3]) == project.resolve()
    assert {each.name for each in Path(places[1]).iterdir()} >= {"views", "macros", "queries"}
    assert (Path(places[2]) / "model.safetensors").stat().st_size > 1_000_000


@pytest.mark.slow
def test_outside_a_project_a_command_that_needs_one_is_one_line(run, tmp_path):
    refused = run(tmp_path, "medner", "sql", "leaderboard", code=1)
    assert len(refused.stderr.splitlines()) == 1
    assert "make one with `medner init FOLDER`" in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_version_is_trained_evaluated_and_asked_in_a_project_of_its_own(run, project):
    make_base(project / "bases" / "miniature")
    write_documents(project / "data" / "corpora" / "miniature.jsonl", documents())
    recipes = {
        "base_models/miniature": "summary: random weights\npath: bases/miniature\nprompt_style: compact\n"
        "licence: CC0-1.0\n",
        "datasets/miniature": DATASET,
        "versions/small": VERSION,
    }
    for name, content in recipes.items():
        (project / "recipes" / f"{name}.yaml").write_text(content)

    inner = project / "recipes" / "versions"  # a project is found from any of its folders
    adapter = run(inner, "medner", "train", "small").stdout.strip()
    assert Path(adapter) == project.resolve() / "data" / "adapters" / "small"
    assert (Path(adapter) / "adapter_model.safetensors").is_file()
    run(project, "medner", "evaluate", "small")
    assert len(list((project / "data" / "reports").glob("*.html"))) == 1
    question = "select count(*) as n from scores where model_version = 'small'"
    assert int(run(project, "medner", "sql", question, "--format", "csv").stdout.split()[1]) > 0
    assert run(project, "medner", "predict", "small", "--json", stdin="Patient 1 took aspirin.").stdout
    assert sorted(each.name for each in project.iterdir()) == [
        ".gitignore", "bases", "dagster.yaml", "data", "recipes", "workspace.yaml"
    ]  # fmt: skip
