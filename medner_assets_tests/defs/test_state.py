"""One value says what of a version is stale, and why."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from medner_assets.defs.resources import Warehouse
from medner_assets.defs.state import CHAIN, VersionState, obstacle_to, state_of
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_version, recipe_hash
from medner_assets.tables import TABLES
from medner_assets_tests.defs.test_automation import finished_version


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_of_a_version_that_was_never_made_everything_is_stale_and_the_reasons_are_told():
    state = state_of("tiny-v1", Warehouse.of_no_run())
    assert state.stale == CHAIN
    assert state.reasons == {
        "recipe": "its recipe was never recorded",
        "adapter": "dataset synthetic-small is not built yet",
    }


def test_a_version_that_does_not_exist_is_an_obstacle_and_asking_what_is_stale_says_it():
    state = state_of("nobody", Warehouse.of_no_run())
    assert state.obstacle == obstacle_to("nobody")
    with pytest.raises(MednerError, match="nobody"):
        _ = state.stale


def test_each_change_makes_its_own_asset_stale_and_those_behind_it(data):
    folder, warehouse = finished_version("tiny-v1", data), Warehouse.of_no_run()
    rows = {"setting": ["seed"], "value": ["1"], "recipe_hash": recipe_hash(load_version("tiny-v1"))}
    recorded = pl.DataFrame(rows, schema=TABLES["recipes"].schema)
    warehouse.replace({"recipes": recorded}, "tiny-v1")
    state = state_of("tiny-v1", warehouse)
    assert state.stale == CHAIN[2:]
    assert list(state.reasons) == ["completions"]

    facts = json.loads((folder / "medner.json").read_text())
    (folder / "medner.json").write_text(json.dumps(facts | {"fingerprint": "of another recipe"}))
    state = state_of("tiny-v1", warehouse)
    assert state.stale == CHAIN[1:]
    assert "another recipe or base" in state.reasons["adapter"]

    shutil.rmtree(folder)
    assert "has no adapter yet" in state_of("tiny-v1", warehouse).reasons["adapter"]
    warehouse.replace({"recipes": recorded.with_columns(recipe_hash=pl.lit("other"))}, "tiny-v1")
    assert state_of("tiny-v1", warehouse).stale == CHAIN


def test_a_replicate_has_no_report_that_could_be_stale():
    assert VersionState("tiny-v1.r2", None, {"metrics": "x"}).stale == ("metrics",)
    assert VersionState("tiny-v1", None, {"metrics": "x"}).stale == ("metrics", "comparison_report")
    assert VersionState("tiny-v1").stale == ()
