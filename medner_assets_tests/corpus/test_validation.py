import pytest

from medner_assets.corpus.validation import problems_of
from medner_assets.schema import Document, Entity, Level, Relation

DRUG, EFFECT = Entity("T1", "Drug", 0, 7, "Heparin"), Entity("T2", "Effect", 15, 23, "bruising")
TEXT = "Heparin caused bruising."


def test_a_sound_document_has_no_problems():
    assert problems_of(Document("n1", TEXT, (DRUG, EFFECT), (Relation("causes", "T1", "T2"),))) == []


@pytest.mark.parametrize(
    ("entities", "relations", "said"),
    [
        ((DRUG, DRUG), (), "'T1' occurs more than once"),
        ((Entity("T1", "Drug", 1, 8, "Heparin"),), (), "is not the mention"),
        ((Entity("T1", "Drug", 3, 3, ""),), (), "no span"),
        ((Entity("T1", "Drug", 20, 90, "Heparin"),), (), "no span"),
        ((Entity("T1", "Drug", -7, 7, "Heparin"),), (), "no span"),
        ((Entity("T1", "Drug", 0, None, "Heparin"),), (), "both or not at all"),
        ((Entity("T1", "", 0, 7, "Heparin"),), (), "type is empty"),
        ((Entity("T1", "Drug", None, None, ""),), (), "mention is empty"),
        ((Entity("T1", "Drug", 0, 7, "Heparin", ("D1",)),), (), "concept level only"),
        ((DRUG,), (Relation("causes", "T1", "T9"),), "tail 'T9' is no entity"),
        ((DRUG,), (Relation("causes", "T1"),), "tail is missing"),
        ((DRUG,), (Relation("", "T1", "T1"),), "type is empty"),
        ((DRUG,), (Relation("causes", "T1", "T1", "D1", "D1"),), "other level"),
    ],
)
def test_each_broken_invariant_is_named_without_the_text(entities, relations, said):
    found = problems_of(Document("n1", TEXT, entities, relations))
    assert len(found) == 1
    assert said in found[0]
    assert "bruising" not in found[0]


def test_concept_relations_refer_to_concepts():
    entity = Entity("0", "Drug", 0, 7, "Heparin", ("D1",))
    relations = (Relation("r", head_concept="D1", tail_concept="D2"),)
    found = problems_of(Document("n1", TEXT, (entity,), relations, level=Level.CONCEPT))
    assert found == ["document 'n1': relation 0: the tail 'D2' is no concept of the document"]


def test_an_empty_document_id_is_a_problem():
    assert problems_of(Document("", TEXT)) == ["a document has an empty id"]
