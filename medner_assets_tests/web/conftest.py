"""One UI of one miniature project, for all tests of this folder that need it running."""

from collections.abc import Iterator

import pytest

from medner_assets_tests.support.checkout import make_checkout
from medner_assets_tests.support.live import Live, running


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with running(make_checkout(tmp_path_factory.mktemp("ui") / "project")) as started:
        yield started
