"""One Parquet file that appears whole or not at all. Owns temporary names, locks, fsync, rename; no table.

A writer holds an exclusive `flock` on its temporary file for as long as it lives. So a temporary that nobody
holds belongs to a dead writer and may go, whatever process ids have been reused meanwhile.
"""

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import polars as pl

from medner_assets.errors import MednerError
from medner_assets.files import sync
from medner_assets.locks import lock_now
from medner_assets.paths import private_folder

PART = "part-0.parquet"
"""The one file of a partition, but of those that are shards."""

_TEMPORARY_PREFIX, _TEMPORARY_SUFFIX = ".part-0.", ".tmp"
_ROWS_A_GROUP = 122_880
"""DuckDB scans one row group a thread: its own default keeps every core busy on a large partition."""


class StagedFile:
    """A partition's next file, written and synced beside the old one; `publish` puts it in its place.

    Leaving the context without `publish` removes it, so that a failure leaves the old rows.
    content: its rows, or what writes them as Parquet. name: of the file that it is to be.
    """

    def __init__(
        self, folder: Path, content: pl.DataFrame | Callable[[BinaryIO], None], name: str = PART
    ) -> None:
        self._folder, self._name = private_folder(folder), name
        remove_stale_temporaries(folder)
        self.path, self._descriptor = _claim(folder)
        try:
            with os.fdopen(os.dup(self._descriptor), "wb") as stream:
                if isinstance(content, pl.DataFrame):
                    content.write_parquet(
                        stream, compression="zstd", statistics=True, row_group_size=_ROWS_A_GROUP
                    )
                else:
                    content(stream)
                stream.flush()
                os.fsync(stream.fileno())
        except pl.exceptions.PolarsError as error:
            self._discard()
            # Polars tells of a full disk in words of its own; they hold no value of a row.
            reason = str(error).rpartition(": ")[2].strip()
            raise MednerError(
                f"{folder}: cannot be written ({reason}): the old rows are kept; check disk and permissions"
            ) from None
        except BaseException:
            self._discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._discard()

    def publish(self) -> None:
        """Rename the file over the old one and sync the folder: from here on readers see the new rows."""
        self.path.replace(self._folder / self._name)
        sync(self._folder)

    def _discard(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


def remove_stale_temporaries(folder: Path) -> int:
    """Remove the temporaries of writers that died in `folder`; return how many."""
    removed = 0
    for path in folder.glob(f"{_TEMPORARY_PREFIX}*{_TEMPORARY_SUFFIX}"):
        with suppress(FileNotFoundError):  # its writer has just finished
            descriptor = os.open(path, os.O_RDWR)
            try:
                if lock_now(descriptor):  # else its writer lives
                    path.unlink()
                    removed += 1
            finally:
                os.close(descriptor)
    return removed


def _claim(folder: Path) -> tuple[Path, int]:
    """Create a temporary of one's own and lock it; another writer's cleaning may take one in between."""
    while True:
        path = folder / f"{_TEMPORARY_PREFIX}{uuid.uuid4().hex}{_TEMPORARY_SUFFIX}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        if lock_now(descriptor) and os.fstat(descriptor).st_nlink:
            return path, descriptor
        os.close(descriptor)
