"""Folders that appear whole or not at all."""

import ctypes
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from medner_assets.errors import MednerError
from medner_assets.files import sync
from medner_assets.paths import private_folder

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextmanager
def enough_disk(folder: Path, kept: str = "it resumes from its last complete checkpoint") -> Iterator[None]:
    """Run the block; where it ends because the disk is full, raise a MednerError that says which disk.

    kept: what becomes of the work done so far.
    """
    try:
        yield
    except Exception as error:  # safetensors and torch each wrap the system's error in one of their own
        if not _is_disk_full(error):
            raise
        free = shutil.disk_usage(folder if folder.exists() else folder.parent).free / 2**20
        raise MednerError(
            f"no space left on the disk of {folder} ({free:.0f} MiB free): free some and run it again: {kept}"
        ) from None


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return any(
        text in str(error)
        # The last is what PyTorch says when it then closes the file that it could not write.
        for text in ("No space left on device", "PytorchStreamWriter failed writing", "unexpected pos")
    )


def publish_folder(target: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new folder beside `target`, sync it, and put it in the place of `target`.

    A reader sees the old folder or the new one. If `write` raises or the process dies, the old one stays.
    """
    private_folder(target.parent)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    try:
        write(partial)
        for file in partial.rglob("*"):
            if file.is_file():
                sync(file)
        sync(partial)
        if target.exists():
            _exchange(partial, target)
        else:
            partial.rename(target)
        sync(target.parent)
    finally:
        if partial.is_symlink():
            partial.unlink()  # a link stood in the place of the folder: what it leads to stays
        shutil.rmtree(partial, ignore_errors=True)  # after an exchange this is the old folder


def _exchange(a: Path, b: Path) -> None:
    """Swap two folders in one step where the system can (Linux), else in two renames."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is not None:
        done = rename(_AT_FDCWD, os.fsencode(a), _AT_FDCWD, os.fsencode(b), _RENAME_EXCHANGE)
        if done == 0:
            return
    aside = b.with_name(f".{b.name}.{os.getpid()}.old")
    b.rename(aside)
    a.rename(b)
    aside.rename(a)
