"""Take rows out of the tables for good: whole partitions, or the rows of named documents, also of shards."""

from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

import polars as pl

from medner_assets.columns import PartitionKey
from medner_assets.paths import checked_name
from medner_assets.tables import TABLES
from medner_assets.warehouse.keeping import keeping_of, writing
from medner_assets.warehouse.partition_files import StagedFile, remove_stale_temporaries

DOCUMENT = "doc_id"
"""The column that names a document, in every table whose rows are of one."""


def partitions_of(root: Path, kind: PartitionKey, key: str) -> list[Path]:
    """Return the folders of all tables that hold rows of a dataset or a version, by table."""
    keeping_of(root).bring(checked_name(key))
    folders = (
        root / table.name / f"{kind}={checked_name(key)}"
        for table in TABLES.values()
        if table.partition == kind
    )
    return [folder for folder in folders if folder.is_dir()]


def rows_in(folder: Path, documents: Collection[str] = ()) -> int:
    """Return how many rows the files of a partition hold: all, or of `documents` where any are named."""
    return sum(_rows(file, documents) for file in _files(folder))


def remove_partition(root: Path, folder: Path) -> None:
    """Remove a partition with all that its writers have left. A query that runs meanwhile may fail."""
    table, key = _named_by(folder)
    with writing(root, key):
        keeping_of(root).remove(key, table)


def remove_documents(root: Path, folder: Path, documents: Collection[str]) -> int:
    """Rewrite the files of a partition without the rows of `documents`; return how many rows went.

    Each file is replaced whole: a reader sees it with those rows or without them.
    """
    table, key = _named_by(folder)
    removed = 0
    with writing(root, key), ExitStack() as stack:
        remove_stale_temporaries(folder)
        staged = {}
        for file in _files(folder):
            found = _rows(file, documents)
            if found:
                kept = _without(file, documents)
                staged[f"{table}/{file.name}"] = stack.enter_context(StagedFile(folder, kept, file.name))
                removed += found
        keeping_of(root).commit(key, staged, of_copy=True)
    return removed


def _named_by(folder: Path) -> tuple[str, str]:
    """Return table and key of a partition's folder."""
    return folder.parent.name, folder.name.partition("=")[2]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def _rows(file: Path, documents: Collection[str]) -> int:
    scanned = pl.scan_parquet(file, hive_partitioning=False)
    if documents:
        if DOCUMENT not in scanned.collect_schema():
            return 0
        scanned = scanned.filter(pl.col(DOCUMENT).is_in(list(documents)))
    return int(scanned.select(pl.len()).collect().item())


def _without(file: Path, documents: Collection[str]) -> pl.DataFrame:
    return pl.read_parquet(file, hive_partitioning=False).filter(~pl.col(DOCUMENT).is_in(list(documents)))
