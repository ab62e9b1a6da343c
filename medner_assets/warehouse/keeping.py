"""Where the partitions are kept: in the folder of the tables itself, or in a bucket that it is a copy of.

DuckDB and Polars read the folder in either case. With a bucket, the bucket decides: a partition counts as
written once its pointer names it there, and only then takes its place in the folder.
"""

import re
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol

from medner_assets.files import sync
from medner_assets.locks import exclusive
from medner_assets.object_store.bucket import Bucket, Gone, Kept, Pointer, bucket
from medner_assets.object_store.notes import note, noted
from medner_assets.paths import bucket_url, is_name
from medner_assets.tables import TABLES
from medner_assets.warehouse.partition_files import StagedFile

_NAME = re.compile(r"([a-z_]+)/([A-Za-z0-9][A-Za-z0-9._-]*\.parquet)")
_AT_ONCE = 8
"""Partitions that are brought from a bucket side by side."""


class Keeping(Protocol):
    """What becomes of files that are written whole. A file's name is `<table>/<file>`, its key a partition's.

    Whoever calls `commit`, `add` or `remove` holds `writing(root, key)`.
    """

    def commit(self, key: str, staged: Mapping[str, StagedFile], *, of_copy: bool = False) -> None:
        """Put staged files in their places. of_copy: they were made from those that the folder holds."""

    def add(self, key: str, table: str) -> None:
        """Keep the files that processes have put into the folder of a partition."""

    def remove(self, key: str, table: str) -> None:
        """Remove a partition of one table with all its files. A query that runs meanwhile may fail."""

    def bring(self, key: str | None = None) -> None:
        """Let the folder hold what is kept now, of one partition or of all."""


class InFolder:
    """The folder is what is kept: a rename publishes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def commit(self, key: str, staged: Mapping[str, StagedFile], *, of_copy: bool = False) -> None:
        """Rename the files one by one."""
        for file in staged.values():
            file.publish()

    def add(self, key: str, table: str) -> None:
        """Do nothing: they are kept."""

    def remove(self, key: str, table: str) -> None:
        """Remove the folder of the partition."""
        _remove_folder(partition_folder(self._root, table, key))

    def bring(self, key: str | None = None) -> None:
        """Do nothing: it holds it."""


class InBucket:
    """A bucket keeps the partitions of all machines; the folder is this machine's copy of them.

    What of it stands in the folder is noted in `_copies/<key>/pointer.json`: after the files are in place, so
    that whatever is interrupted is brought again.
    """

    def __init__(self, root: Path, bucket: Bucket) -> None:
        self._root, self._bucket = root, bucket

    def commit(self, key: str, staged: Mapping[str, StagedFile], *, of_copy: bool = False) -> None:
        """Write to the bucket, then to the copy; raise MednerError where another machine was first."""
        before = self._installed(key) if of_copy else None
        after = self._bucket.write(_unit(key), {name: file.path for name, file in staged.items()}, before)
        self._install(key, {after.files[name]: file for name, file in staged.items()})

    def add(self, key: str, table: str) -> None:
        """Write to the bucket what it lacks of the folder."""
        folder = partition_folder(self._root, table, key)
        kept = self._bucket.pointer(_unit(key)).files
        new = {f"{table}/{file.name}": file for file in sorted(folder.glob("*.parquet"))}
        new = {name: file for name, file in new.items() if name not in kept}
        if new:
            after = self._bucket.write(_unit(key), new)
            there = self._installed(key)
            files = {**there.files, **{name: after.files[name] for name in new}}
            note(self._note(key), Pointer(files, there.state))
            self._install(key, {})

    def remove(self, key: str, table: str) -> None:
        """Let the pointer name no file of the table; remove their objects and this machine's copies."""
        named = [name for name in self._bucket.pointer(_unit(key)).files if name.startswith(f"{table}/")]
        self._bucket.write(_unit(key), dict.fromkeys(named))
        self._install(key, {})
        _remove_folder(partition_folder(self._root, table, key))

    def bring(self, key: str | None = None) -> None:
        """Bring what other machines have written since; every file takes its place whole."""
        if key is not None:
            if self._bucket.pointer(_unit(key)).tag != self._installed(key).tag:
                self._install(key, {})
            return
        tags = self._bucket.pointers("tables")
        changed = [key for key, tag in tags.items() if is_name(key) and tag != self._installed(key).tag]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda each: self._install(each, {}), changed):
                pass

    def _install(self, key: str, staged: dict[Kept, StagedFile]) -> None:
        """Let the copy be what the pointer names now; staged: what this process has just written of it.

        The pointer is read under a lock of this machine, so that no older state takes the place of a newer.
        """
        with exclusive(self._root / "_copies" / key / "lock", "bringing", None):
            there = dict(self._installed(key).files)
            while True:
                now = self._bucket.pointer(_unit(key))
                try:
                    for name, kept in now.files.items():
                        place = self._place(key, name)
                        if place is not None and (kept != there.get(name) or kept in staged):
                            self._put(place, kept, staged)
                            there[name] = kept
                except Gone:  # replaced meanwhile: there is a newer pointer
                    continue
                break
            for name in there.keys() - now.files.keys():
                if place := self._place(key, name):
                    place.unlink(missing_ok=True)
            note(self._note(key), now)

    def _put(self, place: Path, kept: Kept, staged: dict[Kept, StagedFile]) -> None:
        """Put a file in its place: the one that was just written, else what the bucket has."""
        if kept in staged:
            staged.pop(kept).publish()
            return
        with StagedFile(place.parent, partial(self._bucket.fetch, kept), place.name) as file:
            file.publish()

    def _place(self, key: str, name: str) -> Path | None:
        """Return where a file of the bucket belongs; None for what only a later medner knows."""
        found = _NAME.fullmatch(name)
        if found is None or found[1] not in TABLES:
            return None
        return partition_folder(self._root, found[1], key) / found[2]

    def _installed(self, key: str) -> Pointer:
        """Return what was last brought of a partition; an empty pointer where not all of it is there."""
        pointer = noted(self._note(key))
        places = [self._place(key, name) for name in pointer.files]
        return pointer if all(place is None or place.exists() for place in places) else Pointer()

    def _note(self, key: str) -> Path:
        return self._root / "_copies" / key / "pointer.json"


def keeping_of(root: Path) -> Keeping:
    """Return what keeps the tables of a folder: the bucket of MEDNER_DATA, where it names one."""
    url = bucket_url()
    return InFolder(root) if url is None else InBucket(root, bucket(url))


def partition_folder(root: Path, table: str, key: str) -> Path:
    """Return the folder of a partition."""
    return root / table / f"{TABLES[table].partition}={key}"


def writing(root: Path, key: str) -> AbstractContextManager[int]:
    """Return the lock under which one writer of a machine at a time replaces partitions of a key."""
    return exclusive(root / "_locks" / key, "writing", None)


def _remove_folder(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
        sync(folder.parent)


def _unit(key: str) -> str:
    return f"tables/{key}"
