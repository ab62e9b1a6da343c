"""The asset `champion`."""

import dagster as dg


@dg.asset(
    deps=["metrics"],
    group_name="reporting",
)
def champion() -> None:
    """Skeleton."""
    raise NotImplementedError
