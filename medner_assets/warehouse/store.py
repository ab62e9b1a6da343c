"""The tables on disk: `<root>/<table>/<partition>=<key>/part-0.parquet`, each partition replaced whole.

A reader sees the old rows or the new, never half and never none. Nothing is cast: a frame that does not have
exactly the declared columns and types is refused. Folders are 0700 and files 0600. Where MEDNER_DATA is an
object store, the folder is this machine's copy of it; see `keeping.py`.
"""

import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import polars as pl

from medner_assets.columns import Table
from medner_assets.errors import MednerError
from medner_assets.files import publish_file, write_private
from medner_assets.layout import marked, require_known
from medner_assets.paths import checked_name, is_name, private_folder
from medner_assets.tables import TABLES
from medner_assets.warehouse.keeping import Keeping, keeping_of, partition_folder, writing
from medner_assets.warehouse.partition_files import PART, StagedFile

_LAYOUT = "_layout.json"
EMPTY = "_empty"
"""The partition without rows in every table, so that each view finds a file. No valid key looks like it."""


class Store:
    """Reads and replaces partitions below `root`. Holds no file open; many processes may use one root."""

    def __init__(self, root: Path, keeping: Keeping | None = None) -> None:
        """keeping: where the partitions are kept, as MEDNER_DATA says unless given."""
        self.root = root
        self._given = keeping

    def initialise(self) -> str:
        """Put an empty typed file into every table that lacks it or has one of other columns; repeatable.

        Return which medner began these tables; raises MednerError where they are of a later layout.
        """
        private_folder(self.root)
        begun_by = self._require_layout()
        for table in TABLES.values():
            folder = self._partition(table, EMPTY)
            file = folder / PART
            if file.exists() and _schema_of(file) == table.schema:
                continue
            with StagedFile(folder, pl.DataFrame(schema=table.schema)) as staged:
                staged.publish()
        return begun_by

    @cached_property
    def _keeping(self) -> Keeping:
        """What keeps the partitions; a session that only looks at the folder opens no bucket."""
        return self._given or keeping_of(self.root)

    def bring(self) -> None:
        """Let the folder hold what other machines have written, where an object store keeps the tables."""
        self._keeping.bring()

    def replace(self, frames: Mapping[str, pl.DataFrame], key: str) -> int:
        """Replace the partition `key` of several tables; return the number of rows in all.

        All frames are checked and written before the first takes its place, and two writers of one key take
        turns, so the tables of one writer stand together. A power cut between two renames can leave tables of
        two evaluations side by side: their `evaluation_id` differs, so no view joins them; a re-run fixes it.
        In an object store they change at once; raises MednerError where another machine was first.
        """
        checked_name(key)
        checked = {_table(name).name: _checked(_table(name), frame) for name, frame in frames.items()}
        with ExitStack() as stack:
            staged = {
                f"{name}/{PART}": stack.enter_context(StagedFile(self._partition(_table(name), key), frame))
                for name, frame in checked.items()
            }
            stack.enter_context(writing(self.root, key))
            self._keeping.commit(key, staged)
        return sum(frame.height for frame in checked.values())

    def read(self, table: str, key: str | None = None) -> pl.DataFrame:
        """Return one partition, or all, as a frame: the partition key first, then the declared columns.

        Raises MednerError when the partition is not there: an empty frame means that it was written empty.
        """
        declared = _table(table)
        if key is not None:
            self._keeping.bring(checked_name(key))
            return self._read(declared, key)
        parts = [self._read(declared, each) for each in self.keys(table)]
        empty = pl.DataFrame(schema={declared.partition: pl.String(), **declared.schema})
        return pl.concat([empty, *parts])

    def has(self, table: str, key: str) -> bool:
        """Tell whether the partition was ever written."""
        self._keeping.bring(checked_name(key))
        return (self._partition(_table(table), checked_name(key)) / PART).exists()

    def keys(self, table: str) -> list[str]:
        """Return the keys of the partitions that are there, sorted."""
        declared = _table(table)
        self._keeping.bring()
        files = (self.root / declared.name).glob(f"{declared.partition}=*/{PART}")
        names = (file.parent.name.partition("=")[2] for file in files)
        return sorted(name for name in names if is_name(name))

    def strangers(self) -> list[Path]:
        """Return the folders of partitions whose names are no keys, so that nothing reads them."""
        return sorted(
            folder
            for table in TABLES.values()
            for folder in (self.root / table.name).glob("*")
            if not _is_partition(folder.name, table.partition)
        )

    def shards(self, table: str, key: str) -> Path:
        """Return the folder of a partition that is many files, each published once by whoever makes it."""
        self._keeping.bring(checked_name(key))
        return private_folder(self._partition(_table(table), key))

    def keep_shards(self, table: str, key: str) -> None:
        """Keep the files that were published in the folder of shards, where an object store keeps tables."""
        with writing(self.root, checked_name(key)):
            self._keeping.add(key, _table(table).name)

    def _require_layout(self) -> str:
        """Read the mark of the tables' layout; put it there where none is: tables from before it are of 1."""
        mark = self.root / _LAYOUT
        if not mark.exists():
            draft = self.root / f".{_LAYOUT}.{uuid.uuid4().hex}.tmp"
            write_private(draft, marked().decode())
            publish_file(mark, draft)
        return require_known(mark.read_bytes(), str(mark))

    def _partition(self, table: Table, key: str) -> Path:
        return partition_folder(self.root, table.name, key)

    def _read(self, table: Table, key: str) -> pl.DataFrame:
        file = self._partition(table, key) / PART
        try:
            with file.open("rb") as stream:  # one descriptor: a rename meanwhile cannot mix two files
                frame = pl.read_parquet(stream, hive_partitioning=False)
        except FileNotFoundError:
            raise MednerError(
                f"{table.name}: no rows of {table.partition} {key!r}: materialise the asset that makes them"
            ) from None
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            raise MednerError(
                f"{file}: not a whole Parquet file: remove it and materialise the asset that makes it"
            ) from None
        # What an earlier edition wrote: a column that is no longer declared is left out, as in the views.
        frame = frame.select(name for name in frame.columns if name in table.schema)
        for column in table.columns:  # a column that was declared after the file was written
            if column.name not in frame.columns:
                frame = frame.with_columns(pl.lit(None, dtype=column.dtype).alias(column.name))
        rows = _checked(table, frame)
        return rows.select(pl.lit(key, dtype=pl.String()).alias(table.partition), pl.all())


def _is_partition(folder: str, partition: str) -> bool:
    kind, _, key = folder.partition("=")
    return kind == partition and (key == EMPTY or is_name(key))


def _schema_of(file: Path) -> dict[str, pl.DataType] | None:
    """Return the columns of a file; None when it is corrupt."""
    try:
        return dict(pl.read_parquet_schema(file))
    except pl.exceptions.PolarsError:
        return None


def _table(name: str) -> Table:
    try:
        return TABLES[name]
    except KeyError:
        raise MednerError(f"unknown table {name!r}: choose one of {', '.join(sorted(TABLES))}") from None


def _checked(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` in the declared order; raise MednerError when columns or types differ."""
    declared, given = table.schema, frame.schema
    if table.partition in given:
        raise MednerError(
            f"{table.name}: column {table.partition!r} is the partition's key and stands in the path: drop it"
        )
    for problem, names in (
        ("lacks", [name for name in declared if name not in given]),
        ("has unknown", [name for name in given if name not in declared]),
    ):
        if names:
            raise MednerError(
                f"{table.name}: the frame {problem} column {', '.join(map(repr, names))}: "
                "give exactly the columns that tables.py declares"
            )
    for name, dtype in declared.items():
        if given[name] != dtype:
            raise MednerError(
                f"{table.name}.{name}: type {given[name]} where {dtype} is declared: "
                "build the frame with the table's schema, nothing is cast here"
            )
    return frame.select(list(declared))
