"""What Dagster loads: the names that people and schedules rely on, and what must never come along."""

import json
import subprocess
import sys

import dagster as dg
import pytest

from medner_assets.definitions import defs

HEAVY = (
    "torch", "transformers", "peft", "accelerate", "bitsandbytes", "sklearn", "scipy", "bioc",
    "huggingface_hub", "tokenizers", "safetensors",
)  # fmt: skip

BY_DATASET = {"dataset", "dataset_audit"}
BY_VERSION = {
    "recipe",
    "adapter",
    "completions",
    "predictions",
    "metrics",
    "comparison_report",
    "annotations",
}
WHOLE = {"leaderboard", "champion"}
FILES = {"version_files", "dataset_files"}
ON_THE_GPU = {"adapter", "completions", "annotations"}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return defs()


@pytest.fixture(scope="module")
def nodes(definitions):
    graph = definitions.resolve_asset_graph()
    return {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}


def test_the_definitions_load_without_any_heavy_library():
    script = (
        "import json, sys; import medner_assets.definitions as d; d.defs();"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == []


def test_the_definitions_are_valid(definitions):
    dg.Definitions.validate_loadable(definitions)


def test_the_assets_are_exactly_those_of_the_design(nodes):
    assert set(nodes) == BY_DATASET | BY_VERSION | WHOLE | FILES


def test_datasets_and_versions_are_partitions(nodes):
    from medner_assets.defs.partitions import DATASETS, VERSIONS

    assert {name for name, node in nodes.items() if node.partitions_def == DATASETS} == BY_DATASET
    assert {name for name, node in nodes.items() if node.partitions_def == VERSIONS} == BY_VERSION
    assert {name for name, node in nodes.items() if node.partitions_def is None} == WHOLE


def test_only_training_and_generation_wait_for_the_gpu(nodes):
    assert {name for name, node in nodes.items() if node.pools} == ON_THE_GPU
    assert all(nodes[name].pools == {"gpu"} for name in ON_THE_GPU)


def test_nothing_on_the_gpu_runs_by_itself(nodes):
    assert not {name for name, node in nodes.items() if node.automation_condition} & ON_THE_GPU


def test_every_asset_says_what_it_is_whose_it_is_and_what_it_writes(nodes):
    for name, node in nodes.items():
        assert node.description, name
        assert node.owners, name
        assert node.kinds, name
        assert node.group_name != "default", name
        if name not in {"leaderboard", *FILES}:  # they write no table
            columns = node.metadata["dagster/column_schema"].value.columns
            assert columns, name
            assert all(column.description for column in columns), name


def test_the_checks_are_exactly_those_of_the_design_and_three_of_them_block(definitions):
    graph = definitions.resolve_asset_graph()
    names = {key.name for key in graph.asset_check_keys}
    assert names == {
        "offsets_and_ids", "split_leakage", "audit_verdict", "adapter_is_sound", "completions_parse",
        "targets_met", "expectation_met", "no_regression",
    }  # fmt: skip
    blocking = {key.name for key in graph.asset_check_keys if graph.get(key).blocking}
    assert blocking == {"offsets_and_ids", "split_leakage", "adapter_is_sound"}


def test_every_check_is_of_a_partition(definitions):
    graph = definitions.resolve_asset_graph()
    assert all(graph.get(key).partitions_def is not None for key in graph.asset_check_keys)


def test_the_jobs_are_exactly_those_of_the_documentation(definitions):
    jobs = {job.name for job in definitions.resolve_all_job_defs()} - {"__ASSET_JOB"}
    assert jobs == {"datasets", "train_and_evaluate_version", "retrain", "evaluate", "rescore", "overview"}


def test_schedules_and_sensors_wait_until_someone_starts_them(definitions):
    repository = definitions.get_repository_def()
    schedules = {each.name: each.default_status for each in repository.schedule_defs}
    sensors = {each.name: each.default_status for each in repository.sensor_defs}
    assert set(schedules) == {"weekly_retrain", "nightly_evaluation"}
    assert {"untrained_versions", "changed_corpora"} <= set(sensors)
    assert set(schedules.values()) == {dg.DefaultScheduleStatus.STOPPED}
    assert set(sensors.values()) == {dg.DefaultSensorStatus.STOPPED}


def test_every_job_schedule_and_sensor_says_what_it_does(definitions):
    repository = definitions.get_repository_def()
    jobs = [job for job in definitions.resolve_all_job_defs() if job.name != "__ASSET_JOB"]
    for each in (*jobs, *repository.schedule_defs, *repository.sensor_defs):
        assert each.description, each.name
        assert each.description.endswith("."), each.name


def test_no_step_is_retried_by_itself(definitions):
    for job in definitions.resolve_all_job_defs():
        for node in job.nodes:
            assert node.definition.retry_policy is None, node.name
