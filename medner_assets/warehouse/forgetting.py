"""Take rows out of the tables for good: whole partitions, or the rows of named documents, also of shards."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

import polars as pl

from medner_assets.columns import PartitionKey
from medner_assets.files import sync
from medner_assets.locks import exclusive
from medner_assets.paths import checked_name
from medner_assets.tables import TABLES
from medner_assets.warehouse.partition_files import remove_stale_temporaries

DOCUMENT = "doc_id"
"""The column that names a document, in every table whose rows are of one."""


def partitions_of(root: Path, kind: PartitionKey, key: str) -> list[Path]:
    """Return the folders of all tables that hold rows of a dataset or a version, by table."""
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
    with exclusive(root / "_locks" / folder.name.partition("=")[2], "writing", None):
        shutil.rmtree(folder)
        sync(folder.parent)


def remove_documents(root: Path, folder: Path, documents: Collection[str]) -> int:
    """Rewrite the files of a partition without the rows of `documents`; return how many rows went.

    Each file is replaced whole: a reader sees it with those rows or without them.
    """
    removed = 0
    with exclusive(root / "_locks" / folder.name.partition("=")[2], "writing", None):
        remove_stale_temporaries(folder)
        for file in _files(folder):
            found = _rows(file, documents)
            if found:
                _rewrite(file, documents)
                removed += found
        sync(folder)
    return removed


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def _rows(file: Path, documents: Collection[str]) -> int:
    scanned = pl.scan_parquet(file, hive_partitioning=False)
    if documents:
        if DOCUMENT not in scanned.collect_schema():
            return 0
        scanned = scanned.filter(pl.col(DOCUMENT).is_in(list(documents)))
    return int(scanned.select(pl.len()).collect().item())


def _rewrite(file: Path, documents: Collection[str]) -> None:
    kept = pl.read_parquet(file, hive_partitioning=False).filter(~pl.col(DOCUMENT).is_in(list(documents)))
    draft = file.with_name(f".{file.name}.forgetting")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            kept.write_parquet(stream, compression="zstd", statistics=True)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
