"""The asset `dataset`: documents with their gold annotations."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)

from medner_assets import paths
from medner_assets.corpus.building import build_dataset
from medner_assets.corpus.frames import dataset_frames
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.partitions import DATASETS, FROM_DATASET_FILES
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.sources import is_current, remember, source_state
from medner_assets.recipes.loading import load_dataset


@dg.asset(
    partitions_def=DATASETS,
    deps=[FROM_DATASET_FILES],
    group_name="datasets",
    kinds={"polars", "parquet"},
    owners=["team:data"],
    code_version="1",
    metadata=table_metadata("documents", "gold_entities", "gold_relations", "import_problems"),
)
@clear_failures()
def dataset(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Documents of one dataset with gold entities and relations; its data version is a hash of the content.

    Read from corpus files or generated, as `recipes/datasets/<name>.yaml` says. What a reader cannot place is
    a row of `import_problems` and never dropped silently.
    """
    version, metadata = build(context.partition_key, warehouse)
    return dg.MaterializeResult(data_version=dg.DataVersion(version), metadata=metadata)


def build(name: str, warehouse: Warehouse) -> tuple[str, dict[str, Any]]:
    """Write a dataset into the warehouse; return its version and what Dagster shows of it."""
    recipe = load_dataset(name)
    # Before anything is read: a file that changes meanwhile is read again the next time.
    state = source_state(recipe, paths.corpora())
    frames = dataset_frames(build_dataset(recipe, paths.corpora()))
    version = str(frames["documents"]["dataset_version"][0])
    rows = warehouse.replace(frames, name)
    remember(name, state, version)
    return version, {
        "dagster/row_count": rows,
        "recipe_hash": state.recipe_hash,
        "licence": recipe.licence,
        **{table: frame.height for table, frame in frames.items()},
        "splits": dg.MetadataValue.md(counts_by_split(frames)),
    }


def build_unless_current(context: dg.AssetExecutionContext, name: str, warehouse: Warehouse) -> None:
    """Build a dataset that was never built, or whose recipe or files changed since.

    So one version can be run whole, from a bare checkout or after an edit. The run's log and the dataset's
    own page show it.
    """
    if warehouse.store().has("documents", name):
        built = warehouse.read("documents", name)["dataset_version"][0]
        if is_current(name, source_state(load_dataset(name), paths.corpora()), built):
            return
        context.log.info(f"recipe or files of dataset {name} changed since it was built: building it first")
    else:
        context.log.info(f"dataset {name} has not been built yet: building it first")
    version, metadata = build(name, warehouse)
    tags = {DATA_VERSION_TAG: version, **_made_from(context.instance, name)}
    context.log_event(dg.AssetMaterialization("dataset", partition=name, metadata=metadata, tags=tags))


def _made_from(instance: dg.DagsterInstance, name: str) -> dict[str, str]:
    """Return what Dagster itself notes of a materialisation: code, and the files as they were seen."""
    files = dg.AssetKey("dataset_files")
    seen = instance.get_latest_data_version_record(files, is_source=True, partition_key=name)
    observed = seen.event_log_entry.asset_observation if seen is not None else None
    if seen is None or observed is None:
        return {}
    return {
        CODE_VERSION_TAG: "1",
        DATA_VERSION_IS_USER_PROVIDED_TAG: "true",
        get_input_data_version_tag(files): observed.tags[DATA_VERSION_TAG],
        get_input_event_pointer_tag(files): str(seen.storage_id),
    }


def counts_by_split(frames: Mapping[str, pl.DataFrame]) -> str:
    """Return documents, mentions and relations of each split as a GFM table."""
    lines = ["| split | documents | entities | relations |", "|---|--:|--:|--:|"]
    tables = ("documents", "gold_entities", "gold_relations")
    for split in ("train", "dev", "test"):
        counts = [frames[table].filter(pl.col("split") == split).height for table in tables]
        lines.append(f"| {split} | {counts[0]:,} | {counts[1]:,} | {counts[2]:,} |")
    return "\n".join(lines)
