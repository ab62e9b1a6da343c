"""A recipe of another medner is called that, and a recipe of this one never is."""

import json
from pathlib import Path

import pytest

from medner_assets import paths
from medner_assets.commands.schema import write_schemas
from medner_assets.errors import MednerError
from medner_assets.recipes import editions
from medner_assets.recipes.loading import load_version
from medner_assets.recipes.schemas import recipe_schema

RECIPE = "summary: one\nbase_model: medner-tiny\ndataset: notes\n"


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    """A project's recipes with the schemas of this medner; `odd` has a key that it does not know."""
    for kind in ("versions", "datasets", "base_models"):
        (tmp_path / kind).mkdir()
    (tmp_path / "versions" / "odd.yaml").write_text(RECIPE + "training: {loops: 3}\n")
    write_schemas(tmp_path / "schemas")
    return tmp_path


def written_by(recipes: Path, version: str) -> None:
    file = recipes / "schemas" / "version.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "$comment": f"written by medner {version}"}))


def refusal(recipes: Path) -> str:
    with pytest.raises(MednerError) as refused:
        load_version("odd", recipes)
    return str(refused.value)


def test_an_unknown_key_of_another_medner_names_both(recipes):
    for file in ("base_model", "dataset"):
        (recipes / "schemas" / f"{file}.json").unlink()
    written_by(recipes, "0.9.0")
    ours = editions.this_medner()
    assert refusal(recipes) == (
        "versions/odd.yaml: unknown key 'training.loops' (the recipes here were written for medner 0.9.0, "
        f"and this is {ours}): use that medner, or remove it"
    )


def test_recipes_of_this_medner_are_only_misspelt(recipes):
    assert refusal(recipes) == (
        "versions/odd.yaml: unknown key 'training.loops': remove it or correct its spelling"
    )


@pytest.mark.parametrize("content", [None, "{", "[]", '{"$comment": 3}', '{"$comment": "by hand"}'])
def test_schemas_that_do_not_say_it_claim_nothing(recipes, content):
    for file in (recipes / "schemas").iterdir():
        file.unlink() if content is None else file.write_text(content)
    assert "medner" not in refusal(recipes)


def test_schema_records_this_medner_again(recipes):
    written_by(recipes, "0.9.0")
    write_schemas(recipes / "schemas")
    assert editions.another_medner(recipes) == ""


def test_medners_own_recipes_are_never_of_another(monkeypatch):
    monkeypatch.setattr(editions, "this_medner", lambda: "99.0")
    assert editions.another_medner(paths.SHIPPED_RECIPES) == ""


def test_the_stamp_is_a_comment_and_leaves_the_schema_as_it_is():
    stamped = json.loads(editions.schema_text("version", stamped=True))
    assert stamped.pop("$comment") == f"written by medner {editions.this_medner()}"
    assert stamped == recipe_schema("version")
