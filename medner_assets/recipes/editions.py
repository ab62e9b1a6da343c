"""For which medner the recipes of a project were written, so that a recipe of another one is called that.

`medner init` and `medner schema` leave it in the schemas beside the recipes, which are what the recipes were
written by. medner's own recipes are always of the medner that they come with.
"""

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from medner_assets.paths import SHIPPED_RECIPES
from medner_assets.recipes.schemas import FOLDER, recipe_schema

_STAMP = "$comment"
_PREFIX = "written by medner "


def this_medner() -> str | None:
    """Return the version of the installed medner; None in a checkout that was not installed."""
    try:
        return version("medner")
    except PackageNotFoundError:
        return None


def schema_text(kind: str, *, stamped: bool) -> str:
    """Return the file of one kind's schema; stamped: with the version of medner that writes it."""
    schema: Mapping[str, Any] = recipe_schema(kind)
    if stamped and (ours := this_medner()) is not None:
        schema = {_STAMP: f"{_PREFIX}{ours}", **schema}
    return json.dumps(schema, indent=1) + "\n"


def another_medner(recipes: Path) -> str:
    """Return ` (…)`, to stand in an error, where the recipes below `recipes` are of another medner; else ``.

    The schemas say which; where they do not, nothing is claimed.
    """
    written = _written_by(recipes)
    ours = this_medner()
    if written is None or ours is None or written == ours:
        return ""
    return f" (the recipes here were written for medner {written}, and this is {ours})"


def _written_by(recipes: Path) -> str | None:
    if recipes == SHIPPED_RECIPES:
        return None
    for file in sorted((recipes / FOLDER).glob("*.json")):
        try:
            stamp = json.loads(file.read_text(encoding="utf-8"))[_STAMP]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        if isinstance(stamp, str) and stamp.startswith(_PREFIX):
            return stamp.removeprefix(_PREFIX)[:40]
    return None
