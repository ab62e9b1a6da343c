"""What must hold of a dataset before anything is trained on it."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.defs.gates import GateVerdict, leakage_gate, placement_gate, require
from medner_assets.errors import MednerError
from medner_assets.recipes.sources import AcceptedLeakage
from medner_assets.tables import TABLES

NONE_ACCEPTED = AcceptedLeakage()


def frame(table: str, *rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=TABLES[table].schema)


def document(doc_id: str, split: str, text: str, group: str | None = None) -> dict[str, object]:
    return {"doc_id": doc_id, "split": split, "text": text, "group_id": group or doc_id}


def mention(doc_id: str, entity_id: str, start: int | None, end: int | None, text: str) -> dict[str, object]:
    return {
        "doc_id": doc_id,
        "entity_id": entity_id,
        "start": start,
        "end": end,
        "text": text,
        "concepts": [],
    }


DOCUMENT = document("d1", "train", "Ω aspirin caused bleeding")
ASPIRIN = mention("d1", "e1", 2, 9, "aspirin")
BLEEDING = mention("d1", "e2", 17, 25, "bleeding")
CAUSED = {"doc_id": "d1", "relation_id": 0, "type": "causes", "head_id": "e1", "tail_id": "e2"}


def placed(*mentions: dict[str, object], relation: dict[str, object] = CAUSED) -> GateVerdict:
    return placement_gate(
        frame("documents", DOCUMENT), frame("gold_entities", *mentions), frame("gold_relations", relation)
    )


def test_mentions_at_their_offsets_pass_counted_in_characters_and_not_in_bytes():
    assert placed(ASPIRIN, BLEEDING).passed


def test_a_mention_one_character_off_shuts_the_gate():
    gate = placed(mention("d1", "e1", 1, 8, "aspirin"), BLEEDING)
    assert gate.reason == "1 mentions that are not at their offsets"


def test_a_mention_beyond_the_end_of_the_text_shuts_the_gate():
    assert not placed(ASPIRIN, mention("d1", "e2", 17, 99, "bleeding")).passed


def test_a_mention_without_offsets_is_no_fault():
    assert placed(ASPIRIN, mention("d1", "e2", None, None, "bleeding")).passed


def test_a_relation_to_an_entity_that_is_not_there_shuts_the_gate():
    assert placed(ASPIRIN).reason == "1 relation arguments without their entity"


def test_a_relation_between_concepts_needs_a_mention_of_each():
    relation = {
        "doc_id": "d1",
        "relation_id": 0,
        "type": "causes",
        "head_concept": "C1",
        "tail_concept": "C2",
    }
    known = ASPIRIN | {"concepts": ["C1", "C3"]}
    assert placed(known, BLEEDING, relation=relation).reason == "1 relation arguments without their concept"
    assert placed(known, BLEEDING | {"concepts": ["C2"]}, relation=relation).passed


def test_an_entity_id_used_twice_in_a_document_shuts_the_gate():
    assert "1 repeated entity ids" in placed(ASPIRIN, BLEEDING | {"entity_id": "e1"}).reason


def test_a_mention_of_a_document_that_is_not_there_shuts_the_gate():
    assert "1 mentions without their document" in placed(ASPIRIN, BLEEDING, ASPIRIN | {"doc_id": "d2"}).reason


def test_a_test_document_with_a_text_of_train_shuts_the_gate_whatever_its_case_and_spacing():
    rows = frame(
        "documents", document("a", "train", "No  new\nfindings."), document("b", "test", "no new findings. ")
    )
    assert leakage_gate(rows, NONE_ACCEPTED).reason == (
        "1 of 1 test documents share their text with train (0 accepted)"
    )


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("Stra\u00dfe.", "STRASSE."),
        ("Caf\u00e9.", "Cafe\u0301."),
        ("No\u00a0findings.", "no findings."),
        ("\u03a3.", "\u03c2."),
    ],
)
def test_the_gate_and_the_audit_have_one_rule_for_the_same_text(train, test):
    from medner_assets.audit.leakage import shared_documents
    from medner_assets.schema import Document

    rows = frame("documents", document("a", "train", train), document("b", "test", test))
    by_audit = len(shared_documents([Document("a", train, (), ())], [Document("b", test, (), ())]).text)
    assert leakage_gate(rows, NONE_ACCEPTED).figures["test documents with a text of train"] == by_audit == 1


def test_a_test_document_of_a_patient_in_train_shuts_the_gate():
    rows = frame("documents", document("a", "train", "One.", "p1"), document("b", "test", "Two.", "p1"))
    assert leakage_gate(rows, NONE_ACCEPTED).reason == (
        "1 of 1 test documents share their group with train (0 accepted)"
    )


def test_a_stated_number_of_leaks_is_accepted_and_one_more_is_not():
    rows = frame("documents", document("a", "train", "One.", "p1"), document("b", "test", "Two.", "p1"))
    assert leakage_gate(rows, AcceptedLeakage(group=1)).passed
    more = pl.concat([rows, frame("documents", document("c", "test", "Three.", "p1"))])
    assert not leakage_gate(more, AcceptedLeakage(group=1)).passed


def test_repeats_within_train_and_between_dev_and_train_are_no_leak_into_test():
    rows = frame(
        "documents",
        document("a", "train", "One."),
        document("b", "train", "One."),
        document("c", "dev", "One."),
        document("d", "test", "Two."),
    )
    assert leakage_gate(rows, NONE_ACCEPTED).passed


@given(st.permutations(["train", "train", "dev", "test", "test"]))
def test_the_order_of_documents_does_not_change_the_leaks(splits):
    rows = frame("documents", *(document(f"d{i}", split, "Same text.") for i, split in enumerate(splits)))
    assert leakage_gate(rows, NONE_ACCEPTED).figures["test documents with a text of train"] == 2


def test_a_shut_gate_refuses_the_dataset_in_one_line_that_names_the_remedy():
    gate = GateVerdict(False, "2 repeated entity ids", {"repeated entity ids": 2})
    with pytest.raises(MednerError) as caught:
        require("ade", GateVerdict(True, "", {}), gate)
    assert str(caught.value) == (
        "dataset ade cannot be trained on: 2 repeated entity ids: correct its source, "
        "or accept a stated number in datasets/ade.yaml where that is right"
    )
