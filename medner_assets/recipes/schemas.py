"""JSON schemas of the three kinds of recipe, for editors: completion, spelling, ranges. Pure.

A recipe names its schema in its first line, `# yaml-language-server: $schema=../schemas/version.json`.
`loading.py` remains the judge: what depends on other files (names, the chain of baselines) no schema can say.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from medner_assets.recipes.sources import BaseModelRecipe, DatasetRecipe
from medner_assets.recipes.version import VersionRecipe

FOLDER = "schemas"
"""Beside `versions/`, `datasets/` and `base_models/`."""

KINDS: Mapping[str, type[BaseModel]] = {
    "version": VersionRecipe,
    "dataset": DatasetRecipe,
    "base_model": BaseModelRecipe,
}
"""Stem of the schema's file → the model that validates the recipes."""


def schema_line(kind: str) -> str:
    """Return the comment by which a recipe of `kind` names its schema."""
    return f"# yaml-language-server: $schema=../{FOLDER}/{kind}.json"


def recipe_schema(kind: str) -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of the files of one kind: `version`, `dataset`, `base_model`."""
    schema: dict[str, Any] = KINDS[kind].model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    if kind == "version":
        # A file states what differs from its baseline; only its own summary is never inherited.
        schema["required"] = ["summary"]
        schema["anyOf"] = [
            {"required": ["baseline"]},
            {"required": ["base_model", "dataset"]},
            {"required": ["system", "dataset"]},
        ]
    if kind == "base_model":
        schema["oneOf"] = [{"required": ["path"]}, {"required": ["hub_id"]}]
    return schema
