"""The asset `leaderboard`."""

import dagster as dg


@dg.asset(
    deps=["metrics", "dataset_audit"],
    group_name="reporting",
)
def leaderboard() -> None:
    """Skeleton."""
    raise NotImplementedError
