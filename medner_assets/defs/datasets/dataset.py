"""The asset `dataset`: documents with their gold annotations."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from medner_assets import paths
from medner_assets.corpus.building import build_dataset
from medner_assets.corpus.frames import dataset_frames
from medner_assets.defs.datasets.sources import remember, source_state
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.partitions import DATASETS
from medner_assets.defs.resources import Warehouse
from medner_assets.recipes.loading import load_dataset

DATA_VERSION_TAG = "dagster/data_version"


@dg.asset(
    partitions_def=DATASETS,
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


def build_if_missing(context: dg.AssetExecutionContext, name: str, warehouse: Warehouse) -> None:
    """Build a dataset that was never built, so that one version can be run whole from a bare checkout.

    The run's log and the dataset's own page show it. A dataset that is there is left as it is.
    """
    if warehouse.store().has("documents", name):
        return
    context.log.info(f"dataset {name} has not been built yet: building it first")
    version, metadata = build(name, warehouse)
    context.log_event(
        dg.AssetMaterialization(
            "dataset", partition=name, metadata=metadata, tags={DATA_VERSION_TAG: version}
        )
    )


def counts_by_split(frames: Mapping[str, pl.DataFrame]) -> str:
    """Return documents, mentions and relations of each split as a GFM table."""
    lines = ["| split | documents | entities | relations |", "|---|--:|--:|--:|"]
    tables = ("documents", "gold_entities", "gold_relations")
    for split in ("train", "dev", "test"):
        counts = [frames[table].filter(pl.col("split") == split).height for table in tables]
        lines.append(f"| {split} | {counts[0]:,} | {counts[1]:,} | {counts[2]:,} |")
    return "\n".join(lines)
