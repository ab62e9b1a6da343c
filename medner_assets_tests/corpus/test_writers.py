"""What is written as BRAT or PubTator is what was there, when it is read back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.corpus.writers.brat import brat_annotations, brat_name
from medner_assets.corpus.writers.pubtator import pubtator_block
from medner_assets.errors import MednerError
from medner_assets.schema import Document, Entity, Relation
from medner_assets_tests.support.readings import parse_brat, parse_pubtator

TEXT = "Ω aspirin caused\nheavy bleeding."
DOCUMENT = Document(
    "d1",
    TEXT,
    (
        Entity("E7", "Drug", 2, 9, "aspirin"),
        Entity("E8", "Adverse Effect", 10, 31, "caused\nheavy bleeding"),
        Entity("E9", "Drug", None, None, "invented"),
    ),
    (Relation("causes", "E7", "E8"), Relation("causes", "E9", "E8")),
)


def spans(document: Document) -> set[tuple[int | None, int | None, str]]:
    return {(entity.start, entity.end, entity.type) for entity in document.entities}


def test_brat_keeps_text_places_and_relations_and_leaves_out_what_has_no_place():
    reading = parse_brat(TEXT, brat_annotations(DOCUMENT), "d1.ann", "d1")
    (back,) = reading.documents
    assert back.text == TEXT
    assert spans(back) == {(2, 9, "Drug"), (10, 31, "Adverse_Effect")}
    assert [(each.head, each.tail, each.type) for each in back.relations] == [("T1", "T2", "causes")]
    assert reading.problems == ()


def test_pubtator_keeps_places_and_relations_with_line_breaks_as_blanks():
    reading = parse_pubtator(pubtator_block(DOCUMENT), "f")
    (back,) = reading.documents
    assert back.text == TEXT.replace("\n", " ")
    assert spans(back) == {(2, 9, "Drug"), (10, 31, "Adverse Effect")}
    assert [(each.head_concept, each.tail_concept) for each in back.relations] == [("E7", "E8")]
    assert reading.problems == ()


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_names_of_files_stay_in_their_folder_and_tell_documents_apart(one, other):
    try:
        names = [brat_name(one), brat_name(other)]
    except MednerError:
        return
    for name in names:
        assert Path("folder", name).parent == Path("folder")
        assert not name.startswith(".")
        assert "/" not in name
        assert "\x00" not in name
    assert (names[0] == names[1]) == (one == other)


@pytest.mark.parametrize("doc_id", ["a|b", "a\tb", "a\nb", " "])
def test_an_id_that_pubtator_cannot_hold_is_refused(doc_id):
    with pytest.raises(MednerError, match="PubTator cannot hold this id"):
        pubtator_block(Document(doc_id, "text"))
