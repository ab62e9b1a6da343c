"""The analyst's file: always current, never in a run's way, and the analyst's own things in it stay."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.paths import SQL
from medner_assets.sql_files import sql_files
from medner_assets.tables import TABLES
from medner_assets.warehouse import analyst_file
from medner_assets.warehouse.analyst_file import refresh
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.own_objects import record
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.rows import metric, opened, put

HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("create or replace table scratch as select 42 as answer")
print("open", flush=True)
sys.stdin.readline()
print(connection.sql("select count(*) from scores").fetchall()[0][0], flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path]:
    """Return (the analyst's file, the folder of the tables), neither there yet."""
    return tmp_path / "data" / "medner.duckdb", tmp_path / "data" / "warehouse"


@contextmanager
def held_open(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold the file open for writing in another process, with a table of its own."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    try:
        assert holder.stdout.readline() == "open\n"
        yield holder
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()


def test_the_file_answers_before_anything_was_trained(place: tuple[Path, Path]):
    path, root = place
    assert refresh(path, root).outcome == "written"
    with opened(path) as analyst:
        assert analyst.sql("from predicted_relations limit 5").fetchall() == []
        for name in [*TABLES, *(file.name for file in sql_files("views"))]:
            assert analyst.sql(f"from {name}").fetchall() == [], name
        assert analyst.sql("from examples('v1', 'type')").fetchall() == []


def test_the_file_shows_the_rows_of_now_without_being_written_again(place: tuple[Path, Path]):
    path, root = place
    refresh(path, root)
    with opened(path) as analyst:
        put(root, "metrics", "v1", metric("relation", 0.5))
        assert analyst.sql("select model_version, f1 from scores").fetchall() == [("v1", 0.5)]
        put(root, "metrics", "v1", metric("relation", 0.7))
        assert analyst.sql("select model_version, f1 from scores").fetchall() == [("v1", 0.7)]


def test_the_file_can_be_opened_by_duckdb_1_0_and_read_by_its_owner_only(place: tuple[Path, Path]):
    path, root = place
    refresh(path, root)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir() if file.name != "warehouse"] == ["medner.duckdb"]
    with opened(path) as analyst:
        tags = analyst.sql("select tags from duckdb_databases() where database_name = 'medner'").fetchall()
    assert tags == [({"storage_version": "v1.0.0+"},)]


def test_tables_and_columns_carry_their_meaning(place: tuple[Path, Path]):
    path, root = place
    refresh(path, root)
    with opened(path) as analyst:
        assert analyst.sql("select comment from duckdb_views() where view_name = 'metrics'").fetchall() == [
            ("one row is one task under one scheme at one stage, over the test split",)
        ]
        asked = (
            "select comment from duckdb_columns() where table_name = 'metrics' and column_name = 'macro_f1'"
        )
        assert analyst.sql(asked).fetchall() == [("mean F1 over types with gold or predictions",)]


def test_an_unchanged_file_is_not_written_again(place: tuple[Path, Path]):
    path, root = place
    refresh(path, root)
    before = path.stat().st_mtime_ns
    assert refresh(path, root) == refresh(path, root)
    assert refresh(path, root).outcome == "current"
    assert refresh(path, root).message == ""
    assert path.stat().st_mtime_ns == before


def sql_folder(folder: Path, **views: str) -> Path:
    (folder / "views").mkdir(parents=True, exist_ok=True)
    for name, query in views.items():
        (folder / "views" / f"{name}.sql").write_text(f"create or replace view {name} as {query};")
    return folder


def test_changed_definitions_are_taken_over_and_dropped_ones_go(place: tuple[Path, Path], tmp_path: Path):
    path, root = place
    refresh(path, root, sql_folder(tmp_path / "old", mine="select 1 as a", gone="select 1 as a"))
    with duckdb.connect(path) as analyst:
        analyst.execute("create table scratch as select 42 as answer")
        analyst.execute("create view notes as select answer from scratch")
        analyst.execute("create macro double(x) as 2 * x")
    assert refresh(path, root, sql_folder(tmp_path / "new", mine="select 2 as a")).outcome == "written"
    with opened(path) as analyst:
        assert analyst.sql("from mine").fetchall() == [(2,)]
        assert analyst.sql("select answer, double(answer) from notes").fetchall() == [(42, 84)]
        with pytest.raises(duckdb.CatalogException, match="gone"):
            analyst.sql("from gone")


@pytest.mark.parametrize("own", ["create table mine as select 7 as a", "create view mine as select 7 as a"])
def test_nothing_of_the_analyst_is_overwritten_by_a_view_of_the_same_name(
    place: tuple[Path, Path], tmp_path: Path, own: str
):
    path, root = place
    refresh(path, root, sql_folder(tmp_path / "old"))
    with duckdb.connect(path) as analyst:
        analyst.execute(own)
    refreshed = refresh(path, root, sql_folder(tmp_path / "new", mine="select 2 as a"))
    assert refreshed.outcome == "refused"
    assert "'mine' is not medner's own: rename it" in refreshed.message
    with opened(path) as analyst:
        assert analyst.sql("from mine").fetchall() == [(7,)]


def test_a_broken_definition_leaves_the_file_as_it_was(place: tuple[Path, Path], tmp_path: Path):
    path, root = place
    refresh(path, root, sql_folder(tmp_path / "old", mine="select 1 as a"))
    with pytest.raises(MednerError, match="view mine: "):
        refresh(path, root, sql_folder(tmp_path / "new", mine="select nothing from nowhere"))
    with opened(path) as analyst:
        assert analyst.sql("from mine").fetchall() == [(1,)]


def test_a_session_held_open_blocks_no_run_and_keeps_its_own_tables(place: tuple[Path, Path], tmp_path: Path):
    path, root = place
    refresh(path, root)
    with held_open(path) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        put(root, "metrics", "v1", metric("relation", 0.5), metric("entity", 0.5))
        with connect(root) as medner:
            assert medner.sql("select count(*) from scores").fetchall() == [(2,)]
        refreshed = refresh(path, root, sql_folder(tmp_path / "new", mine="select 2 as a"))
        assert refreshed.outcome == "held"
        assert "open elsewhere" in refreshed.message
        assert f"PID {holder.pid}" in refreshed.message
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "2\n"  # the open session sees the new rows
    with opened(path) as analyst:
        assert analyst.sql("from scratch").fetchall() == [(42,)]
    assert refresh(path, root, tmp_path / "new").outcome == "written"


def test_a_file_that_is_no_database_is_refused_and_left_alone(place: tuple[Path, Path]):
    path, root = place
    Store(root).initialise()
    path.write_text("not a database, but longer than the header of one " * 100)
    refreshed = refresh(path, root)
    assert refreshed.outcome == "refused"
    assert "move the file away" in refreshed.message
    assert path.read_text().startswith("not a database")


@pytest.mark.parametrize("name", ["it's", "a b", "wh[a]t*", "ünïcode", "semi;colon"])
def test_the_folder_may_have_any_name(tmp_path: Path, name: str):
    path, root = tmp_path / name / "medner.duckdb", tmp_path / name / "warehouse"
    put(root, "metrics", "v1", metric("relation", 0.5))
    refresh(path, root, sql_folder(tmp_path / "none"))
    with opened(path) as analyst:
        assert analyst.sql("select f1 from metrics").fetchall() == [(0.5,)]


@pytest.mark.parametrize("name", ["back\\slash", "what?"])
def test_a_folder_that_duckdb_cannot_read_is_refused(tmp_path: Path, name: str):
    with pytest.raises(MednerError, match="DuckDB cannot read a path"):
        connect(tmp_path / name)


def test_rows_that_were_written_before_a_column_was_declared_have_null_there(place: tuple[Path, Path]):
    path, root = place
    put(root, "metrics", "v1", metric("relation", 0.5))
    file = root / "metrics" / "model_version=v1" / "part-0.parquet"
    pl.read_parquet(file, hive_partitioning=False).drop("macro_f1", "seed").write_parquet(file)
    put(root, "metrics", "v2", metric("relation", 0.6, seed=7))
    refresh(path, root)
    with opened(path) as analyst:
        assert analyst.sql("select f1, seed, macro_f1 from metrics order by f1").fetchall() == [
            (0.5, None, None), (0.6, 7, None),
        ]  # fmt: skip


def test_a_name_in_a_query_is_never_a_variable_of_the_program(place: tuple[Path, Path]):
    some_frame = pl.DataFrame({"a": [1]})
    with connect(place[1]) as medner, pytest.raises(duckdb.CatalogException, match="some_frame"):
        medner.sql("from some_frame")
    assert some_frame.height == 1


def test_a_key_that_looks_like_a_number_or_a_date_stays_text(place: tuple[Path, Path]):
    _, root = place
    for key in ("007", "2024-01-01"):
        put(root, "metrics", key, metric("relation", 0.5))
    with connect(root) as medner:
        assert sorted(medner.sql("select model_version from metrics").fetchall()) == [
            ("007",),
            ("2024-01-01",),
        ]


def test_the_shipped_definitions_are_those_of_the_checkout(place: tuple[Path, Path]):
    path, root = place
    refresh(path, root)
    assert refresh(path, root, SQL).outcome == "current"


def test_a_file_of_an_older_storage_is_written_anew_with_all_that_is_the_analysts(place: tuple[Path, Path]):
    path, root = place
    Store(root).initialise()
    with duckdb.connect(path, config={"storage_compatibility_version": "v1.5.0"}) as analyst:
        analyst.execute("create table scratch (id integer primary key, word varchar default 'x')")
        analyst.execute("insert into scratch values (1, 'mine')")
        analyst.execute("create index by_word on scratch (word)")
        analyst.execute("comment on table scratch is 'of the analyst'")
        analyst.execute("create view notes as select word from scratch")
        analyst.execute("create macro double(x) as 2 * x")
    refreshed = refresh(path, root)
    assert refreshed.outcome == "written"
    assert "DuckDB 1.0.0 and later open it now" in refreshed.message
    with opened(path) as analyst:
        tags = analyst.sql("select tags from duckdb_databases() where database_name = 'medner'").fetchall()
        assert tags == [({"storage_version": "v1.0.0+"},)]
        assert analyst.sql("select word, double(2) from notes").fetchall() == [("mine", 4)]
        comments = "select comment from duckdb_tables() where table_name = 'scratch'"
        assert analyst.sql(comments).fetchall() == [("of the analyst",)]
        assert analyst.sql("from scores").fetchall() == []
    assert sorted(each.name for each in path.parent.iterdir()) == ["medner.duckdb", "warehouse"]


def test_what_older_clients_cannot_hold_keeps_the_file_in_its_storage(place: tuple[Path, Path]):
    path, root = place
    Store(root).initialise()
    with duckdb.connect(path, config={"storage_compatibility_version": "v1.5.0"}) as analyst:
        analyst.execute("create table scratch as select 1::variant as any")
    assert "still takes DuckDB 1.5 or later to open it" in refresh(path, root).message
    assert refresh(path, root).outcome == "current"
    with opened(path) as analyst:
        assert len(analyst.sql("from scratch").fetchall()) == 1


POISON = (
    "create or replace view medner_catalogue as select 'x' as definition_hash, "
    """['view:"; copy (select 42) to ''{out}''; --', 'view "notes"; drop table scratch; --:x'] as objects""",
    "create or replace view medner_catalogue as select content as definition_hash, [] as objects "
    "from read_text('{secret}')",
    "drop view medner_catalogue; "
    "create table medner_catalogue as select 'x' as definition_hash, ['view:notes'] as objects",
)


@pytest.mark.parametrize("poison", POISON)
def test_nothing_that_others_wrote_into_the_file_runs_on_refresh(place: tuple[Path, Path], poison: str):
    path, root = place
    refresh(path, root)
    out, secret = path.with_name("out.csv"), path.with_name("secret")
    secret.write_text("canary")
    with duckdb.connect(path) as attacker:
        attacker.execute("create table scratch as select 7 as a; create view notes as select a from scratch")
        attacker.execute(poison.replace("{out}", str(out)).replace("{secret}", str(secret)))
    refreshed = refresh(path, root)
    assert refreshed.outcome in ("written", "refused")
    assert "canary" not in refreshed.message
    assert not out.exists()
    with opened(path) as analyst:
        assert analyst.sql("from notes").fetchall() == [(7,)]


MARKED = "create or replace view medner_catalogue as select '0' as definition_hash, ['view:notes'] as objects"


@pytest.mark.parametrize("mark", [MARKED, f"{MARKED}; comment on view medner_catalogue is 'medner'"])
def test_what_the_file_says_of_itself_names_nothing_to_drop(
    place: tuple[Path, Path], tmp_path: Path, mark: str
):
    path, root = place
    refresh(path, root)
    with duckdb.connect(path) as attacker:
        attacker.execute("create view notes as select 7 as a; comment on view notes is 'mine'")
        attacker.execute(mark)
    refreshed = refresh(path, root, sql_folder(tmp_path / "new", mine="select 2 as a"))
    assert refreshed.outcome == "refused"
    assert "'medner_catalogue' is not medner's own: rename it" in refreshed.message
    with opened(path) as analyst:
        assert analyst.sql("from notes").fetchall() == [(7,)]


def test_a_view_of_medners_that_an_analyst_has_replaced_is_the_analysts(
    place: tuple[Path, Path], tmp_path: Path
):
    path, root = place
    refresh(path, root, sql_folder(tmp_path / "old", mine="select 1 as a"))
    with duckdb.connect(path) as analyst:
        analyst.execute("create or replace view mine as select 7 as a")
    for folder in (tmp_path / "none", sql_folder(tmp_path / "new", mine="select 2 as a")):
        refreshed = refresh(path, root, folder)
        with opened(path) as analyst:
            assert analyst.sql("from mine").fetchall() == [(7,)]
    assert "'mine' is not medner's own: rename it" in refreshed.message


@pytest.mark.parametrize("written", [None, "not JSON", "[]", '{"view:mine": 3}'])
def test_without_a_record_only_what_the_definitions_name_is_medners(
    place: tuple[Path, Path], tmp_path: Path, written: str | None
):
    path, root = place
    refresh(path, root, sql_folder(tmp_path / "old", mine="select 1 as a", gone="select 1 as a"))
    file = root / "_catalogue.json"
    file.unlink() if written is None else file.write_text(written)
    with duckdb.connect(path) as analyst:
        analyst.execute("create view notes as select 7 as a; comment on view notes is 'mine'")
    assert refresh(path, root, sql_folder(tmp_path / "new", mine="select 2 as a")).outcome == "written"
    with opened(path) as analyst:
        assert analyst.sql("from mine").fetchall() == [(2,)]
        assert analyst.sql("from notes").fetchall() == [(7,)]
        assert analyst.sql("from gone").fetchall() == [(1,)]


def test_a_refresh_that_was_killed_after_the_record_is_made_up_for(
    place: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path, root = place
    refresh(path, root, sql_folder(tmp_path / "old", gone="select 1 as a"))

    def killed(*_: object) -> None:
        record(*_)
        raise KeyboardInterrupt

    new = sql_folder(tmp_path / "new", mine="select 2 as a")
    monkeypatch.setattr(analyst_file, "record", killed)
    with pytest.raises(KeyboardInterrupt):
        refresh(path, root, new)
    monkeypatch.undo()
    with opened(path) as analyst:
        assert analyst.sql("from gone").fetchall() == [(1,)]
    assert refresh(path, root, new).outcome == "written"
    with opened(path) as analyst:
        assert analyst.sql("from mine").fetchall() == [(2,)]


def test_the_record_is_its_owners_alone(place: tuple[Path, Path]):
    path, root = place
    refresh(path, root)
    assert stat.S_IMODE((root / "_catalogue.json").stat().st_mode) == 0o600


def test_a_macro_that_takes_the_name_of_a_function_stops_the_refresh_and_no_question(
    place: tuple[Path, Path], tmp_path: Path
):
    path, root = place
    refresh(path, root)
    secret = path.with_name("secret")
    secret.write_text("canary")
    with duckdb.connect(path) as attacker:
        attacker.execute(f"create macro sum(x) as (select content from read_text('{secret}'))")
    refreshed = refresh(
        path, root, sql_folder(tmp_path / "new", mine="select sum(a) as a from (select 1 as a)")
    )
    assert refreshed.outcome == "refused"
    assert "in the way of it" in refreshed.message


def test_a_file_that_others_could_read_is_the_owners_again_after_a_refresh(place: tuple[Path, Path]):
    path, root = place
    refresh(path, root)
    path.chmod(0o644)
    refresh(path, root)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
