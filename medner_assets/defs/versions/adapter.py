"""The asset `adapter`."""

import dagster as dg

from medner_assets.defs.partitions import DATASET_TO_VERSION, VERSIONS


@dg.asset(
    partitions_def=VERSIONS,
    deps=["recipe", dg.AssetDep("dataset", partition_mapping=DATASET_TO_VERSION)],
    group_name="versions",
)
def adapter() -> None:
    """Skeleton."""
    raise NotImplementedError
