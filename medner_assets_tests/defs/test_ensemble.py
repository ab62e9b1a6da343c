"""Votes of replicates as a version: who votes, what most say, and what is missing."""

import json

import pytest

from medner_assets.defs.datasets.data import Data
from medner_assets.defs.versions.ensemble import ensemble_rows, voters_of
from medner_assets.defs.versions.submitted import answers_of, prediction_of
from medner_assets.errors import MednerError
from medner_assets.recipes.version import VersionRecipe
from medner_assets.warehouse.data_tables import DataTables
from medner_assets_tests.support.rows import frame, metric

TEXT = "Aspirin caused a rash."
RECIPE = VersionRecipe(summary="votes", system="ensemble", members="tiny-ade-v1", dataset="ade")

LATER = ("tiny-ade-v1.r4", "tiny-ade-v1.r5")


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    """A data folder of its own; the shipped version that votes has five replicates."""
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))


def data():
    documents = frame("documents", [{"doc_id": "d", "text": TEXT, "split": "test"}])
    return Data("ade", documents, frame("gold_entities", []), frame("gold_relations", []))


def says(name, *texts, relation=True, version="d-1"):
    """Write what a replicate says at final."""
    entities = [
        {"doc_id": "d", "ordinal": n, "type": "Drug" if text == "Aspirin" else "Effect", "text": text,
         "start": TEXT.index(text), "end": TEXT.index(text) + len(text), "grounding": "exact",
         "probability": 0.9, "model_probability": 0.9}
        for n, text in enumerate(texts)
    ]  # fmt: skip
    relations = [
        {"doc_id": "d", "ordinal": 0, "type": "causes", "head_text": "Aspirin", "head_type": "Drug",
         "tail_text": "rash", "tail_type": "Effect", "probability": 0.6, "model_probability": 0.6}
    ] * relation  # fmt: skip
    tables = {
        "predicted_entities": frame("predicted_entities", entities, name),
        "predicted_relations": frame("predicted_relations", relations, name),
        "metrics": frame("metrics", [metric("entity", 0.5, dataset_version=version)], name),
    }
    DataTables().replace(tables, name)


def test_what_most_replicates_say_is_the_answer_with_votes_and_mean_probability():
    says("tiny-ade-v1", "Aspirin", "rash")
    says("tiny-ade-v1.r2", "Aspirin", "rash", relation=False)
    says("tiny-ade-v1.r3", "Aspirin", relation=True)
    rows = ensemble_rows("votes", RECIPE, data(), DataTables())
    (answer,) = answers_of(rows)
    said = prediction_of(answer, TEXT)
    assert [(each.text, each.start, each.votes) for each in said.entities] == [
        ("Aspirin", 0, 3), ("rash", 17, 2),
    ]  # fmt: skip
    assert [each.probability for each in said.entities] == pytest.approx([0.9, 0.6])
    assert [(each.head_text, each.tail_text, each.votes) for each in said.relations] == [
        ("Aspirin", "rash", 2)
    ]
    assert json.loads(rows["completion"][0])["relations"][0]["probability"] == pytest.approx(0.4)


def test_votes_are_of_those_that_are_there_and_the_others_are_named():
    says("tiny-ade-v1", "Aspirin")
    says("tiny-ade-v1.r3", "Aspirin", "rash")
    says("tiny-ade-v1.r2", "rash", version="another")
    voters = voters_of("votes", RECIPE, data(), DataTables())
    assert (voters.present, voters.missing) == (("tiny-ade-v1", "tiny-ade-v1.r3"), ("tiny-ade-v1.r2", *LATER))
    said = json.loads(ensemble_rows("votes", RECIPE, data(), DataTables())["completion"][0])
    assert [each["text"] for each in said["entities"]] == ["Aspirin"]  # one of two is no majority


def test_one_replicate_alone_cannot_vote():
    says("tiny-ade-v1", "Aspirin")
    with pytest.raises(
        MednerError, match="1 of 5 replicates of tiny-ade-v1 are evaluated, and a vote needs 2"
    ):
        voters_of("votes", RECIPE, data(), DataTables())


def test_members_of_another_dataset_are_refused():
    recipe = RECIPE.model_copy(update={"dataset": "other"})
    with pytest.raises(MednerError, match="its members tiny-ade-v1 are of dataset ade"):
        voters_of("votes", recipe, data(), DataTables())
