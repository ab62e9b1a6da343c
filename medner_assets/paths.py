"""Where things live. The only file that knows the places of `sql/` and `data/` and reads MEDNER_DATA,
MEDNER_CORPORA."""

import os
import re
from pathlib import Path

from medner_assets.errors import MednerError

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout: the folder of pyproject.toml, dagster.yaml, sql/ and data/."""

SQL = PROJECT / "sql"
RECIPES = Path(os.environ.get("MEDNER_RECIPES") or Path(__file__).parent / "recipes").resolve()
"""The folder of `versions/`, `datasets/` and `base_models/`: the package's, or one of the user's own."""
EMBEDDED_BASES = PROJECT / "data" / "base"
"""Base models that ship with the checkout, whatever MEDNER_DATA is."""

DAGSTER_STORAGE = PROJECT / "data" / "dagster"
"""Dagster's own storage, whatever MEDNER_DATA is: dagster.yaml names it relative to the checkout."""

NAME = "[a-z0-9][a-z0-9.-]{0,62}"
"""The pattern of a partition key; `..` is no part of one."""


def data() -> Path:
    """Return the folder of all that is generated: $MEDNER_DATA, else `data/` of the checkout."""
    return Path(os.environ.get("MEDNER_DATA") or PROJECT / "data").expanduser().resolve()


def corpora() -> Path:
    """Return the folder of the corpora that users bring: $MEDNER_CORPORA, else `corpora/` below `data()`."""
    return Path(os.environ.get("MEDNER_CORPORA") or data() / "corpora").expanduser().resolve()


def settle() -> None:
    """Let MEDNER_DATA and MEDNER_CORPORA mean the same folders after the working directory has changed."""
    for name, folder in (("MEDNER_DATA", data()), ("MEDNER_CORPORA", corpora())):
        if os.environ.get(name):
            os.environ[name] = str(folder)


def warehouse() -> Path:
    """Return the folder of the tables."""
    return data() / "warehouse"


def catalogue() -> Path:
    """Return the analyst's DuckDB file; runs never open it."""
    return data() / "medner.duckdb"


def reports() -> Path:
    """Return the folder of the HTML reports."""
    return data() / "reports"


def adapter(version: str) -> Path:
    """Return the folder of a version's finished adapter."""
    return data() / "adapters" / checked_name(version)


def work(version: str, step: str) -> Path:
    """Return the scratch folder of one step (`training`, `generation`) of a version: inputs, checkpoints,
    partial results."""
    return data() / "work" / checked_name(version) / checked_name(step)


def checked_name(name: str) -> str:
    """Return `name` if it is a partition key, so that it can stand in a path; raise MednerError if not."""
    if not is_name(name):
        raise MednerError(
            f"{name!r} is not a valid name: use 1 to 63 of a-z, 0-9, '.' and '-', a letter or digit first"
        )
    return name


def is_name(name: str) -> bool:
    """Tell whether `name` can be a partition key."""
    return re.fullmatch(NAME, name) is not None and ".." not in name


def private_folder(folder: Path) -> Path:
    """Create `folder` and what is missing above it, readable by the owner only, and return it."""
    missing = []
    step = folder
    while not step.exists():
        missing.append(step)
        step = step.parent
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    return folder
