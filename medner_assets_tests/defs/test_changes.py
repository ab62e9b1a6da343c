"""What a person is told of files that changed since: in the graph, and in the terminal."""

import json
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import StaleStatus
from dagster._core.loader import LoadingContextForTest

from medner_assets.defs import changes, recipe_files
from medner_assets.defs.changes import changed_since, without_recipe
from medner_assets.defs.recipe_files import dataset_state, note_all, version_state
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.unsynced import OfPartitions
from medner_assets.defs.versions.handover import inputs_of
from medner_assets.defs.versions.recipe import recipe
from medner_assets.modeling.base_revision import base_revision
from medner_assets.recipes.loading import load_version, recipe_hash
from medner_assets_tests.defs.test_automation import finished_version
from medner_assets_tests.support.rows import frame

WAREHOUSE = Warehouse.of_no_run()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def resolver(instance: dg.DagsterInstance) -> OfPartitions:
    assets = [recipe, recipe_files.version_files]
    graph = dg.Definitions(assets, resources={"warehouse": WAREHOUSE}).resolve_asset_graph()
    return OfPartitions(instance, graph, LoadingContextForTest(instance))


def edited(instance: dg.DagsterInstance, version: str) -> None:
    """Note that the files of a version are not what they were."""
    instance.report_runless_asset_event(
        dg.AssetObservation(
            recipe_files.version_files.key, partition=version, tags={"dagster/data_version": "other"}
        )
    )


def test_an_edited_recipe_makes_the_whole_asset_unsynced_and_names_its_version():
    with dg.DagsterInstance.ephemeral() as instance:
        for version in ("tiny-v1", "tiny-v2"):
            dg.materialize(
                [recipe],
                partition_key=version,
                instance=instance,
                resources={"warehouse": WAREHOUSE},
            )
        assert resolver(instance).get_status(recipe.key) is StaleStatus.FRESH
        edited(instance, "tiny-v2")
        after = resolver(instance)
        assert after.get_status(recipe.key) is StaleStatus.STALE
        assert after.get_status(recipe.key, "tiny-v1") is StaleStatus.FRESH
        assert after.get_status(recipe.key, "tiny-v2") is StaleStatus.STALE
        (cause,) = after.get_stale_root_causes(recipe.key)
        assert cause.reason == "has a new data version: tiny-v2"
        assert cause.asset_key == recipe_files.version_files.key
        dg.materialize(
            [recipe],
            partition_key="tiny-v2",
            instance=instance,
            resources={"warehouse": WAREHOUSE},
        )
        assert resolver(instance).get_status(recipe.key) is StaleStatus.FRESH


def test_files_are_noted_once_for_each_state_that_they_are_in():
    with dg.DagsterInstance.ephemeral() as instance:
        assert note_all(instance) > 0
        assert note_all(instance) == 0
        edited(instance, "tiny-v2")
        assert note_all(instance) == 1


def test_what_a_version_is_made_from_changes_with_its_recipe_its_base_and_its_dataset(monkeypatch):
    before = version_state("tiny-v2")[0]
    assert version_state("tiny-v2")[0] == before
    assert version_state("tiny-v1")[0] != before
    monkeypatch.setattr(recipe_files, "dataset_state", lambda name: ("another", {}))
    of_other_data = version_state("tiny-v2")[0]
    monkeypatch.setattr(recipe_files, "_base_files", lambda base: "another")
    assert len({before, of_other_data, version_state("tiny-v2")[0]}) == 3


def test_what_cannot_be_read_is_a_state_too_with_its_reason():
    assert "nobody" in version_state("nobody")[1]["problem"]
    assert "nobody" in dataset_state("nobody")[1]["problem"]


def trained(version: str, data: Path) -> Path:
    """Put a finished adapter of the present files into its folder; return its description."""
    folder = finished_version(version, data)
    inputs = inputs_of(version, WAREHOUSE)
    facts = json.loads((folder / "medner.json").read_text())
    facts |= {
        "base_model": inputs.recipe.base_model,
        "base_revision": base_revision(inputs.base.recipe, inputs.base.folder),
    }
    (folder / "medner.json").write_text(json.dumps(facts))
    return folder / "medner.json"


def test_the_terminal_tells_what_changed_since_a_version_was_trained(data):
    assert changed_since("tiny-v1", WAREHOUSE) == ""
    description = trained("tiny-v1", data)
    facts = json.loads(description.read_text())
    assert changed_since("tiny-v1", WAREHOUSE) == ""
    for changed, told in (
        ({"fingerprint": "of another recipe"}, "the recipe"),
        ({"base_revision": "other weights", "fingerprint": "of other weights"}, "the base"),
        ({"dataset_version": "other documents", "fingerprint": facts["fingerprint"]}, "the dataset"),
    ):
        description.write_text(json.dumps(facts | changed))
        line = changed_since("tiny-v1", WAREHOUSE)
        assert line.startswith("trained; ")
        assert told in line
        assert line.endswith(" changed since: `medner train tiny-v1`")


def test_results_whose_recipe_is_gone_are_told_with_the_version_that_states_the_same(data, monkeypatch):
    trained("tiny-v1", data)
    assert without_recipe(WAREHOUSE) == {}
    monkeypatch.setattr(changes, "version_names", lambda: ["tiny-v2"])
    (line,) = without_recipe(WAREHOUSE).values()
    assert line == (
        "its results stand, but versions/tiny-v1.yaml is gone: put it back, or `medner forget tiny-v1`"
    )


def test_results_of_a_renamed_recipe_are_told_with_the_version_that_states_the_same_now(monkeypatch):
    def told(recorded: str, names: list[str]) -> str:
        row = {"setting": "seed", "value": "42", "recipe_hash": recorded}
        WAREHOUSE.store().replace({"recipes": frame("recipes", [row])}, "tiny-v1")
        monkeypatch.setattr(changes, "version_names", lambda: names)
        return without_recipe(WAREHOUSE)["tiny-v1"]

    states_the_same = "tiny-v2 states the same now; name the file tiny-v1 again, or train tiny-v2"
    assert told(recipe_hash(load_version("tiny-v2")), ["tiny-v2"]).endswith(f"is gone: {states_the_same}")
    assert told(recipe_hash(load_version("tiny-v2")), ["nonsense", "tiny-v2"]).endswith(states_the_same)
    assert told("of no file", ["nonsense", "tiny-v2"]).endswith("put it back, or `medner forget tiny-v1`")
