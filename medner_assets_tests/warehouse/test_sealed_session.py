"""What a query reaches: the tables, and what `--allow-read` names. None writes, whatever it is taken for."""

import os
from pathlib import Path

import duckdb
import pytest

from medner_assets.errors import MednerError
from medner_assets.warehouse.catalogue import connect, seal, spilled
from medner_assets.warehouse.queries import ask, query_errors
from medner_assets.warehouse.read_only_thread import kernel_bars_writing, writes_nowhere
from medner_assets_tests.support.rows import metric, put

needs_landlock = pytest.mark.skipif(not kernel_bars_writing(), reason="this kernel has no Landlock")


@pytest.fixture
def sealed(root: Path) -> duckdb.DuckDBPyConnection:
    """A session as `medner sql` has it, but for the kernel's bar."""
    put(root, "metrics", "v1", metric("relation", 0.5))
    connection = connect(root)
    seal(connection, root)
    return connection


def rows(connection: duckdb.DuckDBPyConnection, what: str) -> list[tuple[object, ...]]:
    with query_errors():  # as when rows are written
        return ask(connection, what, {}).relation.fetchall()


def test_views_and_tables_answer_in_a_sealed_session(sealed: duckdb.DuckDBPyConnection):
    assert len(rows(sealed, "scores")) == len(rows(sealed, "from metrics")) == 1


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('{file}')",
        "from '{file}'",
        "from read_csv('{file}')",
        "from glob('{folder}/*')",
        "from read_blob('/etc/passwd')",
        "from read_text('/proc/self/environ')",
        "from query('from read_text(''{file}'')')",
        "from sniff_csv('{file}')",
        "from read_text('{root}/../../outside/secret.csv')",
        "from read_text('{root}/link.csv')",
        "from parquet_metadata('{file}')",
        "from read_json('{file}')",
        "from read_duckdb('{folder}/other.duckdb')",
    ],
)
def test_a_query_reads_nothing_but_the_tables(
    sealed: duckdb.DuckDBPyConnection, root: Path, tmp_path: Path, query: str
):
    folder = tmp_path / "outside"
    folder.mkdir()
    secret = folder / "secret.csv"
    secret.write_text("name\nMrs Doe\n")
    (root / "link.csv").symlink_to(secret)
    try:
        with pytest.raises(MednerError) as refused:
            rows(sealed, query.format(file=secret, folder=folder, root=root))
    finally:
        (root / "link.csv").unlink()
    assert "Doe" not in str(refused.value)


def test_the_refusal_names_the_file_and_the_remedy(sealed: duckdb.DuckDBPyConnection):
    with pytest.raises(MednerError, match=r"/etc/passwd is not of the warehouse.*add --allow-read FOLDER"):
        rows(sealed, "from read_text('/etc/passwd')")


def test_a_folder_that_is_allowed_can_be_joined(root: Path, tmp_path: Path):
    put(root, "metrics", "v1", metric("relation", 0.5))
    (tmp_path / "ids.csv").write_text("version\nv1\n")
    (tmp_path / "one.csv").write_text("version\nv1\n")
    query = f"select count(*) from scores join '{tmp_path}/ids.csv' on version = model_version"
    with connect(root) as connection:
        seal(connection, root, [tmp_path])
        assert rows(connection, query) == [(1,)]
    with connect(root) as connection:
        seal(connection, root, [tmp_path / "one.csv"])
        assert len(rows(connection, f"from '{tmp_path}/one.csv'")) == 1
        with pytest.raises(MednerError, match="not of the warehouse"):
            rows(connection, query)


def test_a_folder_that_is_not_there_is_told(root: Path, tmp_path: Path):
    with connect(root) as connection, pytest.raises(MednerError, match="there is no such file or folder"):
        seal(connection, root, [tmp_path / "nowhere"])


@pytest.mark.parametrize("name", ["it's", "a b", "wh[a]t*", "ünïcode"])
def test_a_sealed_session_works_in_a_folder_of_any_name(tmp_path: Path, name: str):
    root = tmp_path / name / "warehouse"
    put(root, "metrics", "v1", metric("relation", 0.5))
    with connect(root) as connection:
        seal(connection, root)
        assert len(rows(connection, "metrics")) == 1


def test_a_partition_whose_name_is_no_key_is_not_read(sealed: duckdb.DuckDBPyConnection, root: Path):
    put(root, "metrics", "v2", metric("relation", 0.5))
    planted = root / "metrics" / "model_version=v2<script>"
    (root / "metrics" / "model_version=v2").rename(planted)
    assert rows(sealed, "select model_version from metrics") == [("v1",)]


@needs_landlock
def test_the_kernel_bars_writing_even_when_the_statement_passes(root: Path, tmp_path: Path):
    put(root, "metrics", "v1", metric("relation", 0.5))
    part = root / "metrics" / "model_version=v1" / "part-0.parquet"
    before = part.read_bytes()

    def attack() -> list[str]:
        told = []
        with connect(root) as connection:
            for target in (tmp_path / "new.csv", root / "new.parquet", part):
                with pytest.raises(duckdb.IOException) as barred:
                    connection.execute(f"copy (select 1 as a) to '{target}'")
                told.append(str(barred.value))
            for change in (part.unlink, lambda: os.truncate(part, 0), (tmp_path / "folder").mkdir):
                with pytest.raises(PermissionError):
                    change()
        return told

    assert all("Permission denied" in each for each in writes_nowhere(attack, but_in=[spilled(root)]))
    assert part.read_bytes() == before
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").write_text("the rest of the process writes as before")


@needs_landlock
def test_what_does_not_fit_in_memory_still_goes_to_its_folder(root: Path):
    def bytes_spilled() -> int:
        with connect(root) as connection:
            connection.execute("set memory_limit = '40MB'; set threads = 1")
            connection.execute(
                "create temp table t as select hash(range) as a, hash(-range) as b from range(5000000)"
            )
            return int(connection.sql("select sum(size) from duckdb_temporary_files()").fetchall()[0][0])

    assert writes_nowhere(bytes_spilled, but_in=[spilled(root)]) > 0


def test_what_a_barred_function_raises_is_raised_here():
    def fails() -> None:
        raise MednerError("as it is")

    with pytest.raises(MednerError, match="as it is"):
        writes_nowhere(fails)
