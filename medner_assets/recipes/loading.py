"""Read recipe files: YAML → validated models, the chain of baselines resolved. Errors name file, key and
remedy.

A folder of recipes has `versions/`, `datasets/` and `base_models/`. A project's recipes stand over the
shipped ones (`paths.recipe_folders`).
"""

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from medner_assets.errors import MednerError
from medner_assets.paths import RECIPES, checked_name, recipe_folders
from medner_assets.recipes.editions import another_medner
from medner_assets.recipes.replicates import is_replicate, replicate_name, seed_of, version_and_index
from medner_assets.recipes.sources import BaseModelRecipe, DatasetRecipe
from medner_assets.recipes.version import NOT_OF, VersionRecipe

Recipe = TypeVar("Recipe", bound=BaseModel)

# A child states these anew or goes without: they describe one version, not what it shares with its baseline.
_NOT_INHERITED = ("summary", "baseline", "expectation", "replicates", "submissions")


def version_names(folder: Path = RECIPES) -> list[str]:
    """Return the versions: the stems of `versions/*.yaml`, sorted; their replicates are not among them."""
    names = _names(folder, "versions")
    if reserved := [name for name in names if is_replicate(name)]:
        raise MednerError(
            f"versions/{reserved[0]}.yaml: names that end in .rN are those of replicates: rename the file, "
            "or state `replicates` in the recipe"
        )
    return names


def dataset_names(folder: Path = RECIPES) -> list[str]:
    """Return the dataset keys: the stems of `datasets/*.yaml`, sorted."""
    return _names(folder, "datasets")


def base_model_names(folder: Path = RECIPES) -> list[str]:
    """Return the base model keys: the stems of `base_models/*.yaml`, sorted."""
    return _names(folder, "base_models")


def load_version(name: str, folder: Path = RECIPES) -> VersionRecipe:
    """Return the recipe of a version with its baseline's settings filled in; raise MednerError.

    A replicate, `NAME.r2`, has the recipe of `NAME` with a seed of its own.
    """
    asked = name
    name, index = version_and_index(asked)
    recipe = _checked_version(name, _merged_version(name, folder, ()), folder)
    if not 1 <= index <= recipe.replicates or asked != replicate_name(name, index):
        raise MednerError(
            f"{asked[:80]}: {name} declares {recipe.replicates} replicate"
            f"{'s' * (recipe.replicates != 1)}: raise `replicates` in versions/{name}.yaml first"
        )
    return recipe if index == 1 else recipe.model_copy(update={"seed": seed_of(recipe.seed, index)})


def validated_version(name: str, content: Mapping[str, Any], folder: Path = RECIPES) -> VersionRecipe:
    """Return the recipe that a file `versions/<name>.yaml` with this content would be; raise MednerError.

    The file need not be there. content: as YAML gives it; its `baseline` names a version that is there.
    """
    return _checked_version(name, _with_baseline(name, dict(content), folder, ()), folder)


def _checked_version(name: str, merged: Mapping[str, Any], folder: Path) -> VersionRecipe:
    recipe = _validated(VersionRecipe, dict(merged), _file(folder, "versions", name))
    if recipe.base_model is not None:
        _require(recipe.base_model, base_model_names(folder), "base_model", f"versions/{name}.yaml")
    _require(recipe.dataset, dataset_names(folder), "dataset", f"versions/{name}.yaml")
    return recipe


def load_dataset(name: str, folder: Path = RECIPES) -> DatasetRecipe:
    """Return the recipe of a dataset; raise MednerError."""
    _require(name, dataset_names(folder), "dataset", None)
    file = _file(folder, "datasets", name)
    return _validated(DatasetRecipe, _read(file), file)


def load_base_model(name: str, folder: Path = RECIPES) -> BaseModelRecipe:
    """Return the recipe of a base model; raise MednerError."""
    _require(name, base_model_names(folder), "base model", None)
    file = _file(folder, "base_models", name)
    return _validated(BaseModelRecipe, _read(file), file)


def base_model_file(name: str, folder: Path = RECIPES) -> Path:
    """Return the file of base model `name`: the project's own, else the one that comes with medner."""
    return _file(folder, "base_models", name)


def recipe_hash(recipe: BaseModel) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of the resolved recipe: equal settings, equal hash.

    How often a version is trained is no setting of an adapter: more replicates leave those that are there.
    Nor is what its jobs ask of a cluster.
    What a promotion may cost decides no document of a dataset, and a column that is not stated is none.
    """
    content = recipe.model_dump(mode="json", exclude={"replicates", "margin", "resources"})
    if isinstance(recipe, VersionRecipe) and recipe.system == "lora":
        content["lora"] = recipe.lora.hashed()
    if isinstance(recipe, DatasetRecipe) and content["source"].get("column", "") is None:
        del content["source"]["column"]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def flattened(recipe: BaseModel) -> dict[str, str]:
    """Return every setting as `dotted.key` → JSON value, in the order of the model."""

    def walk(prefix: str, value: Any) -> dict[str, str]:
        if isinstance(value, dict) and value:
            parts = [walk(f"{prefix}.{key}" if prefix else str(key), inner) for key, inner in value.items()]
            return {key: inner for part in parts for key, inner in part.items()}
        return {prefix: value if isinstance(value, str) else json.dumps(value)}

    return walk("", recipe.model_dump(mode="json"))


def _merged_version(name: str, folder: Path, children: tuple[str, ...]) -> dict[str, Any]:
    named_by = f"versions/{children[-1]}.yaml" if children else None
    if name in children:
        chain = " → ".join((*children[children.index(name) :], name))
        raise MednerError(f"versions/{name}.yaml: cyclic baselines {chain}: let one of them name no baseline")
    _require(name, version_names(folder), "baseline" if children else "version", named_by)
    return _with_baseline(name, _read(_file(folder, "versions", name)), folder, children)


def _with_baseline(name: str, own: dict[str, Any], folder: Path, children: tuple[str, ...]) -> dict[str, Any]:
    baseline = own.get("baseline")
    if baseline is None:
        return own
    if not isinstance(baseline, str):
        kind = type(baseline).__name__
        raise MednerError(f"versions/{name}.yaml: baseline must be the name of a version, not a {kind}")
    inherited = _merged_version(baseline, folder, (*children, name))
    system = own.get("system", inherited.get("system", "lora"))
    dropped = {*_NOT_INHERITED, *NOT_OF.get(str(system), ())}
    return overlaid({key: value for key, value in inherited.items() if key not in dropped}, own)


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested settings with those of `above` over those of `below`."""
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = overlaid(merged[key], value)
        else:
            merged[key] = value
    return merged


def _names(folder: Path, kind: str) -> list[str]:
    names = sorted({file.stem for each in recipe_folders(folder) for file in (each / kind).glob("*.yaml")})
    for name in names:
        try:
            checked_name(name)
        except MednerError as error:
            raise MednerError(f"{kind}/{name}.yaml: {error}: rename the file") from None
    return names


def _file(folder: Path, kind: str, name: str) -> Path:
    """Return the file of a recipe: the project's own goes before the one of the same name in the package."""
    files = [each / kind / f"{name}.yaml" for each in recipe_folders(folder)]
    return next((file for file in files if file.exists()), files[0])


def _require(name: str, known: list[str], what: str, file: str | None) -> None:
    if name not in known:
        where = f"{file}: " if file else ""
        raise MednerError(
            f"{where}unknown {what} {name[:80]!r}: choose one of {', '.join(known) or '(there are none)'}"
        )


def _read(file: Path) -> dict[str, Any]:
    label = f"{file.parent.name}/{file.name}"
    try:
        content = deepcopy(_parsed(file.read_text(encoding="utf-8")))
    except UnicodeDecodeError as error:
        raise MednerError(f"{label}: not valid UTF-8 at byte {error.start}: save the file as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        reason = " ".join(str(getattr(error, "problem", None) or "cannot be parsed").split())
        raise MednerError(f"{label}{where}: not valid YAML ({reason}): correct the file") from None
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        # Of these PyYAML makes no error of its own: 2024-13-45 is a date, 5,000 digits a number, `!!int ""`.
        reason = "a date or number that there is not, or too many brackets within each other"
        raise MednerError(f"{label}: not valid YAML ({reason}): put such a value in quotes") from None
    if not isinstance(content, dict):
        raise MednerError(
            f"{label}: a recipe is a mapping of settings, not {type(content).__name__}: see the other recipes"
        )
    return content


@lru_cache(maxsize=512)
def _parsed(text: str) -> Any:
    """Return what a recipe's text says: one command reads a recipe many times."""
    return yaml.safe_load(text)


def _validated(model: type[Recipe], content: dict[str, Any], file: Path) -> Recipe:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])[:200] or "the recipe"
        label = f"{file.parent.name}/{file.name}"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        other = another_medner(file.parent.parent)
        another = "use that medner, or " if other else ""
        if first["type"] == "extra_forbidden":
            remedy = "use that medner, or remove it" if other else "remove it or correct its spelling"
            raise MednerError(f"{label}: unknown key {key!r}{more}{other}: {remedy}") from None
        if first["type"] == "missing":
            raise MednerError(f"{label}: {key!r} is missing{more}{other}: {another}add it") from None
        raise MednerError(
            f"{label}: {key}: {first['msg']}{more}{other}: {another}correct the value"
        ) from None
