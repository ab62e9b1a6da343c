"""The tables below MEDNER_DATA, for whoever has no run of Dagster's: commands and processes that must start
fast."""

from collections.abc import Mapping

import polars as pl

from medner_assets import paths
from medner_assets.tables import TABLES
from medner_assets.warehouse.store import Store


class DataTables:
    """The tables below MEDNER_DATA; see `tables.py` for what each holds. Holds nothing itself."""

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
        return self.store().replace(frames, key)
