"""Partition keys and the mappings between them, all derived from the recipe files.

A version file that cannot be read keeps its partition, so that its own runs fail with the reason and every
other version goes on working; only its place in the mappings is unknown until the file is corrected.
"""

from collections import defaultdict
from pathlib import Path

import dagster as dg

from medner_assets.errors import MednerError
from medner_assets.paths import RECIPES
from medner_assets.recipes.loading import dataset_names, load_version, version_names
from medner_assets.recipes.replicates import names_of
from medner_assets.recipes.settings import VersionRecipe


def readable_versions(folder: Path = RECIPES) -> dict[str, VersionRecipe]:
    """Return the recipe of every version whose file, and whose baselines' files, can be read."""
    recipes = {}
    for name in version_names(folder):
        try:
            recipes[name] = load_version(name, folder)
        except MednerError:
            # Its own `recipe` partition fails with this message; here it must not take the others down.
            continue
    return recipes


def versions_of_datasets(recipes: dict[str, VersionRecipe]) -> dict[str, set[str]]:
    """Return dataset → the partitions that are trained and evaluated on it, replicates among them."""
    versions: dict[str, set[str]] = defaultdict(set)
    for name, recipe in recipes.items():
        versions[recipe.dataset].update(replicates_of(recipes, name))
    return dict(versions)


def replicates_of(recipes: dict[str, VersionRecipe], name: str) -> tuple[str, ...]:
    """Return the partitions of a version: itself, and its replicates where its recipe can be read."""
    return names_of(name, recipes[name].replicates) if name in recipes else (name,)


def compared_with(recipes: dict[str, VersionRecipe]) -> dict[str, set[str]]:
    """Return partition → the versions whose report reads its metrics: its own, and whoever is compared to it.

    A report is that of a version and covers the replicates of both sides; a replicate alone has none.
    """
    readers = {name: {name} for name in recipes}
    for name, recipe in recipes.items():
        if recipe.baseline is not None and recipe.baseline in readers:
            readers[recipe.baseline].add(name)
    return {each: readers[name] for name in recipes for each in replicates_of(recipes, name)}


_RECIPES = readable_versions()

VERSIONS = dg.StaticPartitionsDefinition(
    [each for name in version_names() for each in replicates_of(_RECIPES, name)]
)
DATASETS = dg.StaticPartitionsDefinition(dataset_names())
DATASET_TO_VERSION = dg.StaticPartitionMapping(versions_of_datasets(_RECIPES))
BASELINE_TO_REPORT = dg.StaticPartitionMapping(compared_with(_RECIPES))
