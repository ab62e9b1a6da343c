"""The code location that Dagster loads: everything below `defs/`."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Return all assets, checks, jobs, schedules, sensors and resources of the project."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
