"""While partitions are replaced, readers see the old rows or the new, never half and never none."""

import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.rows import frame

ROWS, REPLACES = 20_000, 50
SPAWN = multiprocessing.get_context("spawn")


def settings(value: int) -> list[dict[str, str]]:
    return [{"setting": str(n), "value": str(value), "recipe_hash": "h"} for n in range(ROWS)]


def replace_often(root: Path, keys: list[str], started: Event, done: Event) -> None:
    store = Store(root)
    started.wait()
    for value in range(1, REPLACES + 1):
        rows = frame("recipes", settings(value))
        for key in keys:
            store.replace({"recipes": rows}, key)
    done.set()


@pytest.mark.slow
def test_a_reader_never_sees_half_of_a_partition_or_none_of_it(tmp_path: Path):
    store = Store(tmp_path / "warehouse")
    store.initialise()
    for key in ("v1", "v2"):
        store.replace({"recipes": frame("recipes", settings(0))}, key)
    started, done = SPAWN.Event(), SPAWN.Event()
    writer = SPAWN.Process(target=replace_often, args=(store.root, ["v1", "v2"], started, done))
    writer.start()
    seen: set[int] = set()
    asked = (
        "select model_version, count(*), min(value::int), max(value::int) "
        "from recipes group by all order by all"
    )
    with connect(store.root) as reader:
        started.set()
        while not done.is_set():
            by_sql = reader.sql(asked).fetchall()
            assert [(key, count) for key, count, _, _ in by_sql] == [("v1", ROWS), ("v2", ROWS)]
            assert all(low == high for _, _, low, high in by_sql)
            by_store = store.read("recipes", "v1")
            assert by_store.height == ROWS
            assert by_store["value"].n_unique() == 1
            seen.add(by_sql[0][2])
        assert reader.sql(asked).fetchall() == [(key, ROWS, REPLACES, REPLACES) for key in ("v1", "v2")]
    writer.join()
    assert writer.exitcode == 0
    assert len(seen) > 2  # the reader did read while the writer wrote


def write_both(root: Path, value: int, times: int) -> None:
    store = Store(root)
    recipes = frame("recipes", [{"setting": "s", "value": str(value), "recipe_hash": "h"}])
    log = frame("training_log", [{"step": value, "kind": "train"}])
    for _ in range(times):
        store.replace({"recipes": recipes, "training_log": log}, "v1")


@pytest.mark.slow
def test_of_two_writers_of_several_tables_the_last_one_wins_whole(tmp_path: Path):
    store = Store(tmp_path / "warehouse")
    store.initialise()
    for _ in range(2):
        writers = [SPAWN.Process(target=write_both, args=(store.root, value, 20)) for value in (1, 2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [writer.exitcode for writer in writers] == [0, 0]
        assert int(store.read("recipes", "v1")["value"][0]) == store.read("training_log", "v1")["step"][0]
        assert [file.name for file in (store.root / "recipes" / "model_version=v1").iterdir()] == [
            "part-0.parquet"
        ]


def test_a_query_that_has_begun_goes_on_with_the_rows_that_it_began_with(tmp_path: Path):
    store = Store(tmp_path / "warehouse")
    store.initialise()
    store.replace({"recipes": frame("recipes", settings(1))}, "v1")
    connection = connect(store.root)
    begun = connection.execute("select value from recipes where model_version = 'v1'")
    first = begun.fetchmany(10)
    store.replace({"recipes": frame("recipes", settings(2))}, "v1")
    rest = begun.fetchall()
    assert {row[0] for row in first + rest} == {"1"}
    assert len(first + rest) == ROWS
    assert isinstance(connection, duckdb.DuckDBPyConnection)
