"""Every column that an analyst meets is described, and no description is of a column that there is not."""

from pathlib import Path

import duckdb
import pytest

from medner_assets.paths import SQL
from medner_assets.sql_files import sql_files
from medner_assets.warehouse.analyst_file import MARK, refresh
from medner_assets.warehouse.meanings import SHARED, VIEWS, meanings_of
from medner_assets_tests.support.rows import opened

COLUMNS = (
    "select table_name, column_name, comment from duckdb_columns() "
    "where schema_name = 'main' and not internal"
)


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str | None]]:
    """Return view, column and comment of all that stands in a new file."""
    folder = tmp_path_factory.mktemp("catalogue")
    refresh(folder / "medner.duckdb", folder / "warehouse")
    with opened(folder / "medner.duckdb") as analyst:
        return analyst.sql(COLUMNS).fetchall()


def test_every_column_of_the_analysts_file_is_described(columns):
    assert len(columns) > 500
    assert [f"{view}.{column}" for view, column, comment in columns if not comment] == []


def test_every_view_has_its_place_and_every_meaning_its_column(columns):
    assert set(VIEWS) == {file.name for file in sql_files("views", SQL)} | {MARK}
    there = {(view, column) for view, column, _ in columns}
    assert [
        f"{view}.{name}" for view, own in VIEWS.items() for name in own if (view, name) not in there
    ] == []
    shared = {column for view, column in there if view in VIEWS and column not in VIEWS[view]}
    assert set(SHARED) - shared == set()


def test_of_a_view_of_the_users_own_nothing_is_claimed(tmp_path: Path):
    (tmp_path / "sql" / "views").mkdir(parents=True)
    (tmp_path / "sql" / "views" / "mine.sql").write_text("create view mine as select 1 as f1;")
    refresh(tmp_path / "medner.duckdb", tmp_path / "warehouse", tmp_path / "sql")
    assert meanings_of("mine") == {}
    with duckdb.connect(tmp_path / "medner.duckdb", read_only=True) as analyst:
        assert ("mine", "f1", None) in analyst.sql(COLUMNS).fetchall()
