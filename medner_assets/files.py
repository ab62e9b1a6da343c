"""Files that survive a power cut and appear whole or not at all."""

import hashlib
import os
from pathlib import Path


def sync(path: Path) -> None:
    """Send a file's content to the disk, or of a folder its names: after that a power cut keeps them."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish_file(target: Path, partial: Path) -> None:
    """Sync `partial`, in the folder of `target`, and give it the name `target`."""
    sync(partial)
    partial.replace(target)
    sync(target.parent)


def write_private(file: Path, content: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)


def file_hash(file: Path) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
