"""The asset `recipe`."""

import dagster as dg

from medner_assets.defs.partitions import VERSIONS


@dg.asset(
    partitions_def=VERSIONS,
    deps=[],
    group_name="versions",
)
def recipe() -> None:
    """Skeleton."""
    raise NotImplementedError
