"""The asset `recipe`: a version's settings, with its baseline's filled in."""

import dagster as dg
import polars as pl

from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.partitions import FROM_FILES, VERSIONS
from medner_assets.defs.resources import Warehouse
from medner_assets.recipes.loading import flattened, load_version, recipe_hash
from medner_assets.recipes.version import VersionRecipe
from medner_assets.scoring.statistics.power import planned
from medner_assets.tables import TABLES


@dg.asset(
    partitions_def=VERSIONS,
    deps=[FROM_FILES],
    group_name="versions",
    kinds={"yaml", "parquet"},
    owners=["team:modeling"],
    code_version="1",
    metadata=table_metadata("recipes"),
)
@clear_failures()
def recipe(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Settings of a version as its file and its baselines state them; its data version is their hash.

    The marker by which everything downstream of a changed recipe shows as stale, one version at a time.
    """
    resolved = load_version(context.partition_key)
    settings = flattened(resolved)
    digest = recipe_hash(resolved)
    rows = pl.DataFrame(
        {"setting": settings.keys(), "value": settings.values(), "recipe_hash": digest},
        schema=TABLES["recipes"].schema,
    )
    count = warehouse.replace({"recipes": rows}, context.partition_key)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(digest),
        metadata={
            "dagster/row_count": count,
            "summary": resolved.summary,
            "baseline": resolved.baseline or "none",
            "dataset": resolved.dataset,
            "recipe_hash": digest,
            "can find": "; ".join(what_it_can_find(warehouse, resolved)),
        },
    )


def what_it_can_find(warehouse: Warehouse, recipe: VersionRecipe) -> tuple[str, ...]:
    """Return the smallest difference that the test split can find, in sentences, before any training."""
    if not warehouse.store().has("documents", recipe.dataset):
        return (f"not known before dataset {recipe.dataset} is built",)
    test = warehouse.read("documents", recipe.dataset).filter(pl.col("split") == "test")
    held = test.join(warehouse.read("gold_entities", recipe.dataset), on="doc_id", how="semi")
    return planned(held["group_id"].n_unique(), recipe.replicates)
