"""What versions and datasets are made from, as it stands in files: two assets that nobody materialises.

Their data versions are noted when the UI starts, on "Reload definitions", and when a run begins: an edited
recipe then shows as unsynced in all that was made from it, before anything runs. Only names, sizes and times
of large files are looked at.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import dagster as dg

from medner_assets import paths
from medner_assets.defs.obstacles import lack_of
from medner_assets.defs.partitions import DATASET_NAMES, VERSION_NAMES
from medner_assets.defs.sources import known_files, source_state
from medner_assets.errors import MednerError
from medner_assets.modeling.base_revision import base_revision
from medner_assets.modeling.requirements import base_folder
from medner_assets.recipes.loading import (
    dataset_names,
    load_base_model,
    load_dataset,
    load_version,
    recipe_hash,
    version_names,
)
from medner_assets.recipes.replicates import version_and_index
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import VersionRecipe

DATA_VERSION_TAG = "dagster/data_version"
_HASHED_BYTES = 64 * 2**20
"""A local base up to this size counts by its content, a larger one by names, sizes and times of its files."""

version_files = dg.AssetSpec(
    "version_files",
    partitions_def=VERSION_NAMES,
    group_name="files",
    kinds={"yaml"},
    owners=["team:modeling"],
    description=(
        "What decides a version, as it stands in files: its recipe with its baselines', its base, its "
        "dataset's recipe and corpus. Nobody materialises it. It is looked at when the UI starts, on "
        '"Reload definitions" and when a run begins; what was made from another state shows as unsynced.'
    ),
)
dataset_files = dg.AssetSpec(
    "dataset_files",
    partitions_def=DATASET_NAMES,
    group_name="files",
    kinds={"yaml"},
    owners=["team:data"],
    description=(
        "What a dataset is made from: its recipe, and name, size and time of its corpus files. Nobody "
        "materialises it; see version_files."
    ),
)


def note_all(instance: dg.DagsterInstance) -> int:
    """Note every version's and dataset's files where they changed; return how many did."""
    return _noted(instance, version_files.key, version_names(), version_state) + _noted(
        instance, dataset_files.key, dataset_names(), dataset_state
    )


def note_of_run(instance: dg.DagsterInstance, partition: str) -> None:
    """Note the files of the version or dataset that a run is of, before its steps read them."""
    name = version_and_index(partition)[0]
    if name in version_names():
        _noted(instance, version_files.key, [name], version_state)
        try:
            datasets = [load_version(name).dataset]
        except MednerError:
            datasets = []  # the run fails with this reason
    else:
        datasets = [partition]
    known = [name for name in datasets if name in dataset_names()]
    _noted(instance, dataset_files.key, known, dataset_state)


def version_state(version: str) -> tuple[str, dict[str, str]]:
    """Return the data version of a version's files, and what to show of them."""
    try:
        recipe = load_version(version)
        of_base, of_dataset = _base_state(recipe), dataset_state(recipe.dataset)[0]
        lacks = lack_of(version) or "nothing"
    except (MednerError, OSError) as error:
        return _digest("unreadable", str(error)), {"problem": str(error)}
    digest = _digest(recipe_hash(recipe), *of_base, of_dataset)
    return digest, {
        "summary": recipe.summary,
        "baseline": recipe.baseline or "none",
        "base": recipe.base_model or "none",
        "dataset": recipe.dataset,
        "lacks here": lacks,
    }


def _base_state(recipe: VersionRecipe) -> tuple[str, ...]:
    """Return what a version's base adds to its data version; nothing for answers from a file."""
    if recipe.base_model is None:
        return ()
    base = load_base_model(recipe.base_model)
    return recipe_hash(base), _base_files(base)


def dataset_state(dataset: str) -> tuple[str, dict[str, str]]:
    """Return the data version of a dataset's files, and what to show of them."""
    try:
        recipe = load_dataset(dataset)
        state = source_state(recipe, paths.corpora())
    except MednerError as error:
        return _digest("unreadable", str(error)), {"problem": str(error)}
    shown = {"summary": recipe.summary, "files that are not there": ", ".join(state.missing) or "none"}
    return _digest(state.recipe_hash, known_files(dataset, state)), shown


def _noted(
    instance: dg.DagsterInstance,
    asset: dg.AssetKey,
    names: Iterable[str],
    state: Callable[[str], tuple[str, dict[str, str]]],
) -> int:
    changed = 0
    for name in names:
        digest, shown = state(name)
        last = instance.get_latest_data_version_record(asset, is_source=True, partition_key=name)
        observed = last.event_log_entry.asset_observation if last is not None else None
        if observed is not None and observed.tags.get(DATA_VERSION_TAG) == digest:
            continue
        changed += 1
        # The first is what Dagster compares; the second is what it shows on the page of a partition.
        for kind in (dg.AssetObservation, dg.AssetMaterialization):
            instance.report_runless_asset_event(
                kind(asset, partition=name, metadata=dict(shown), tags={DATA_VERSION_TAG: digest})
            )
    return changed


def _base_files(base: BaseModelRecipe) -> str:
    folder = base_folder(base) if base.path is not None else None
    if folder is None:
        return base.revision or ""
    files = sorted(folder.glob("*"))
    if sum(file.stat().st_size for file in files) <= _HASHED_BYTES:
        return base_revision(base, folder)
    return _digest(*(_seen(file) for file in files))


def _seen(file: Path) -> str:
    status = file.stat()
    return f"{file.name}/{status.st_size}/{status.st_mtime_ns}"


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
