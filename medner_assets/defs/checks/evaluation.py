"""Checks of `metrics` and `comparison_report`: what was asked, what was expected, what must not get worse."""

import dagster as dg
import polars as pl

from medner_assets.defs.checks.expectations import headline_scores, missed_expectations, missed_targets
from medner_assets.defs.evaluation.metrics import metrics
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.partitions import VERSIONS
from medner_assets.defs.reporting.comparison import comparison_report
from medner_assets.defs.reporting.gathering import rows_of
from medner_assets.defs.reporting.pairs import pair_rows
from medner_assets.defs.resources import Warehouse
from medner_assets.recipes.loading import load_dataset, load_version
from medner_assets.reporting.questions import Questions
from medner_assets.reporting.sections.expectations import EXPECTATION_TABLES, expectations_section


@dg.asset_check(asset=metrics, partitions_def=VERSIONS)
@clear_failures()
def targets_met(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Final F1 of entities and relations reaches the dataset's targets."""
    targets = load_dataset(load_version(context.partition_key).dataset).targets
    scores = headline_scores(warehouse.read("metrics", context.partition_key))
    return warning(missed_targets(targets, scores), "both targets are reached")


@dg.asset_check(asset=metrics, partitions_def=VERSIONS)
@clear_failures()
def expectation_met(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Results, with their intervals, reach the conservative ranges that were written before training."""
    version = context.partition_key
    recipe = load_version(version)
    if recipe.expectation is None:
        return warning([], "not applicable: the recipe states no expectation")
    with Questions({name: rows_of(warehouse, name, [version]) for name in EXPECTATION_TABLES}) as ask:
        rows = expectations_section(ask, recipe.expectation, version)
    return warning(missed_expectations(rows), "every conservative range is reached")


@dg.asset_check(asset=comparison_report, partitions_def=VERSIONS)
@clear_failures()
def no_regression(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Neither headline F1 is significantly below the baseline's."""
    version = context.partition_key
    compared = pair_rows(warehouse, version, load_version(version).baseline)
    worse = compared.filter(pl.col("verdict") == "worse")
    return warning(
        [
            f"{row['task']} F1 is significantly worse than {row['baseline']}'s: {row['difference']:+.3f} "
            f"(95 % {row['low']:+.3f} to {row['high']:+.3f})"
            for row in worse.iter_rows(named=True)
        ],
        "no headline metric is significantly worse"
        if compared.height
        else "there is no baseline to compare with",
    )


def warning(missed: list[str], otherwise: str) -> dg.AssetCheckResult:
    """Return a check that warns when anything is missed."""
    return dg.AssetCheckResult(
        passed=not missed,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(missed) or otherwise,
    )
