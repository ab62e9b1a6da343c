"""What each macro says of a few literal rows; every number here is computed by hand."""

from pathlib import Path

import duckdb
import pytest

from medner_assets_tests.support.rows import answers, entity, metric, put, relation

CHANGES = (
    "select task, gold_id, gold, change, error, predicted_type, predicted from flips('v1', 'v2') order by all"
)


@pytest.fixture
def pair(root: Path) -> Path:
    """Two versions: v2 loses aspirin and gains pain, both find ibuprofen and miss fever."""
    for version in ("v1", "v2"):
        put(root, "metrics", version, metric("relation", 0.5))
    put(
        root, "entity_outcomes", "v1",
        entity("correct", "Drug aspirin", "Drug aspirin", entity_id="T1"),
        entity("missing", None, "Symptom pain", entity_id="T2"),
        entity("correct", "Drug ibuprofen", "Drug ibuprofen", entity_id="T3"),
        entity("missing", None, "Symptom fever", entity_id="T4"),
    )  # fmt: skip
    put(
        root, "entity_outcomes", "v2",
        entity("type", "Disease aspirin", "Drug aspirin", entity_id="T1"),
        entity("correct", "Symptom pain", "Symptom pain", entity_id="T2"),
        entity("correct", "Drug ibuprofen", "Drug ibuprofen", entity_id="T3"),
        entity("missing", None, "Symptom fever", entity_id="T4"),
    )  # fmt: skip
    return root


def test_flips_lists_what_exactly_one_of_two_versions_finds(pair: Path):
    assert answers(pair, CHANGES) == [
        ("entity", "T1", "aspirin", "lost", "type", "Disease", "aspirin"),
        ("entity", "T2", "pain", "gained", "missing", None, None),
    ]


def test_regressions_are_the_lost_ones_and_fixes_the_gained_ones(pair: Path):
    columns = "gold_id, gold, error, predicted_type, predicted"
    assert answers(pair, f"select {columns} from regressions('v1', 'v2')") == [
        ("T1", "aspirin", "type", "Disease", "aspirin")
    ]
    assert answers(pair, f"select {columns} from fixes('v1', 'v2')") == [
        ("T2", "pain", "missing", None, None)
    ]


def test_regressions_of_one_are_the_fixes_of_the_other(pair: Path):
    lost = answers(pair, "select gold_id, gold, error from regressions('v2', 'v1')")
    assert (
        lost
        == answers(pair, "select gold_id, gold, error from fixes('v1', 'v2')")
        == [("T2", "pain", "missing")]
    )


def test_flips_compares_relations_and_another_stage_when_asked(pair: Path):
    raw = {"stage": "raw", "relation_id": 0}
    put(pair, "relation_outcomes", "v1", relation("correct", "a treats b", "a treats b", **raw))
    put(pair, "relation_outcomes", "v2", relation("direction", "b treats a", "a treats b", **raw))
    asked = "select task, gold, change, error from flips('v1', 'v2', stage := 'raw')"
    assert answers(pair, asked) == [("relation", "a → b", "lost", "direction")]


def test_an_item_with_several_mentions_flips_once_whichever_mention_its_count_is_on(root: Path):
    for version in ("v1", "v2"):
        put(root, "metrics", version, metric("entity", 0.5))
    put(
        root, "entity_outcomes", "v1",
        entity("correct", "Drug aspirin", "Drug aspirin", entity_id="T2"),
        entity("correct", None, "Drug aspirin", entity_id="T1", tp=0),
    )  # fmt: skip
    put(
        root, "entity_outcomes", "v2",
        entity("missing", None, "Drug aspirin", entity_id="T1"),
        entity("missing", None, "Drug aspirin", entity_id="T2", fn=0),
    )  # fmt: skip
    assert answers(root, "select gold_id, change from flips('v1', 'v2')") == [("T1", "lost")]
    assert answers(root, "select gold_id, change from flips('v2', 'v1')") == [("T1", "gained")]


def test_versions_on_different_contents_of_a_dataset_do_not_compare(pair: Path):
    put(pair, "metrics", "v2", metric("relation", 0.5, dataset_version="d-2"))
    for macro in ("flips", "fixes", "regressions"):
        with pytest.raises(duckdb.InvalidInputException, match="v1 and v2: not both evaluated on the same"):
            answers(pair, f"select count(*) from {macro}('v1', 'v2') where task = 'entity'")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_outcomes_of_another_evaluation_than_the_metrics_do_not_count(pair: Path, version: str):
    put(pair, "metrics", version, metric("relation", 0.5, evaluation_id="newer"))
    assert answers(pair, CHANGES) == []
    found = answers(pair, f"select gold from examples('{version}', 'missing')")
    assert found == []


def test_examples_shows_the_text_around_each_mistake(pair: Path):
    text = "0123456789" * 10 + "Aspirin was stopped because of a bleeding ulcer. " + "z" * 200
    put(pair, "documents", "d", {"doc_id": "a", "text": text})
    asked = (
        "select task, doc_id, predicted_type, predicted, gold_type, gold, context from examples('v2', 'type')"
    )
    around = "0123456789" * 6 + "Aspirin was stopped because of a bleeding ulcer. " + "z" * 51
    assert answers(pair, asked) == [("entity", "a", "Disease", "aspirin", "Drug", "aspirin", around)]
    assert len(around) == 160


def test_examples_of_a_mention_with_offsets_are_cut_where_it_stands(root: Path):
    put(root, "metrics", "v1", metric("entity", 0.5))
    put(root, "documents", "d", {"doc_id": "a", "text": "pain " * 40 + "no pain now"})
    put(
        root,
        "entity_outcomes",
        "v1",
        entity("spurious", "Symptom pain", None, predicted_start=203, predicted_end=207),
    )
    assert answers(root, "select context from examples('v1', 'spurious')") == [
        ("n " + "pain " * 11 + "no pain now",)
    ]


def test_examples_names_a_missed_item_once_and_every_wrong_line(root: Path):
    put(root, "metrics", "v1", metric("entity", 0.5))
    put(
        root, "entity_outcomes", "v1",
        entity("missing", None, "Drug aspirin", entity_id="T1"),
        entity("missing", None, "Drug aspirin", entity_id="T2", fn=0),
        entity("duplicate", "Drug x", None, fp=0),
    )  # fmt: skip
    assert answers(root, "select gold, context from examples('v1', 'missing')") == [("aspirin", None)]
    assert answers(root, "select predicted from examples('v1', 'duplicate')") == [("x",)]
    assert answers(root, "select predicted from examples('v1', 'duplicate', stage := 'raw')") == []


def test_find_text_finds_the_first_match_of_a_pattern_whatever_its_case(root: Path):
    put(
        root, "documents", "d",
        {"doc_id": "a", "text": "No fever. Later HIGH fever."},
        {"doc_id": "b", "text": "Afebrile.", "split": "train"},
        {"doc_id": "c", "text": "Well."},
    )  # fmt: skip
    asked = "select doc_id, split, found, place, context from find_text('high|febr') order by doc_id"
    assert answers(root, asked) == [
        ("a", "test", "HIGH", 16, "No fever. Later HIGH fever."),
        ("b", "train", "febr", 1, "Afebrile."),
    ]


def test_the_value_of_a_macros_parameter_can_be_bound(pair: Path):
    asked = "select gold from regressions($baseline, $version)"
    assert answers(pair, asked, {"baseline": "v1", "version": "v2"}) == [("aspirin",)]
    with pytest.raises(duckdb.InvalidInputException, match=r"v1 and v2' or '1'='1: not both evaluated"):
        answers(pair, asked, {"baseline": "v1", "version": "v2' or '1'='1"})
