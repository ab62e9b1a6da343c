"""Where reports and model cards go; a reader sees the old file or the new one."""

import json
import os
from contextlib import suppress
from pathlib import Path

from medner_assets import paths
from medner_assets.defs.versions.finished import DESCRIPTION


def publish(name: str, html: str) -> Path:
    """Write a report so that a reader sees the old one or the new one; return its path."""
    folder = paths.private_folder(paths.reports())
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        replace_file(handle, name, html)
    finally:
        os.close(handle)
    return folder / name


def publish_card(version: str, weights_hash: str, card: str) -> Path | None:
    """Write the model card, README.md of the adapter's folder; return its path.

    weights_hash: of the weights that the card is about. None: they are not in the folder, and nothing is
    written. No hash of the adapter counts this file, so scores and fingerprint stay what they are.
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
        replace_file(handle, "README.md", card)
    finally:
        os.close(handle)
    return folder / "README.md"


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
