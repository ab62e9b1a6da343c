"""The asset `completions`."""

import dagster as dg

from medner_assets.defs.partitions import VERSIONS


@dg.asset(
    partitions_def=VERSIONS,
    deps=["adapter"],
    group_name="versions",
)
def completions() -> None:
    """Skeleton."""
    raise NotImplementedError
