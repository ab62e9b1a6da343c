"""Checks of `dataset` and `dataset_audit`."""

import dagster as dg
import polars as pl

from medner_assets.defs.datasets.audit import dataset_audit
from medner_assets.defs.datasets.dataset import dataset
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.gates import GateVerdict, leakage_gate, placement_gate, refusal
from medner_assets.defs.partitions import DATASETS
from medner_assets.defs.resources import Warehouse
from medner_assets.recipes.loading import load_dataset

SOUND_VERDICTS = ("learnable", "weak")
"""Verdicts under which a score can say something about reading."""


@dg.asset_check(asset=dataset, partitions_def=DATASETS, blocking=True)
@clear_failures()
def offsets_and_ids(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Every mention is at its offsets, ids are distinct, and relations have their arguments."""
    name, tables = context.partition_key, ("documents", "gold_entities", "gold_relations")
    return result_of(name, placement_gate(*(warehouse.read(table, name) for table in tables)))


@dg.asset_check(asset=dataset, partitions_def=DATASETS, blocking=True)
@clear_failures()
def split_leakage(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> dg.AssetCheckResult:
    """No test document shares its text or its group with train, beyond what the recipe accepts."""
    name = context.partition_key
    accepted = load_dataset(name).accepted_leakage
    return result_of(name, leakage_gate(warehouse.read("documents", name), accepted))


@dg.asset_check(asset=dataset_audit, partitions_def=DATASETS)
@clear_failures()
def audit_verdict(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> dg.AssetCheckResult:
    """A score on this dataset says something about reading: its relations follow the text."""
    audits = warehouse.read("audits", context.partition_key)
    verdict = audits.filter(pl.col("figure") == "verdict")["detail"][0]
    reasons = audits.filter(pl.col("figure") == "reason")["detail"].to_list()
    return dg.AssetCheckResult(
        passed=verdict in SOUND_VERDICTS,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{verdict}: {'; '.join(reasons)}" if reasons else verdict,
    )


def result_of(dataset: str, gate: GateVerdict) -> dg.AssetCheckResult:
    """Return a gate's verdict as Dagster shows it."""
    return dg.AssetCheckResult(
        passed=gate.passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description="holds" if gate.passed else refusal(dataset, gate),
        metadata=dict(gate.figures),
    )
