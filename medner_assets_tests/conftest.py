"""What every test may ask for: the folder of the real corpora, where there is one."""

import os
from pathlib import Path

import pytest

from medner_assets.paths import PROJECT


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora: $MEDNER_CORPORA, else `shared/corpora` beside the checkout."""
    folder = Path(os.environ.get("MEDNER_CORPORA") or PROJECT.parent / "shared" / "corpora")
    if not folder.is_dir():
        pytest.skip("the real corpora are not here: set MEDNER_CORPORA to their folder")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files with slow tests first, else several processes end with one that runs them alone."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)
