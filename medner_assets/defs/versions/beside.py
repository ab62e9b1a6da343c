"""Files that stand beside an adapter's weights: its model card, and how its probabilities are calibrated."""

import json
import os
from contextlib import suppress
from pathlib import Path

from medner_assets import paths
from medner_assets.defs.shared import keep
from medner_assets.defs.versions.finished import DESCRIPTION


def publish_beside(version: str, weights_hash: str, name: str, text: str) -> Path | None:
    """Write a file into an adapter's folder: the model card, or how its probabilities are calibrated.

    weights_hash: of the weights that it is about. Return its path; None: they are not in the folder, and
    nothing is written. No hash of the adapter counts the file: scores and fingerprint stay what they are.
    """
    folder = paths.adapter(version)
    try:
        # By its handle: should training put another folder in this place now, that one stays as it is.
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        with os.fdopen(os.open(DESCRIPTION, os.O_RDONLY, dir_fd=handle), encoding="utf-8") as description:
            if json.load(description).get("weights_hash") != weights_hash:
                return None
        replace_file(handle, name, text)
    finally:
        os.close(handle)
    keep(folder)
    return folder / name


def replace_file(folder: int, name: str, text: str) -> None:
    """Put a file of the owner's alone into an open folder, whole or not at all."""
    partial = f".{name}.{os.getpid()}.partial"
    try:
        opened = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=folder)
        with os.fdopen(opened, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial, dir_fd=folder)
