"""`medner init` makes a project whose recipes stand over the shipped ones, and overwrites nothing."""

import os
import subprocess
from pathlib import Path

import pytest

from medner_assets import paths
from medner_assets.commands.init import make_project, project_files
from medner_assets.errors import MednerError
from medner_assets.paths import project_above
from medner_assets.recipes import loading
from medner_assets.recipes.loading import load_base_model, load_dataset, load_version, version_names


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project, taken for the one in which the process was started."""
    made = tmp_path / "project"
    make_project(made)
    monkeypatch.setattr(paths, "_FOUND", made)
    monkeypatch.setattr(paths, "PROJECT", made)
    return made


def contents(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_the_files_are_those_that_are_named_and_data_is_the_owner_s_alone(tmp_path):
    written = make_project(tmp_path / "deep" / "project")
    assert sorted(written) == sorted(contents(tmp_path / "deep" / "project"))
    assert {".gitignore", "dagster.yaml", "workspace.yaml", "recipes/versions/my-v1.yaml"} <= set(written)
    assert (tmp_path / "deep" / "project" / "data").stat().st_mode & 0o777 == 0o700


def test_the_example_recipes_can_be_read_beside_the_shipped_ones(project):
    folder = project / "recipes"
    assert {"my-v1", "tiny-v1", "v1"} <= set(version_names(folder))
    assert load_version("my-v1", folder).dataset == "my-notes"
    assert load_dataset("my-notes", folder).licence == "internal"
    assert load_base_model("my-base", folder).quantization == "none"
    assert load_version("tiny-v2", folder) == load_version("tiny-v2", paths.SHIPPED_RECIPES)


def test_a_recipe_of_the_project_goes_before_the_shipped_one_and_its_children_inherit_from_it(project):
    shipped = load_version("tiny-v1", paths.SHIPPED_RECIPES)
    file = project / "recipes" / "versions" / "tiny-v1.yaml"
    file.write_text(loading._file(project / "recipes", "versions", "tiny-v1").read_text().replace("42", "43"))
    assert shipped.seed == 42
    assert load_version("tiny-v1", project / "recipes").seed == 43
    assert load_version("tiny-v2", project / "recipes").seed == 43


def test_another_folder_of_recipes_stands_for_itself(project, tmp_path):
    (tmp_path / "other" / "versions").mkdir(parents=True)
    assert version_names(tmp_path / "other") == []


def test_a_folder_that_has_one_of_the_files_is_refused_and_stays_as_it_is(tmp_path):
    (tmp_path / "recipes" / "versions").mkdir(parents=True)
    (tmp_path / "recipes" / "versions" / "my-v1.yaml").write_text("mine")
    with pytest.raises(MednerError, match=r"has recipes/versions/my-v1\.yaml already: nothing was written"):
        make_project(tmp_path)
    assert contents(tmp_path) == {"recipes/versions/my-v1.yaml": "mine"}


def test_other_files_of_a_folder_stay_beside_the_project(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    make_project(tmp_path)
    assert contents(tmp_path) == {"README.md": "mine", **project_files()}


def test_a_file_in_the_way_of_a_folder_leaves_nothing_half_made(tmp_path):
    (tmp_path / "data").write_text("mine")
    with pytest.raises(MednerError, match="nothing was written"):
        make_project(tmp_path)
    assert contents(tmp_path) == {"data": "mine"}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["data"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(MednerError, match="Permission denied: nothing was written"):
        make_project(tmp_path / "project")


def test_git_keeps_clinical_text_out_and_recipes_in(tmp_path):
    make_project(tmp_path)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    texts = ("note.txt", "notes.jsonl", "brat/1.ann", "data/corpora/my-notes.jsonl", "recipes/versions/n.txt")
    for name in (*texts, "recipes/versions/mine.yaml", "export.duckdb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    listed = subprocess.run(
        ["git", "-C", tmp_path, "ls-files", "--others", "--exclude-standard"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(listed.stdout.split()) == {*project_files(), "recipes/versions/mine.yaml"}


def test_a_project_is_found_from_its_folders_and_not_from_beside_it(tmp_path):
    make_project(tmp_path / "project")
    inside = tmp_path / "project" / "data" / "corpora"
    assert project_above(inside) == tmp_path / "project"
    assert project_above(tmp_path) is None


def test_the_checkout_is_its_own_project_even_inside_another_one(tmp_path):
    make_project(tmp_path)
    checkout = tmp_path / "medner"
    (checkout / "docs").mkdir(parents=True)
    assert project_above(checkout / "docs", checkout) == checkout
    assert project_above(tmp_path, checkout) == tmp_path


def test_outside_a_project_what_needs_one_says_how_to_make_it(monkeypatch):
    monkeypatch.setattr(paths, "_FOUND", None)
    monkeypatch.delenv("MEDNER_DATA", raising=False)
    with pytest.raises(MednerError, match="make one with `medner init FOLDER`"):
        paths.data()
