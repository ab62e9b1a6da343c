"""A warehouse for each test: folder and views are made once and emptied in between, which is quick.

The tests of `ON_BOTH` run with the tables in a folder and again with them in a bucket. With
MEDNER_TEST_BUCKET, the URL of an object store, all run with a bucket there (`benchmarks/object_store.py`).
"""

import os
import shutil
import uuid
from pathlib import Path

import pytest

from medner_assets.warehouse.store import EMPTY, Store

ON_BOTH = ("test_store", "test_disk")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    stated = os.environ.get("MEDNER_TEST_BUCKET")
    both = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH
    kinds = ["bucket"] if stated else ["folder", "bucket"] if both else ["folder"]
    metafunc.parametrize("tables_in", kinds, indirect=True)


@pytest.fixture(autouse=True)
def tables_in(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Let a bucket of the test's own keep the tables, for its processes too, or a folder."""
    if request.param == "bucket":
        made = os.environ.get("MEDNER_TEST_BUCKET") or f"file://{tmp_path_factory.getbasetemp()}/buckets"
        monkeypatch.setenv("MEDNER_DATA", f"{made}/{uuid.uuid4().hex}")
    return str(request.param)


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
