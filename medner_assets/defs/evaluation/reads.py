"""The table `test_reads`: each time that a version's scores on a test split were looked at, and for what.

Whoever looks often finds something: the promotion counts how many candidates were tried against a champion.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from medner_assets import paths
from medner_assets.defs.resources import Warehouse
from medner_assets.locks import exclusive
from medner_assets.tables import TABLES

EVALUATION, PROMOTION = "evaluation", "promotion"


def reads_of(warehouse: Warehouse, version: str) -> pl.DataFrame:
    """Return the reads by a version, oldest first; none where it was never evaluated."""
    if not warehouse.store().has("test_reads", version):
        return pl.DataFrame(schema=TABLES["test_reads"].schema)
    return warehouse.read("test_reads", version).drop("model_version", strict=False)


def note_evaluation(warehouse: Warehouse, version: str, dataset: str, dataset_version: str, own: str) -> None:
    """Write that a version was scored on a test split; the same evaluation, made again, is one read."""
    row = {
        "purpose": EVALUATION,
        "dataset": dataset,
        "dataset_version": dataset_version,
        "evaluation_id": own,
    }
    _note(warehouse, version, row, ("purpose", "evaluation_id"))


def note_trial(
    warehouse: Warehouse, candidate: str, dataset: str, champion_sequence: int, evaluation: str, tried: int
) -> int:
    """Write that a candidate was tried against a champion; return its place among those tried, from 1.

    champion_sequence: the champion's row in `promotions`. evaluation: what the comparison rests on; the same
    one tried again keeps its place. tried: how many others were tried against this champion before.
    """
    row = {
        "purpose": PROMOTION, "dataset": dataset, "evaluation_id": evaluation,
        "champion_sequence": champion_sequence, "place": tried + 1,
    }  # fmt: skip
    return int(
        _note(warehouse, candidate, row, ("purpose", "dataset", "evaluation_id", "champion_sequence"))[
            "place"
        ]
    )


def tried_against(warehouse: Warehouse, versions: list[str], dataset: str, champion_sequence: int) -> int:
    """Return how many comparisons were tried against a champion so far, by any version."""
    return sum(
        reads_of(warehouse, version)
        .filter(
            (pl.col("purpose") == PROMOTION)
            & (pl.col("dataset") == dataset)
            & (pl.col("champion_sequence") == champion_sequence)
        )
        .height
        for version in versions
    )


def _note(
    warehouse: Warehouse, version: str, row: Mapping[str, Any], keys: tuple[str, ...]
) -> dict[str, Any]:
    """Add a row unless one with the same keys is there; return the one that stands."""
    with exclusive(paths.work(version, "reads") / "lock", f"a read of the test split by {version}"):
        reads = reads_of(warehouse, version)
        same = reads.filter(*(pl.col(key) == row[key] for key in keys))
        if same.height:
            return same.row(0, named=True)
        added = pl.DataFrame([{**row, "read_at": datetime.now(UTC)}], schema=TABLES["test_reads"].schema)
        warehouse.replace({"test_reads": pl.concat([reads, added])}, version)
        return added.row(0, named=True)
