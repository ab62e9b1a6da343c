"""What a report reads: rows for a version, its baseline, their dataset and its other versions."""

from collections.abc import Iterable

import polars as pl

from medner_assets import paths
from medner_assets.defs.partitions import readable_versions, versions_of_datasets
from medner_assets.defs.reporting.evaluations import replicate_scores
from medner_assets.defs.reporting.pairs import pair_rows
from medner_assets.defs.resources import Warehouse
from medner_assets.recipes.loading import load_dataset
from medner_assets.recipes.replicates import is_replicate
from medner_assets.reporting.inputs import (
    DATASET_TABLES,
    FAMILY_TABLES,
    PAIR_TABLES,
    ReportInputs,
    inputs_from_frames,
)
from medner_assets.tables import TABLES


def report_inputs(
    warehouse: Warehouse, version: str, baseline: str | None, dataset: str, comparisons: pl.DataFrame
) -> ReportInputs:
    """Return the inputs of a report. comparisons: rows of that table; none without a baseline."""
    pair = [name for name in (baseline, version) if name is not None]
    recipes = readable_versions()
    family = versions_of_datasets(recipes).get(dataset, set())
    tables = {
        **{name: rows_of(warehouse, name, [dataset]) for name in DATASET_TABLES},
        **{name: rows_of(warehouse, name, pair) for name in PAIR_TABLES},
        **{name: rows_of(warehouse, name, family | set(pair)) for name in FAMILY_TABLES},
    }
    tables["comparisons"] = comparisons.select(pl.lit(version).alias("model_version"), pl.all())
    for table in ("recipe_comparisons", "confidence_comparisons"):
        tables[table] = pair_rows(warehouse, version, baseline, table).select(
            pl.lit(version).alias("model_version"), pl.all()
        )
    missing = {name: missing_replicates(warehouse, name) for name in pair}
    stated = load_dataset(dataset)
    return inputs_from_frames(
        version,
        baseline,
        dataset,
        tables,
        stated.targets,
        {name: begun(name) for name in pair},
        missing,
        stated.margin,
    )


def missing_replicates(warehouse: Warehouse, version: str) -> tuple[str, ...]:
    """Return why declared replicates of a version do not count, a line each; none where none was trained."""
    if is_replicate(version):
        return ()
    scores, missing = replicate_scores(warehouse, version)
    return tuple(missing) if len(scores) > 1 else ()


def begun(version: str) -> int:
    """Return how many documents a generation under way has completed so far; 0: there is none."""
    partial = paths.work(version, "generation") / ".completions.jsonl.partial"
    try:
        # The first line says of which generation the others are; one without its end is being written.
        return max(partial.read_bytes().count(b"\n") - 1, 0)
    except FileNotFoundError:
        return 0


def rows_of(warehouse: Warehouse, table: str, keys: Iterable[str]) -> pl.DataFrame:
    """Return the partitions of a table that are there, with their key as first column; else no rows."""
    store, declared = warehouse.store(), TABLES[table]
    empty = pl.DataFrame(schema={declared.partition: pl.String(), **declared.schema})
    return pl.concat([empty, *(store.read(table, key) for key in sorted(keys) if store.has(table, key))])
