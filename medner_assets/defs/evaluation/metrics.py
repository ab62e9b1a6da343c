"""The asset `metrics`."""

import dagster as dg

from medner_assets.defs.partitions import VERSIONS


@dg.asset(
    partitions_def=VERSIONS,
    deps=["predictions"],
    group_name="evaluation",
)
def metrics() -> None:
    """Skeleton."""
    raise NotImplementedError
