"""The code location that Dagster loads: everything below `defs/`."""

import os
import warnings

import dagster as dg

from medner_assets.paths import SHIPPED

# Checks of partitions and Pipes readers are marked as previews; the pinned version is the one that is tested.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
warnings.filterwarnings("ignore", category=dg.BetaWarning)


@dg.definitions
def defs() -> dg.Definitions:
    """Return all assets, checks, jobs, schedules, sensors and resources of the project."""
    os.umask(0o077)  # whoever starts Dagster, and however: what its runs write is the owner's alone
    # Dagster looks for the settings of pyproject.toml there.
    return dg.load_from_defs_folder(path_within_project=SHIPPED)
