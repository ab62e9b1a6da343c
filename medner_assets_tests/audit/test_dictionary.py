import numpy as np

from medner_assets.audit.dictionary import Dictionary, dictionary_figures, trained_dictionary
from medner_assets.schema import Document, Entity
from medner_assets_tests.support.notes import note


def phrase(text: str, *mentions: tuple[str, str]) -> Document:
    entities = tuple(
        Entity(f"T{n}", kind, text.index(string), text.index(string) + len(string), string)
        for n, (string, kind) in enumerate(mentions)
    )
    return Document(text, text, entities)


def found(train: list[Document], text: str) -> list[tuple[str, str]]:
    return [(e.text, e.type) for e in trained_dictionary(train).find(Document("test", text))]


HEART = phrase("Heart failure was treated", ("Heart failure", "Condition"))


def test_strings_are_found_whatever_their_case_and_line_breaks():
    assert found([HEART], "A HEART\nfailure again") == [("HEART\nfailure", "Condition")]


def test_only_whole_words_are_found():
    assert found([note("C:gout came")], "gouty gout-like gout") == [
        ("gout", "Condition"),
        ("gout", "Condition"),
    ]


def test_the_longest_string_wins():
    heart = phrase("The heart was seen", ("heart", "Condition"))
    assert found([HEART, heart], "heart failure and heart") == [
        ("heart failure", "Condition"), ("heart", "Condition"),
    ]  # fmt: skip


def test_a_string_that_is_seldom_annotated_in_train_is_dropped():
    seldom = phrase("The lead was lost and lead was found, lead again", ("lead", "Drug"))
    assert found([seldom], "lead in the blood") == []
    assert ("lead",) in Dictionary([seldom]).entries


def test_a_string_has_the_type_that_train_gives_it_most_often():
    train = [note("D:iron helped"), note("D:iron did"), note("S:iron felt")]
    assert found(train, "iron") == [("iron", "Drug")]


def test_figures_count_strings_a_document_and_places_left_unannotated():
    train = [note("D:aspirin eased C:gout")]
    test = [note("D:aspirin and aspirin eased C:asthma")]
    dictionary = trained_dictionary(train)
    weights = np.ones((10, 1), np.int64)
    figures = dictionary_figures(train, test, [dictionary.find(each) for each in test], weights)
    values = {(each.probe, each.figure): each.value for each in figures}
    assert values["dictionary_ner", "precision"] == 1.0
    assert values["dictionary_ner", "recall"] == 0.5
    assert values["unannotated", "train"] == 0.0
    assert values["unannotated", "test"] == 0.5


def test_without_a_hit_the_unannotated_share_is_unknown():
    weights = np.ones((10, 1), np.int64)
    figures = dictionary_figures([note("D:aspirin")], [note("nothing")], [()], weights)
    assert {each.figure: each.value for each in figures if each.probe == "unannotated"}["test"] is None
