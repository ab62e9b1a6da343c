"""The table `comparisons`: a version against its recipe's baseline, and against others that were asked for.

Rows of every pair stay until one of its two evaluations is replaced, so that each number of each report that
stands in the folder is a row that SQL finds.
"""

from collections.abc import Mapping

import polars as pl

from medner_assets import paths
from medner_assets.defs.resources import Warehouse
from medner_assets.locks import exclusive
from medner_assets.tables import TABLES


def keep_pair(
    warehouse: Warehouse, version: str, baseline: str | None, tables: Mapping[str, pl.DataFrame]
) -> int:
    """Make `tables` those of the pair, beside the rows of the version's other pairs; return how many rows.

    tables: comparisons (of adapters), recipe_comparisons or confidence_comparisons. baseline: None: the
    version names none, and the tables are empty. Rows of other pairs whose evaluations are not the present
    ones are dropped: their reports are of scores that are gone.
    """
    with exclusive(paths.work(version, "comparison") / "lock", f"a comparison of {version}"):
        kept = {}
        for table, rows in tables.items():
            pairs = existing_pairs(warehouse, version, table).group_by("baseline", maintain_order=True)
            others = [
                own
                for (other,), own in pairs
                if other != baseline and is_present(warehouse, version, str(other), own)
            ]
            kept[table] = pl.concat([rows, *others])
        warehouse.replace(kept, version)
    return sum(rows.height for rows in tables.values())


def existing_pairs(warehouse: Warehouse, version: str, table: str = "comparisons") -> pl.DataFrame:
    """Return the rows of a version, all its pairs; none where none was written.

    table: one of those of `keep_pair`.
    """
    if not warehouse.store().has(table, version):
        return pl.DataFrame(schema=TABLES[table].schema)
    return warehouse.read(table, version)


def pair_rows(
    warehouse: Warehouse, version: str, baseline: str | None, table: str = "comparisons"
) -> pl.DataFrame:
    """Return the rows of one pair; none where there are none."""
    return existing_pairs(warehouse, version, table).filter(pl.col("baseline") == (baseline or ""))


def is_present(warehouse: Warehouse, version: str, baseline: str, rows: pl.DataFrame) -> bool:
    """Tell whether rows of a pair are of the evaluations that stand in the warehouse now."""
    written = rows.select("evaluation_id", "baseline_evaluation_id").unique().rows()
    present = tuple(_evaluations(warehouse, name) for name in (version, baseline))
    return [({own}, {other}) for own, other in written] == [present]


def _evaluations(warehouse: Warehouse, version: str) -> set[str]:
    if not warehouse.store().has("metrics", version):
        return set()
    return set(warehouse.read("metrics", version)["evaluation_id"].unique())
