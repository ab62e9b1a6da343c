"""The asset `leaderboard`: all versions of each dataset, best relation F1 first."""

from typing import Any

import dagster as dg
import polars as pl

from medner_assets.defs.conditions import WHEN_INPUTS_CHANGE
from medner_assets.defs.datasets.audit import dataset_audit
from medner_assets.defs.evaluation.metrics import metrics
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.identity import combined
from medner_assets.defs.partitions import THAT_CAN_RUN
from medner_assets.defs.reporting.champion import champion
from medner_assets.defs.resources import Warehouse
from medner_assets.reporting.charts import markdown_image, standalone
from medner_assets.reporting.leaderboard import (
    LEADERBOARD_TABLES,
    leaderboard_markdown,
    leaderboard_rows,
    trivial_readers,
)
from medner_assets.reporting.questions import Answer
from medner_assets.reporting.spread import rungs, spread_chart, spreads
from medner_assets.scoring.schemes import HEADLINES


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

    The same rows are the view `leaderboard` of the catalogue. The plots show F1 by version, with the mean,
    the standard deviation and the count of its trainings.
    """
    store = warehouse.store()
    tables = {table: store.read(table) for table in LEADERBOARD_TABLES}
    rows = leaderboard_rows(tables)
    board = leaderboard_markdown(rows)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(combined(board)),
        metadata={
            "dagster/row_count": len(rows.rows),
            "leaderboard": dg.MetadataValue.md(board),
            **plots(tables["metrics"], rows, trivial_readers(tables)),
        },
    )


def plots(metrics: pl.DataFrame, rows: Answer, readers: Answer) -> dict[str, dg.MetadataValue[Any]]:
    """Return a picture a dataset and task, as Dagster shows it: versions and trivial readers on one scale."""
    found: dict[str, dg.MetadataValue[Any]] = {}
    for dataset in dict.fromkeys(str(row["dataset"]) for row in rows.rows):
        for task, _ in HEADLINES:
            title = f"{task} F1 on {dataset}, test split, % (mean ± SD over trainings)"
            ladder = [*spreads(metrics, rows.rows, dataset, task), *rungs(readers.rows, dataset, task)]
            picture = spread_chart(title, ladder, task)
            if picture:
                shown = markdown_image(standalone(picture), f"{task} F1 by version on {dataset}")
                found[f"{task} F1 by version, {dataset}"] = dg.MetadataValue.md(shown)
    return found
