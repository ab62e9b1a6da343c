import json

import jsonschema
import pytest
import yaml

from medner_assets.paths import RECIPES
from medner_assets.recipes.schemas import FOLDER, KINDS, recipe_schema, schema_line


def problems(kind: str, content: dict[str, object]) -> list[str]:
    return [
        each.message for each in jsonschema.Draft202012Validator(recipe_schema(kind)).iter_errors(content)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_beside_the_shipped_recipes_are_those_of_the_models(kind):
    written = json.loads((RECIPES / FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    assert written == recipe_schema(kind), "run `medner schema`"


@pytest.mark.parametrize("kind", KINDS)
def test_every_shipped_recipe_names_its_schema_and_satisfies_it(kind):
    for file in (RECIPES / f"{kind}s").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        assert text.splitlines()[0] == schema_line(kind), file
        assert problems(kind, yaml.safe_load(text)) == [], file


def test_a_misspelt_key_a_value_out_of_range_and_a_missing_summary_are_found():
    good = {"summary": "x", "baseline": "tiny-v1"}
    assert problems("version", good) == []
    assert "'epoch' was unexpected" in problems("version", {**good, "training": {"epoch": 3}})[0]
    assert problems("version", {**good, "lora": {"rank": 0}})
    assert problems("version", {"baseline": "tiny-v1"}) == ["'summary' is a required property"]


def test_a_version_without_baseline_needs_a_base_and_a_dataset():
    assert problems("version", {"summary": "x", "base_model": "b"})
    assert problems("version", {"summary": "x", "base_model": "b", "dataset": "d"}) == []


def test_a_base_is_in_one_place_and_a_hub_model_may_wait_for_its_revision():
    common = {"summary": "x", "licence": "MIT"}
    assert problems("base_model", {**common, "path": "p"}) == []
    assert problems("base_model", {**common, "hub_id": "a/b", "revision": "0" * 40}) == []
    assert problems("base_model", {**common, "hub_id": "a/b"}) == []
    for wrong in ({}, {"path": "p", "hub_id": "a/b", "revision": "0" * 40}):
        assert problems("base_model", common | wrong), wrong
