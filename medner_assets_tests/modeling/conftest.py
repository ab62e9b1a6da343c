import pytest

from medner_assets_tests.miniature import make_base


@pytest.fixture(scope="session")
def miniature_base(tmp_path_factory):
    return make_base(tmp_path_factory.mktemp("base"))
