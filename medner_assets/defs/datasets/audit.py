"""The asset `dataset_audit`: what a dataset can and cannot teach, before anything is trained."""

import dagster as dg

from medner_assets.defs.datasets.dataset import dataset
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.partitions import DATASETS
from medner_assets.defs.resources import Warehouse


@dg.asset(
    partitions_def=DATASETS,
    deps=[dataset],
    group_name="datasets",
    kinds={"polars", "parquet"},
    owners=["team:data"],
    code_version="1",
    metadata=table_metadata("audits"),
)
@clear_failures()
def dataset_audit(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Trivial baselines, the ceiling of the labels, leaks, and whether the labels follow the text."""
    raise NotImplementedError
