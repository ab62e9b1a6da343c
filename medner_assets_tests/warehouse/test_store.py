"""The store keeps whole partitions of exactly the declared columns, whatever happens to its writers."""

import multiprocessing
import os
import stat
from pathlib import Path

import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.tables import TABLES
from medner_assets.warehouse.store import Store


def settings(value: str, rows: int = 1) -> pl.DataFrame:
    """Rows of the table `recipes`, all with the same value."""
    return pl.DataFrame(
        {"setting": [f"s{n}" for n in range(rows)], "value": [value] * rows, "recipe_hash": ["h"] * rows}
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "data" / "warehouse")
    made.initialise()
    return made


def test_every_table_has_an_empty_file_of_the_declared_types_after_initialise(store: Store):
    for table in TABLES.values():
        file = store.root / table.name / f"{table.partition}=_empty" / "part-0.parquet"
        frame = pl.read_parquet(file, hive_partitioning=False)
        assert frame.is_empty()
        assert dict(frame.schema) == table.schema


def test_a_partition_reads_back_as_it_was_written_with_its_key_first(store: Store):
    assert store.replace({"recipes": settings("3")}, "v1") == 1
    assert store.read("recipes", "v1").rows() == [("v1", "s0", "3", "h")]
    assert store.read("recipes", "v1").columns[0] == "model_version"


def test_replacing_a_partition_leaves_nothing_of_its_old_rows_and_nothing_of_others_changes(store: Store):
    store.replace({"recipes": settings("old", rows=5)}, "v1")
    store.replace({"recipes": settings("other")}, "v2")
    store.replace({"recipes": settings("new", rows=2)}, "v1")
    assert store.read("recipes")["value"].to_list() == ["new", "new", "other"]


def test_all_partitions_read_together_and_none_is_an_empty_frame_of_the_right_types(store: Store):
    assert dict(store.read("recipes").schema) == {"model_version": pl.String(), **TABLES["recipes"].schema}
    assert store.keys("recipes") == []
    store.replace({"recipes": settings("2")}, "v2")
    store.replace({"recipes": settings("1")}, "v1")
    assert store.keys("recipes") == ["v1", "v2"]


def test_columns_may_come_in_any_order(store: Store):
    store.replace({"recipes": settings("3").select("recipe_hash", "value", "setting")}, "v1")
    assert store.read("recipes", "v1").columns == ["model_version", "setting", "value", "recipe_hash"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (settings("1").drop("value"), "recipes: the frame lacks column 'value'"),
        (settings("1").with_columns(x=pl.lit(1)), "recipes: the frame has unknown column 'x'"),
        (settings("1").with_columns(value=pl.lit(1)), "recipes.value: type Int32 where String is declared"),
        (settings("1").with_columns(value=None), "recipes.value: type Null where String is declared"),
        (settings("1").with_columns(model_version=pl.lit("v1")), "'model_version' is the partition's key"),
    ],
)
def test_a_frame_of_other_columns_or_types_is_refused_and_the_old_rows_stay(
    store: Store, frame: pl.DataFrame, message: str
):
    store.replace({"recipes": settings("old")}, "v1")
    with pytest.raises(MednerError, match=message):
        store.replace({"recipes": frame}, "v1")
    assert store.read("recipes", "v1")["value"].to_list() == ["old"]


@pytest.mark.parametrize("key", ["../v1", "V1", "", "a/b", "_empty", "v1\n", "x" * 64])
def test_a_key_that_is_no_name_never_reaches_the_disk(store: Store, key: str):
    with pytest.raises(MednerError, match="not a valid name"):
        store.replace({"recipes": settings("1")}, key)
    with pytest.raises(MednerError, match="not a valid name"):
        store.read("recipes", key)


def test_an_unknown_table_is_named_with_those_that_exist(store: Store):
    with pytest.raises(MednerError, match=r"unknown table 'recipe'.*recipes"):
        store.read("recipe")


def test_a_partition_that_was_never_written_is_an_error_and_not_an_empty_frame(store: Store):
    assert not store.has("recipes", "v9")
    with pytest.raises(MednerError, match="no rows of model_version 'v9'"):
        store.read("recipes", "v9")
    store.replace({"recipes": settings("1").clear()}, "v9")
    assert store.has("recipes", "v9")
    assert store.read("recipes", "v9").is_empty()


def test_when_one_of_several_frames_is_wrong_none_is_replaced(store: Store):
    store.replace({"recipes": settings("old")}, "v1")
    with pytest.raises(MednerError, match="training_log"):
        store.replace({"recipes": settings("new"), "training_log": settings("new")}, "v1")
    assert store.read("recipes", "v1")["value"].to_list() == ["old"]
    assert not store.has("training_log", "v1")


def test_only_the_owner_can_read_what_is_written(store: Store):
    previous = os.umask(0)
    try:
        store.replace({"recipes": settings("1")}, "v1")
    finally:
        os.umask(previous)
    for path in [store.root, *store.root.rglob("*")]:
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


def test_a_column_that_was_declared_after_a_file_was_written_reads_as_null(store: Store):
    store.replace({"recipes": settings("1")}, "v1")
    file = store.root / "recipes" / "model_version=v1" / "part-0.parquet"
    settings("1").drop("recipe_hash").write_parquet(file)
    assert store.read("recipes", "v1").rows() == [("v1", "s0", "1", None)]


def test_a_column_that_is_no_longer_declared_is_left_out_of_what_is_read(store: Store):
    store.replace({"recipes": settings("1")}, "v1")
    file = store.root / "recipes" / "model_version=v1" / "part-0.parquet"
    pl.read_parquet(file, hive_partitioning=False).with_columns(p_holm=pl.lit(0.5)).write_parquet(file)
    rows = store.read("recipes", "v1")
    assert rows.columns == ["model_version", *TABLES["recipes"].schema]
    store.replace({"recipes": rows.drop("model_version")}, "v1")


def test_initialise_makes_the_empty_file_anew_when_its_columns_are_not_those_declared(store: Store):
    file = store.root / "recipes" / "model_version=_empty" / "part-0.parquet"
    settings("1").clear().drop("value").write_parquet(file)
    store.initialise()
    assert dict(pl.read_parquet_schema(file)) == TABLES["recipes"].schema


def die_before_publishing(root: Path) -> None:
    from medner_assets.warehouse.partition_files import StagedFile

    StagedFile(root / "recipes" / "model_version=v1", settings("half"))
    os._exit(9)


def test_a_writer_that_dies_leaves_the_old_rows_and_the_next_writer_cleans_up_after_it(store: Store):
    store.replace({"recipes": settings("old")}, "v1")
    child = multiprocessing.get_context("spawn").Process(target=die_before_publishing, args=(store.root,))
    child.start()
    child.join()
    folder = store.root / "recipes" / "model_version=v1"
    assert child.exitcode == 9
    assert len(list(folder.iterdir())) == 2
    assert store.read("recipes", "v1")["value"].to_list() == ["old"]
    store.replace({"recipes": settings("new")}, "v1")
    assert [file.name for file in folder.iterdir()] == ["part-0.parquet"]


def test_the_temporary_of_a_living_writer_is_left_alone(store: Store):
    from medner_assets.warehouse.partition_files import StagedFile

    with StagedFile(store.root / "recipes" / "model_version=v1", settings("slow")) as slow:
        store.replace({"recipes": settings("quick")}, "v1")
        slow.publish()
    assert store.read("recipes", "v1")["value"].to_list() == ["slow"]
