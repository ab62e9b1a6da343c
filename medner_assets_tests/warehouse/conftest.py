"""A warehouse for each test: folder and views are made once and emptied in between, which is quick."""

import shutil
from pathlib import Path

import pytest

from medner_assets.warehouse.store import EMPTY, Store


@pytest.fixture(scope="session")
def shared_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an initialised warehouse that the tests of a session share."""
    folder = tmp_path_factory.mktemp("data") / "warehouse"
    Store(folder).initialise()
    return folder


@pytest.fixture
def root(shared_root: Path) -> Path:
    """Return the folder of an initialised, empty warehouse."""
    for partition in shared_root.glob("*/*=*"):
        if not partition.name.endswith(f"={EMPTY}"):
            shutil.rmtree(partition)
    return shared_root
