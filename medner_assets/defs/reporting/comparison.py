"""The asset `comparison_report`."""

import dagster as dg

from medner_assets.defs.partitions import BASELINE_TO_REPORT, VERSIONS


@dg.asset(
    partitions_def=VERSIONS,
    deps=[dg.AssetDep("metrics", partition_mapping=BASELINE_TO_REPORT)],
    group_name="reporting",
)
def comparison_report() -> None:
    """Skeleton."""
    raise NotImplementedError
