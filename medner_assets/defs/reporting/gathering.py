"""What a report reads: rows for a version, its baseline, their dataset and its other versions."""

import os
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from medner_assets import paths
from medner_assets.defs.partitions import readable_versions
from medner_assets.defs.resources import Warehouse
from medner_assets.recipes.loading import load_dataset
from medner_assets.reporting.inputs import (
    DATASET_TABLES,
    FAMILY_TABLES,
    PAIR_TABLES,
    ReportInputs,
    inputs_from_frames,
)
from medner_assets.warehouse.tables import TABLES


def report_inputs(
    warehouse: Warehouse, version: str, baseline: str | None, dataset: str, comparisons: pl.DataFrame
) -> ReportInputs:
    """Return the inputs of a report. comparisons: rows of that table; none without a baseline."""
    pair = [name for name in (baseline, version) if name is not None]
    family = {name for name, recipe in readable_versions().items() if recipe.dataset == dataset}
    tables = {
        **{name: rows_of(warehouse, name, [dataset]) for name in DATASET_TABLES},
        **{name: rows_of(warehouse, name, pair) for name in PAIR_TABLES},
        **{name: rows_of(warehouse, name, family | set(pair)) for name in FAMILY_TABLES},
    }
    tables["comparisons"] = comparisons.select(pl.lit(version).alias("model_version"), pl.all())
    return inputs_from_frames(version, baseline, dataset, tables, load_dataset(dataset).targets)


def rows_of(warehouse: Warehouse, table: str, keys: Iterable[str]) -> pl.DataFrame:
    """Return the partitions of a table that are there, with their key as first column; else no rows."""
    store, declared = warehouse.store(), TABLES[table]
    empty = pl.DataFrame(schema={declared.partition: pl.String(), **declared.schema})
    return pl.concat([empty, *(store.read(table, key) for key in sorted(keys) if store.has(table, key))])


def publish(name: str, html: str) -> Path:
    """Write a report so that a reader sees the old one or the new one; return its path."""
    folder = paths.private_folder(paths.reports())
    target = folder / name
    partial = folder / f".{name}.{os.getpid()}.partial"
    try:
        with partial.open("w", encoding="utf-8") as stream:
            partial.chmod(0o600)
            stream.write(html)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target
