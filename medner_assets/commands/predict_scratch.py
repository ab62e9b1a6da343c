"""The folder of one `medner predict`, which holds the texts: removed at its end, or by the next one.

Each holds a lock on its folder for as long as it lives: a folder that nobody holds is of one that was killed.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medner_assets import paths
from medner_assets.locks import lock_now, take

_LOCK = "lock"
_YOUNG_SECONDS = 60.0
"""A folder without a lock this young may be of a process that is just making it."""


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a private folder that is removed at the end; those of processes that were killed go first."""
    for left in abandoned():
        shutil.rmtree(left, ignore_errors=True)
    work = paths.private_folder(paths.data() / "work")
    folder = Path(tempfile.mkdtemp(prefix="predict-", dir=work))
    held = take(folder / _LOCK)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def abandoned() -> list[Path]:
    """Return the folders of predictions that were killed; they hold the texts that were to be read."""
    return [folder for folder in sorted((paths.data() / "work").glob("predict-*")) if not _lives(folder)]


def _lives(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        return folder.exists() and time.time() - folder.stat().st_mtime < _YOUNG_SECONDS
    except OSError:
        return True  # another user's
    try:
        return not lock_now(descriptor)
    finally:
        os.close(descriptor)
