"""Rounds of a dataset: their names, and corrected files that are refused before anything is made."""

import json
from pathlib import Path

import pytest

from medner_assets import paths
from medner_assets.commands.queueing import said
from medner_assets.commands.round_import import import_round
from medner_assets.commands.rounds import (
    Queue,
    Queued,
    before_name,
    folder_of,
    next_round,
    queue_of,
    text_hash,
)
from medner_assets.errors import MednerError

TEXT = "Aspirin caused a rash."


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    for round_, names in (("notes@1", ("a", "b")), ("notes@2", ("c",))):
        paths.private_folder(folder_of(round_))
        documents = {name: Queued(text_hash(TEXT), "random", 0.5) for name in names}
        Queue(round_, "v1", None, "notes", 10, 0.2, 1, documents).save()
    return tmp_path / "data"


def corrected(folder: Path, *documents: tuple[str, str]) -> Path:
    file = folder / "corrected.jsonl"
    lines = [
        json.dumps({"id": name, "text": text, "entities": [], "relations": []}) for name, text in documents
    ]
    file.write_text("\n".join(lines) + "\n")
    return file


def refused(file: Path, round_: str = "notes@1") -> str:
    with pytest.raises(MednerError) as error:
        import_round("jsonl", [file], round_, column=None, tell=lambda line: None)
    assert "\n" not in str(error.value)
    assert not (paths.corpora() / "rounds").exists()
    return str(error.value)


def test_rounds_of_a_dataset_are_numbered_and_can_be_names_of_partitions():
    assert [next_round(each) for each in ("notes", "notes@1", "notes@99")] == [
        "notes@1",
        "notes@2",
        "notes@100",
    ]
    assert paths.is_name("notes@1")
    for bad in ("notes@0", "notes@", "notes@x", "@1", "notes@1@2", "notes@1000"):
        assert not paths.is_name(bad)
    assert before_name("tiny-v2", "notes@3") == "tiny-v2.before-3"


def test_a_queue_is_what_was_saved():
    queued = queue_of("notes@1")
    assert (queued.version, sorted(queued.documents), queued.documents["a"].part) == (
        "v1",
        ["a", "b"],
        "random",
    )
    assert (folder_of("notes@1") / "queue.json").stat().st_mode & 0o077 == 0


def test_a_corrected_file_of_another_round_is_refused_and_the_round_is_named(tmp_path):
    file = corrected(tmp_path, ("a", TEXT), ("c", TEXT))
    assert refused(file).endswith(
        "document 'c' is not of notes@1: it is of notes@2: import it with --round notes@2"
    )


def test_a_document_that_was_never_queued_is_refused(tmp_path):
    assert refused(corrected(tmp_path, ("x", TEXT))).endswith(
        "document 'x' is not of notes@1: it was never queued"
    )


def test_a_text_that_was_changed_is_refused_and_one_with_other_blanks_is_not(tmp_path):
    told = refused(corrected(tmp_path, ("a", "Aspirin caused a rash!")))
    assert "document 'a' has another text than was queued" in told
    # The next thing that is missing is the dataset itself.
    assert "dataset notes has not been built" in refused(corrected(tmp_path, ("a", f"{TEXT}\n")))


def test_a_round_without_a_queue_and_a_name_that_is_none_are_refused(tmp_path):
    file = corrected(tmp_path, ("a", TEXT))
    assert "notes@3 has no queue" in refused(file, "notes@3")
    for bad in ("notes", "../notes@1", "notes@0"):
        assert "a round is DATASET@N" in refused(file, bad)


def test_a_queue_that_is_corrupt_is_refused(tmp_path):
    (folder_of("notes@1") / "queue.json").write_text('{"round": 1}')
    assert "not what `medner queue` writes" in refused(corrected(tmp_path, ("a", TEXT)))


def test_what_is_said_of_a_document_is_each_item_once_with_its_largest_probability():
    document = {
        "entities": [
            {"id": "E0", "type": "Drug", "text": "Aspirin", "probability": 0.4},
            {"id": "E1", "type": "Drug", "text": "aspirin", "probability": 0.9},
            {"id": "E2", "type": "Effect", "text": "rash", "probability": 0.8},
        ],
        "relations": [{"head": "E0", "tail": "E2", "type": "causes", "probability": 0.5}],
        "unresolved_relations": [
            {"head_text": "aspirin", "tail_text": "pain", "type": "treats", "probability": 0.1}
        ],
    }
    assert said(document, "v1") == {
        ("entity", "Drug", "aspirin"): 0.9,
        ("entity", "Effect", "rash"): 0.8,
        ("relation", "causes", "aspirin", "rash"): 0.5,
        ("relation", "treats", "aspirin", "pain"): 0.1,
    }
    del document["entities"][2]["probability"]
    with pytest.raises(MednerError, match="v1 gives no probabilities"):
        said(document, "v1")
