"""Pre-annotations: what a person accepts without a change comes back as what was predicted."""

import json
from typing import Any

from medner_assets.corpus.writers.annotation_tools import (
    label_studio_config,
    label_studio_task,
    prodigy_task,
)
from medner_assets.schema import Document
from medner_assets_tests.support.readings import parse_label_studio, parse_prodigy

TEXT = "😀 note: aspirin 😀 gave her a rash, aspirin again."
PREDICTED: dict[str, Any] = {
    "id": "n1",
    "text": TEXT,
    "entities": [
        {"id": "E0", "type": "Drug", "start": 8, "end": 15, "text": "aspirin", "probability": 0.91},
        {"id": "E1", "type": "Effect", "start": 29, "end": 33, "text": "rash", "probability": 0.4},
        {"id": "E2", "type": "Drug", "text": "heparin", "probability": 0.2},
        {"id": "E3", "type": "Drug", "start": 8, "end": 15, "text": "Aspirin", "probability": 0.5},
    ],
    "relations": [
        {"head": "E0", "tail": "E1", "type": "causes", "probability": 0.3},
        {"head": "E2", "tail": "E1", "type": "causes", "probability": 0.1},
    ],
}


def found(document: Document) -> tuple[list, list]:
    entities = {each.id: each for each in document.entities}
    return (
        [(each.type, each.start, each.end, each.text) for each in document.entities],
        [(each.type, entities[each.head].text, entities[each.tail].text) for each in document.relations],
    )


EXPECTED = (
    [("Drug", 8, 15, "aspirin"), ("Effect", 29, 33, "rash")],
    [("causes", "aspirin", "rash")],
)


def test_label_studio_shows_the_predictions_with_their_probabilities_and_they_come_back_when_accepted():
    task = label_studio_task(PREDICTED, "tiny-v2", {"medner_round": "d@1"})
    (prediction,) = task["predictions"]
    assert prediction["model_version"] == "tiny-v2"
    assert [each.get("score") for each in prediction["result"]] == [0.91, 0.4, 0.3]
    assert task["data"] == {"id": "n1", "text": TEXT, "medner_round": "d@1"}
    accepted = {**task, "annotations": [{"id": 1, "result": prediction["result"]}]}
    reading = parse_label_studio(json.dumps([accepted]), "f")
    (document,) = reading.documents
    assert (document.id, document.text) == ("n1", TEXT)
    assert found(document) == EXPECTED


def test_a_task_that_nobody_corrected_is_no_document():
    reading = parse_label_studio(json.dumps([label_studio_task(PREDICTED, "tiny-v2", {})]), "f")
    assert not reading.documents
    assert [each.message for each in reading.problems] == ["the task has no annotation: document left out"]


def test_prodigy_shows_the_predictions_and_they_come_back_when_accepted():
    task = prodigy_task(PREDICTED, {"round": "d@1"})
    assert [each["score"] for each in task["spans"]] == [0.91, 0.4]
    (document,) = parse_prodigy(json.dumps({**task, "answer": "accept"}) + "\n", "f").documents
    assert document.id == "n1"
    assert found(document) == EXPECTED


def test_a_type_is_quoted_in_the_labelling_interface():
    config = label_studio_config(["Drug", '<"A" & B>'], ["causes"])
    assert '<Label value="Drug"/>' in config
    assert "<Label value='&lt;\"A\" &amp; B&gt;'/>" in config
    assert '<Relation value="causes"/>' in config
