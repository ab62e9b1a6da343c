"""What of a version's files changed since it was trained and evaluated. Looks only, and at no weights.

`state.py` answers the same for runs, and reads every byte of base and adapter for it.
"""

import json
from pathlib import Path
from typing import Any

from medner_assets import paths
from medner_assets.defs.identity import evaluation_id, generation_id, training_fingerprint
from medner_assets.defs.sources import is_current, source_state
from medner_assets.defs.versions.completion_rows import existing
from medner_assets.defs.versions.finished import DESCRIPTION
from medner_assets.errors import MednerError
from medner_assets.modeling.base_revision import base_revision, is_base_of
from medner_assets.modeling.requirements import base_folder
from medner_assets.recipes.loading import (
    load_base_model,
    load_dataset,
    load_version,
    recipe_hash,
    version_names,
)
from medner_assets.recipes.replicates import version_and_index
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import VersionRecipe
from medner_assets.scoring.schemes import SCORER_VERSION
from medner_assets.warehouse.data_tables import DataTables

_LARGEST_BYTES = 64 * 2**20
"""Weights of a local base that are looked at; larger ones are compared when something runs."""


def changed_since(version: str, tables: DataTables) -> str:
    """Return what changed since a version was trained or evaluated, in one line; empty: nothing.

    Also empty for one that never was.

    Raises MednerError when its recipe cannot be read.
    """
    recipe = load_version(version)
    described = _description(paths.adapter(version))
    if described is None:
        return ""
    changed = _since_training(recipe, described, tables)
    if changed:
        return f"trained; {' and '.join(changed)} changed since: `medner train {version}`"
    if not tables.store().has("metrics", version):
        return ""
    generation = generation_id(described["weights_hash"], described["dataset_version"], recipe)
    written = existing(tables, recipe, version, generation)
    if written is not None:
        present = evaluation_id(written["generation_id"][0], recipe.repairs, str(SCORER_VERSION))
        if set(tables.read("metrics", version)["evaluation_id"]) == {present}:
            return ""
    return (
        "evaluated; weights, decoding, windows, post-processing or scorer changed since: "
        f"`medner evaluate {version}`"
    )


def _since_training(recipe: VersionRecipe, described: dict[str, Any], tables: DataTables) -> list[str]:
    base = load_base_model(recipe.base)
    revision, large = _revision(base)
    present = training_fingerprint(recipe, base, revision, described["dataset_version"])
    found = []
    if recipe.base_model != described["base_model"]:
        found = ["the base"]
    elif present != described["fingerprint"] and not large:
        found = ["the base" if _other_weights(base, described["base_revision"]) else "the recipe"]
    if recipe.dataset != described["dataset"] or _dataset_changed(recipe.dataset, described, tables):
        found.append("the dataset")
    return found


def _revision(base: BaseModelRecipe) -> tuple[str, bool]:
    """Return what pins a base, and whether it is too large to be looked at here."""
    folder = base_folder(base) if base.path is not None else None
    if folder is not None and sum(file.stat().st_size for file in folder.glob("*")) > _LARGEST_BYTES:
        return "", True
    return base_revision(base, folder), False


def _other_weights(base: BaseModelRecipe, trained_on: str) -> bool:
    if base.path is None:
        return base.revision != trained_on
    folder = base_folder(base)
    return folder is not None and not is_base_of(base, folder, trained_on)


def _dataset_changed(dataset: str, described: dict[str, Any], tables: DataTables) -> bool:
    if not tables.store().has("documents", dataset):
        return False
    built = str(tables.read("documents", dataset)["dataset_version"][0])
    state = source_state(load_dataset(dataset), paths.corpora())
    return built != described["dataset_version"] or not is_current(dataset, state, built)


def _description(folder: Path) -> dict[str, Any] | None:
    try:
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # never trained; of a broken folder its own run says what is wrong
    wanted = {"weights_hash", "fingerprint", "base_model", "base_revision", "dataset", "dataset_version"}
    return described if isinstance(described, dict) and wanted <= set(described) else None


def without_recipe(tables: DataTables) -> dict[str, str]:
    """Return the versions of which results stand but no recipe → what became of it, in one line."""
    store = tables.store()
    folders = {folder.name for folder in (paths.data() / "adapters").glob("[!.]*") if folder.is_dir()}
    made = {*folders, *store.keys("recipes"), *store.keys("adapters"), *store.keys("metrics")}
    known = set(version_names())
    gone = sorted({version_and_index(name)[0] for name in made if paths.is_name(name)} - known - {"_empty"})
    return {
        name: f"its results stand, but versions/{name}.yaml is gone: {_remedy(name, tables)}" for name in gone
    }


def _remedy(name: str, tables: DataTables) -> str:
    """Return what to do about a version without a recipe; names the version that has its settings now."""
    undo = f"put it back, or `medner forget {name}`"
    if not tables.store().has("recipes", name):
        return undo
    recorded = tables.read("recipes", name)["recipe_hash"][0]
    for other in version_names():
        try:
            if recipe_hash(load_version(other)) == recorded:
                return f"{other} states the same now; name the file {name} again, or train {other}"
        except MednerError:
            continue
    return undo
