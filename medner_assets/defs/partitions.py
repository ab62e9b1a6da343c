"""Partition keys and the mappings between them, derived from the recipe files and from what can run here.

A version file that cannot be read keeps its partition, so that its own runs fail with the reason and every
other version goes on working; only its place in the mappings is unknown until the file is corrected. A
version or dataset that cannot be made on this machine, and of which nothing stands here, has none:
"Materialize all" would fail at it. `LEFT_OUT` says why, and so does the asset of its files.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from pathlib import Path

import dagster as dg

from medner_assets.defs.obstacles import lack_of, lack_of_dataset, was_made
from medner_assets.errors import MednerError
from medner_assets.paths import RECIPES
from medner_assets.recipes.loading import dataset_names, load_version, version_names
from medner_assets.recipes.replicates import names_of
from medner_assets.recipes.version import VersionRecipe


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


def cut_to(mapping: Mapping[str, Set[str]], upstream: Set[str], downstream: Set[str]) -> dict[str, set[str]]:
    """Return a mapping of partitions without those that have none here."""
    cut = {key: set(keys) & downstream for key, keys in mapping.items() if key in upstream}
    return {key: keys for key, keys in cut.items() if keys}


def lacking(names: Iterable[str], lack: Callable[[str], str | None]) -> dict[str, str]:
    """Return name → what this machine lacks for it; what a broken recipe lacks is not known."""
    found = {}
    for name in names:
        try:
            reason = lack(name)
        except MednerError:
            continue
        if reason is not None:
            found[name] = reason
    return found


_RECIPES = readable_versions()
_REPLICATES = {name: replicates_of(_RECIPES, name) for name in version_names()}
_LACKING = lacking(_RECIPES, lack_of)

LEFT_OUT = {name: reason for name, reason in _LACKING.items() if not was_made(name)}
"""Versions that have no partition here → why, in one line."""
LEFT_OUT_DATASETS = lacking(dataset_names(), lack_of_dataset)
"""Datasets that have no partition here → why, in one line."""

VERSION_NAMES = dg.StaticPartitionsDefinition(version_names())
"""All versions that have a file."""
DATASET_NAMES = dg.StaticPartitionsDefinition(dataset_names())
"""All datasets that have a file."""
VERSIONS = dg.StaticPartitionsDefinition(
    [each for name, each_of in _REPLICATES.items() if name not in LEFT_OUT for each in each_of]
)
DATASETS = dg.StaticPartitionsDefinition([name for name in dataset_names() if name not in LEFT_OUT_DATASETS])

_VERSIONS, _DATASETS = set(VERSIONS.get_partition_keys()), set(DATASETS.get_partition_keys())
DATASET_TO_VERSION = dg.StaticPartitionMapping(cut_to(versions_of_datasets(_RECIPES), _DATASETS, _VERSIONS))
BASELINE_TO_REPORT = dg.StaticPartitionMapping(cut_to(compared_with(_RECIPES), _VERSIONS, _VERSIONS))
FILES_TO_VERSION = dg.StaticPartitionMapping(
    cut_to({name: set(each_of) for name, each_of in _REPLICATES.items()}, set(version_names()), _VERSIONS)
)
FROM_FILES = dg.AssetDep("version_files", partition_mapping=FILES_TO_VERSION)
"""What every asset of a version is made from, besides other assets."""
FROM_DATASET_FILES = dg.AssetDep(
    "dataset_files", partition_mapping=dg.StaticPartitionMapping({name: {name} for name in _DATASETS})
)
THAT_CAN_RUN = dg.SpecificPartitionsPartitionMapping(
    [each for name in _RECIPES if name not in _LACKING for each in _REPLICATES[name]]
)
"""The versions that the leaderboard and the promotion wait for in a run of everything."""
