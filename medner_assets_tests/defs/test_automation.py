"""What schedules and sensors ask for, evaluated as the daemon does."""

import hashlib
import json
import shutil
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from medner_assets import paths
from medner_assets.definitions import defs
from medner_assets.defs.automation.sensors import changed_corpora, untrained_versions
from medner_assets.defs.resources import Warehouse
from medner_assets.errors import MednerError

SUNDAY = datetime(2026, 2, 8, 2, tzinfo=UTC)
ENDS_OF_WINTER_AND_SUMMER = (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC))
"""In Berlin, where the hour from 2 to 3 is missing on the first and comes twice on the second."""


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MEDNER_CORPORA", str(tmp_path / "corpora"))
    return tmp_path / "data"


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return defs().get_repository_def()


def ticked(repository: dg.RepositoryDefinition, name: str, at: datetime = SUNDAY) -> dg.SensorResult:
    schedule = repository.get_schedule_def(name)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=at, repository_def=repository
        )
        return schedule.evaluate_tick(context)


@pytest.mark.parametrize("name", ["weekly_retrain", "nightly_evaluation"])
def test_where_nothing_was_trained_a_schedule_skips_and_says_what_to_do(repository, name):
    tick = ticked(repository, name)
    assert tick.run_requests == []
    assert "no version has been trained yet" in tick.skip_message


@pytest.mark.parametrize("name", ["weekly_retrain", "nightly_evaluation"])
def test_a_schedule_asks_for_one_run_of_each_trained_version(repository, name, data):
    for version in ("tiny-v1", "tiny-v2"):
        (data / "adapters" / version).mkdir(parents=True)
    requests = ticked(repository, name).run_requests
    assert [request.partition_key for request in requests] == ["tiny-v1", "tiny-v2"]
    assert len({request.run_key for request in requests}) == 2


@pytest.mark.parametrize("change", ENDS_OF_WINTER_AND_SUMMER, ids=["spring", "autumn"])
@pytest.mark.parametrize(
    ("name", "hour", "apart"), [("weekly_retrain", 2, {7}), ("nightly_evaluation", 3, {1, 2})]
)
def test_a_change_of_daylight_saving_skips_no_tick_and_repeats_none(
    repository, name, hour, apart, change, data, monkeypatch
):
    (data / "adapters" / "tiny-v1").mkdir(parents=True)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        schedule = repository.get_schedule_def(name)
        begin = (change - timedelta(days=3)).timestamp()
        times = schedule_execution_time_iterator(begin, schedule.cron_schedule, schedule.execution_timezone)
        ticks = [next(times) for _ in range(7)]
        assert {later - earlier for earlier, later in pairwise(ticks)} == {timedelta(days=n) for n in apart}
        assert {(tick.hour, tick.minute, tick.utcoffset()) for tick in ticks} == {(hour, 0, timedelta())}
        keys = [
            request.run_key for tick in ticks[:4] for request in ticked(repository, name, tick).run_requests
        ]
        assert len(set(keys)) == len(keys) == 4
    finally:
        monkeypatch.undo()
        time.tzset()


def finished_version(version: str, data: Path) -> Path:
    """Put an adapter of the present recipe, data and base into its folder, with rows, without training."""
    from medner_assets.defs.datasets.dataset import build
    from medner_assets.defs.versions.finished import DESCRIPTION, LOG, WEIGHTS, finished_adapter
    from medner_assets.defs.versions.handover import inputs_of
    from medner_assets.tables import TABLES

    warehouse = Warehouse.of_no_run()
    build("synthetic-small", warehouse)
    order = inputs_of(version, warehouse)
    kinds = {"bigint": 1, "double": 0.5}
    row = {name: kinds.get(_sql_type(dtype), "x") for name, dtype in TABLES["adapters"].schema.items()}
    row |= {
        "dataset": order.data.name, "dataset_version": order.data.version, "fingerprint": order.fingerprint,
        "weights_hash": hashlib.sha256(b"weights").hexdigest()[:16], "versions": "{}",
        "finished_at": "2026-02-01T00:00:00+00:00",
    }  # fmt: skip
    folder = data / "adapters" / version
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(b"weights")
    (folder / LOG).write_text('{"step": 1, "epoch": 1.0, "kind": "train", "loss": 1.0, "seconds": 1.0}\n')
    (folder / DESCRIPTION).write_text(json.dumps(row))
    finished = finished_adapter(folder)
    assert finished is not None
    warehouse.replace(finished.tables(), version)
    return folder


def _sql_type(dtype: pl.DataType) -> str:
    return {pl.Int64(): "bigint", pl.Float64(): "double"}.get(dtype, "varchar")


def test_a_retrain_that_would_change_nothing_is_skipped_and_says_why(repository, data):
    try:
        folder = finished_version("tiny-v1", data)
    except MednerError:
        pytest.skip("no base model can run here")
    tick = ticked(repository, "weekly_retrain")
    assert tick.run_requests == []
    assert tick.skip_message == "tiny-v1: its adapter is of the present recipe, data and base"
    assert [run.partition_key for run in ticked(repository, "nightly_evaluation").run_requests] == ["tiny-v1"]
    facts = json.loads((folder / "medner.json").read_text())
    (folder / "medner.json").write_text(json.dumps(facts | {"fingerprint": "of another recipe"}))
    assert [run.partition_key for run in ticked(repository, "weekly_retrain").run_requests] == ["tiny-v1"]


def test_an_adapter_whose_rows_were_never_written_is_asked_for_again(repository, data):
    try:
        finished_version("tiny-v1", data)
    except MednerError:
        pytest.skip("no base model can run here")
    shutil.rmtree(paths.warehouse() / "training_log" / "model_version=tiny-v1")
    assert [run.partition_key for run in ticked(repository, "weekly_retrain").run_requests] == ["tiny-v1"]


def sensed(sensor: dg.SensorDefinition, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    resources = {"warehouse": Warehouse.of_no_run()}
    with dg.build_sensor_context(cursor=cursor, resources=resources) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def test_a_version_is_asked_for_where_its_base_and_its_corpus_are_here_and_else_the_reason_is_told(tmp_path):
    found = sensed(untrained_versions)
    names = [] if isinstance(found, dg.SkipReason) else [each.partition_key for each in found.run_requests]
    from medner_assets.defs.obstacles import obstacle_to
    from medner_assets.recipes.loading import version_names

    obstacles = {name: obstacle_to(name) for name in version_names()}
    assert names == [name for name, obstacle in obstacles.items() if obstacle is None]
    assert "dataset ade lacks ade/DRUG-AE.rel in" in obstacles["tiny-ade-v1"]
    assert "tiny-ade-v1" not in names


def test_a_version_is_asked_for_once_until_its_recipe_changes(data):
    first = sensed(untrained_versions)
    if isinstance(first, dg.SkipReason):
        pytest.skip("no base model can run here")
    assert isinstance(sensed(untrained_versions, first.cursor), dg.SkipReason)
    asked = json.loads(first.cursor)
    changed = next(iter(asked))
    again = sensed(untrained_versions, json.dumps(asked | {changed: "another recipe"}))
    assert [each.partition_key for each in again.run_requests] == [changed]


def test_a_version_with_an_adapter_is_not_asked_for(data):
    first = sensed(untrained_versions)
    if isinstance(first, dg.SkipReason):
        pytest.skip("no base model can run here")
    for request in first.run_requests:
        (data / "adapters" / request.partition_key).mkdir(parents=True)
    assert isinstance(sensed(untrained_versions), dg.SkipReason)


def test_a_dataset_that_was_never_built_is_left_alone():
    assert isinstance(sensed(changed_corpora), dg.SkipReason)


def test_a_dataset_is_asked_for_when_its_source_is_not_what_it_was_made_from(data):
    from medner_assets.defs.datasets.dataset import build

    build("synthetic-small", Warehouse.of_no_run())
    assert isinstance(sensed(changed_corpora), dg.SkipReason)
    note = next(data.rglob("source.json"))
    note.write_text(note.read_text().replace('"recipe_hash": "', '"recipe_hash": "0'))
    found = sensed(changed_corpora)
    assert [each.partition_key for each in found.run_requests] == ["synthetic-small"]
    assert isinstance(sensed(changed_corpora, found.cursor), dg.SkipReason)


def requested(instance: dg.DagsterInstance, definitions: dg.Definitions, cursor=None):
    """Return what the conditions ask for, as (asset, partition), and the cursor for the next look."""
    result = dg.evaluate_automation_conditions(defs=definitions, instance=instance, cursor=cursor)
    asked = {
        (key.to_user_string(), partition)
        for key in definitions.resolve_asset_graph().get_all_asset_keys()
        for partition in result.get_requested_partitions(key)
    }
    return asked, result.cursor


def test_new_completions_are_scored_by_themselves_and_nothing_is_trained_by_itself():
    definitions = defs()
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = requested(instance, definitions)
        instance.report_runless_asset_event(dg.AssetMaterialization("completions", partition="tiny-v1"))
        asked, cursor = requested(instance, definitions, cursor)
        assert asked == {("predictions", "tiny-v1"), ("metrics", "tiny-v1")}
        instance.report_runless_asset_event(dg.AssetMaterialization("recipe", partition="tiny-v1"))
        instance.report_runless_asset_event(dg.AssetMaterialization("dataset", partition="synthetic-small"))
        asked, _ = requested(instance, definitions, cursor)
        assert asked & {("adapter", "tiny-v1"), ("completions", "tiny-v1")} == set()


def test_new_metrics_of_a_baseline_renew_the_reports_that_are_held_against_it():
    definitions = defs()
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = requested(instance, definitions)
        instance.report_runless_asset_event(dg.AssetMaterialization("metrics", partition="tiny-v1"))
        asked, _ = requested(instance, definitions, cursor)
        assert {("comparison_report", "tiny-v1"), ("comparison_report", "tiny-v2")} <= asked
        assert ("leaderboard", None) in asked
