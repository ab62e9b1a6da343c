"""The calibration beside a version's adapter: by it, whoever reads with the adapter has its probabilities."""

from pathlib import Path

from medner_assets import paths
from medner_assets.defs.versions.completion_rows import ids_of
from medner_assets.scoring.confidence.calibration import Calibration

FILE = "calibration.json"


def calibration_file(version: str) -> Path:
    """Return where the calibration of a version is kept; training puts another folder in its place."""
    return paths.adapter(version) / FILE


def calibration_of(version: str, generation: str) -> Calibration | None:
    """Return the calibration beside a version's adapter; None where there is none of these completions.

    generation: the id of the generation that is asked for, or of its completions. Raises MednerError where
    the file is not what evaluation writes.
    """
    file = calibration_file(version)
    try:
        found = Calibration.parsed(file.read_text(encoding="utf-8"), str(file))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found if found.generation_id in ids_of(generation) else None
