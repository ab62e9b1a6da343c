"""`medner train V --set K=V --as NAME`: a new version that differs from another in the settings given.

The new version is a recipe file like any other, so that what was trained can be read, reviewed and trained
again. Nothing is written unless the whole recipe is valid, and no existing recipe is changed.
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from medner_assets import paths
from medner_assets.commands.rounds import before_name
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import (
    flattened,
    load_version,
    overlaid,
    validated_version,
    version_names,
)
from medner_assets.recipes.schemas import schema_line
from medner_assets.recipes.version import VersionRecipe

_OF_THE_CHILD = ("baseline", "expectation")
"""What --set cannot state: the baseline is the version named, an expectation is written with its reasons."""


def child_version(parent: str, settings: Sequence[str], name: str | None) -> tuple[str, Path | None]:
    """Return the name of the child and its file, None where the same child was there already.

    settings: `KEY=VALUE`, the value in YAML. Raises MednerError when one of the two options is missing, a key
    is unknown, a value is out of range, or another version has that name.
    """
    recipe = load_version(parent)
    if not name:
        raise MednerError("--set changes a recipe: name the new version with --as NAME")
    if not settings:
        raise MednerError("--as NAME needs a changed setting: add --set KEY=VALUE")
    paths.checked_name(name)
    if name == parent:
        raise MednerError(f"--as {name}: that is the version itself: choose another name")
    stated = stated_settings(settings, [*flattened(recipe), "training.early_stopping"])
    inherited = _inherited(parent, recipe, stated)
    summary = f"{parent} with {', '.join(settings)}"
    if inherited["baseline"] != parent:
        summary = f"What the round {stated['dataset']} bought: {summary}"
    content = {"summary": summary[:300], **overlaid(inherited, stated)}
    child = validated_version(name, content)
    if name in version_names():
        there = load_version(name)
        if there.model_dump(exclude={"summary"}) == child.model_dump(exclude={"summary"}):
            return name, None
        raise MednerError(f"--as {name}: there is a version of that name with other settings: choose another")
    paths.project()  # outside a project, a recipe would land among those of the installed package
    file = paths.RECIPES / "versions" / f"{name}.yaml"
    body = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    partial = file.with_suffix(".partial")
    partial.write_text(f"{schema_line('version')}\n{body}", encoding="utf-8")
    partial.replace(file)
    return name, file


def _inherited(parent: str, recipe: VersionRecipe, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a child says before what it changes: its parent as the baseline, which it inherits from.

    On a round of the parent's dataset its baseline is what the parent said before that round, a version of
    the round that has no settings to inherit: the parent's are stated.
    """
    dataset = str(stated.get("dataset", recipe.dataset))
    before = before_name(parent, dataset)
    if dataset == recipe.dataset or before not in version_names():
        return {"baseline": parent}
    own = {"summary", "baseline", "expectation", "replicates"}
    return {
        "baseline": before,
        "system": "lora",
        **recipe.model_dump(mode="json", exclude=own, exclude_defaults=True),
    }


def stated_settings(settings: Sequence[str], known: Sequence[str]) -> dict[str, Any]:
    """Return `KEY=VALUE` options as nested settings; raise MednerError. known: the dotted keys there are."""
    stated: dict[str, Any] = {}
    for each in settings:
        key, equals, text = each.partition("=")
        if not equals:
            raise MednerError(f"--set {each}: write it as KEY=VALUE")
        if key.partition(".")[0] in _OF_THE_CHILD:
            raise MednerError(f"--set {key}: not a setting of a new version: write it in its recipe file")
        if not any(name == key or name.startswith(f"{key}.") or key.startswith(f"{name}.") for name in known):
            close = difflib.get_close_matches(key, known, n=2, cutoff=0.75)
            hint = f": did you mean {' or '.join(close)}?" if close else ": `medner versions NAME` lists them"
            raise MednerError(f"--set {key}: unknown setting{hint}")
        try:
            value = _number(yaml.safe_load(text))
        except (yaml.YAMLError, ValueError, RecursionError):
            raise MednerError(f"--set {key}: the value is not valid YAML: put it in quotes") from None
        *above, last = key.split(".")
        place = stated
        for part in above:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise MednerError(f"--set {key}: {part} was set as a whole before: set one of the two")
        if isinstance(place.get(last), dict):
            raise MednerError(f"--set {key}: a part of it was set before: set one of the two")
        place[last] = value
    return stated


def _number(value: Any) -> Any:
    """Return 1e-4 as a number: YAML 1.1 reads it as a word."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
