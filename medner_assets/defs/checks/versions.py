"""Checks of `adapter` and `completions`."""

import dagster as dg

from medner_assets import paths
from medner_assets.defs.checks.weights import faults
from medner_assets.defs.evaluation.predictions import predictions
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.partitions import VERSIONS
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.adapter import adapter
from medner_assets.recipes.loading import load_version

LARGEST_UNPARSEABLE_SHARE = 0.05
"""Documents with a line that says nothing readable, or cut in the middle; more make scores hard to read."""


@dg.asset_check(asset=adapter, partitions_def=VERSIONS, blocking=True)
@clear_failures()
def adapter_is_sound(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """The finished adapter can be read, has its rank, is finite and learned something."""
    version = context.partition_key
    system = load_version(version).system
    if system != "lora":
        return dg.AssetCheckResult(passed=True, description=f"no adapter: system {system}")
    found = faults(paths.adapter(version))
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    again = f"run `medner train {version} --force`"
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"adapter {version}: {found[0]}{more}: {again}"
        if found
        else "finite, of the recipe's rank, not zero",
    )


@dg.asset_check(asset=predictions, partitions_def=VERSIONS)
@clear_failures()
def completions_parse(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Few completions have a line that cannot be read, or were cut at `max_new_tokens`."""
    written = warehouse.read("completions", context.partition_key)
    rejected = set(warehouse.read("rejected_lines", context.partition_key)["doc_id"])
    cut = set(written.filter(written["finish_reason"] == "length")["doc_id"])
    share = len(rejected | cut) / written.height
    return dg.AssetCheckResult(
        passed=share <= LARGEST_UNPARSEABLE_SHARE,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{share:.1%} of {written.height} completions have an unreadable line or were cut",
        metadata={"share": share, "with unreadable lines": len(rejected), "cut": len(cut)},
    )
