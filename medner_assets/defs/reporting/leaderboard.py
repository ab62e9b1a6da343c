"""The asset `leaderboard`: all versions of each dataset, best relation F1 first."""

import dagster as dg

from medner_assets.defs.conditions import WHEN_INPUTS_CHANGE
from medner_assets.defs.datasets.audit import dataset_audit
from medner_assets.defs.evaluation.metrics import metrics
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.identity import combined
from medner_assets.defs.partitions import THAT_CAN_RUN
from medner_assets.defs.reporting.champion import champion
from medner_assets.defs.resources import Warehouse
from medner_assets.reporting.leaderboard import LEADERBOARD_TABLES, leaderboard_markdown, leaderboard_rows


@dg.asset(
    deps=[dg.AssetDep(metrics, partition_mapping=THAT_CAN_RUN), dataset_audit, champion],
    group_name="reporting",
    kinds={"markdown", "duckdb"},
    owners=["team:evaluation"],
    code_version="1",
    automation_condition=WHEN_INPUTS_CHANGE,
)
@clear_failures()
def leaderboard(warehouse: Warehouse) -> dg.MaterializeResult:
    """Every evaluated version of each dataset with intervals, beside what trivial rules reach.

    The same rows are the view `leaderboard` of the catalogue.
    """
    store = warehouse.store()
    rows = leaderboard_rows({table: store.read(table) for table in LEADERBOARD_TABLES})
    board = leaderboard_markdown(rows)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(combined(board)),
        metadata={"dagster/row_count": len(rows.rows), "leaderboard": dg.MetadataValue.md(board)},
    )
