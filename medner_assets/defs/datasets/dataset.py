"""The asset `dataset`: documents with their gold annotations."""

import dagster as dg

from medner_assets import paths
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.partitions import DATASETS
from medner_assets.defs.resources import Warehouse
from medner_assets.recipes.loading import load_dataset, recipe_hash


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
    from medner_assets.corpus.building import build_dataset
    from medner_assets.corpus.frames import dataset_frames
    from medner_assets.corpus.hashing import content_hash

    recipe = load_dataset(context.partition_key)
    built = build_dataset(recipe, paths.corpora())
    version = content_hash(built.documents, built.symmetric_types)
    frames = dataset_frames(built)
    rows = warehouse.replace(frames, context.partition_key)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={"dagster/row_count": rows, "recipe_hash": recipe_hash(recipe)},
    )
