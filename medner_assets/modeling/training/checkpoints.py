"""Checkpoints that can be trusted: sealed with the fingerprint of what they were trained from, once they
are whole."""

from pathlib import Path

_SEAL = "medner-fingerprint"


def seal(checkpoint: Path, fingerprint: str) -> None:
    """Mark a checkpoint that has been written completely."""
    (checkpoint / _SEAL).write_text(fingerprint)


def last_checkpoint(work: Path, fingerprint: str) -> Path | None:
    """Return the latest whole checkpoint of this fingerprint below `work`; None if there is none."""
    sealed = [
        mark.parent
        for mark in (work / "checkpoints").glob(f"checkpoint-*/{_SEAL}")
        if mark.read_text() == fingerprint
    ]
    return max(sealed, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)
