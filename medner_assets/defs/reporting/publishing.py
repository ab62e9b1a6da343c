"""Where reports go; a reader sees the old file or the new one."""

import os
from pathlib import Path

from medner_assets import paths
from medner_assets.defs.shared import keep
from medner_assets.defs.versions.beside import replace_file


def publish(name: str, html: str) -> Path:
    """Write a report so that a reader sees the old one or the new one; return its path."""
    folder = paths.private_folder(paths.reports())
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        replace_file(handle, name, html)
    finally:
        os.close(handle)
    keep(folder / name)
    return folder / name
