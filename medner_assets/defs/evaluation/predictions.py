"""The asset `predictions`."""

import dagster as dg

from medner_assets.defs.partitions import VERSIONS


@dg.asset(
    partitions_def=VERSIONS,
    deps=["completions"],
    group_name="evaluation",
)
def predictions() -> None:
    """Skeleton."""
    raise NotImplementedError
