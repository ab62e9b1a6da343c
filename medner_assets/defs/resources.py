"""Resources that every run shares: the tables of the warehouse."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from medner_assets import paths
from medner_assets.warehouse.store import Store
from medner_assets.warehouse.tables import TABLES


class Warehouse(dg.ConfigurableResource):
    """The tables below MEDNER_DATA; see `warehouse/tables.py` for what each holds."""

    def store(self) -> Store:
        """Return the store of the tables, each with at least its empty partition."""
        store = Store(paths.warehouse())
        store.initialise()
        return store

    def read(self, table: str, key: str) -> pl.DataFrame:
        """Return the rows of a partition, without its key; raise MednerError when it was never written."""
        return self.store().read(table, key).drop(TABLES[table].partition)

    def replace(self, frames: Mapping[str, pl.DataFrame], key: str) -> int:
        """Replace the partition `key` of every named table at once; return the number of rows written."""
        return self.store().replace_many(frames, key)


@dg.definitions
def resources() -> dg.Definitions:
    """Return the resources by the names that assets ask for, and the executor of all jobs."""
    # One process a run: killing its worker leaves no step behind, and no step pays for a start of its own.
    return dg.Definitions(resources={"warehouse": Warehouse()}, executor=dg.in_process_executor)
