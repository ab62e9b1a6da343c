from medner_assets.modeling.windows import cutting_points, fit, window
from medner_assets.schema import Document, Entity, Level, Relation

TEXT = "Aspirin was given. Bleeding followed."
NOTE = Document(
    "d",
    TEXT,
    (Entity("T1", "Drug", 0, 7, "Aspirin"), Entity("T2", "Effect", 19, 27, "Bleeding")),
    (Relation("causes", "T1", "T2"),),
)


def test_a_window_keeps_its_mentions_with_moved_offsets_and_drops_relations_that_leave_it():
    part = window(NOTE, 19, len(TEXT))
    assert (part.text, part.relations) == ("Bleeding followed.", ())
    assert part.entities == (Entity("T2", "Effect", 0, 8, "Bleeding"),)


def test_a_document_that_fits_is_not_cut():
    assert fit(NOTE, lambda part: True).windows == (NOTE,)


def test_a_document_that_is_too_long_is_cut_at_sentences_and_lost_relations_are_counted():
    fitted = fit(NOTE, lambda part: len(part.text) <= 20)
    assert [part.text for part in fitted.windows] == ["Aspirin was given.", "Bleeding followed."]
    assert fitted.unplaced == 1


def test_a_sentence_that_never_fits_is_left_out_and_its_annotations_are_counted():
    fitted = fit(NOTE, lambda part: "Aspirin" not in part.text)
    assert [part.text for part in fitted.windows] == ["Bleeding followed."]
    assert fitted.unplaced == 2


def test_a_mention_across_a_sentence_border_joins_the_sentences():
    crossing = Document("d", TEXT, (Entity("T1", "Odd", 12, 27, TEXT[12:27]),))
    assert cutting_points(crossing) == [(0, len(TEXT))]


def test_a_concept_relation_is_in_a_window_that_has_a_mention_of_both_concepts():
    document = Document(
        "d",
        TEXT,
        (Entity("0", "Drug", 0, 7, "Aspirin", ("D1",)), Entity("1", "Effect", 19, 27, "Bleeding", ("D2",))),
        (Relation("CID", head_concept="D1", tail_concept="D2"),),
        level=Level.CONCEPT,
    )
    assert window(document, 0, len(TEXT)).relations == document.relations
    assert window(document, 0, 18).relations == ()
