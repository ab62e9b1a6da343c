from collections.abc import Iterable

from medner_assets.audit.conflicts import conflict_figures
from medner_assets.audit.described import described
from medner_assets.audit.duplicates import _pieces, duplicates, near_duplicates
from medner_assets.audit.figures import AuditFigure
from medner_assets.audit.leakage import shared_documents, shared_relations, unseen_name_figures
from medner_assets.audit.nodes import gold_nodes
from medner_assets.audit.pairs import candidate_pairs, learn_schema
from medner_assets.schema import Document
from medner_assets_tests.support.notes import note

WORDS = [
    f"{one}{other}"
    for one in "bcdfgh"
    for other in ("an", "el", "im", "op", "ut", "ar", "en", "is", "ot", "ul")
]
LONG = " ".join(WORDS)


def values(figures: Iterable[AuditFigure]) -> dict[str, float | None]:
    return {each.figure: each.value for each in figures}


def test_one_word_changed_in_sixty_is_a_near_duplicate_and_half_of_them_is_not():
    changed = LONG.replace("fan ", "other ")
    half = " ".join([*WORDS[:30], *(f"new{word}" for word in WORDS[30:])])
    assert set(near_duplicates([_pieces(text) for text in (LONG, changed, half)])) == {(0, 1)}


def test_empty_and_short_texts_are_compared_too():
    assert set(near_duplicates([_pieces(text) for text in ("", "gout", "gout", "asthma", "")])) == {(1, 2)}


def test_duplicates_count_documents_and_those_of_test_that_train_has():
    documents = [
        Document("1", LONG, split="train"),
        Document("2", LONG.upper(), split="dev"),
        Document("3", LONG.replace("bul ", "x "), split="test"),
        Document("4", "something else entirely in this text", split="test"),
    ]
    found = duplicates(documents)
    assert values(found.figures) == {"exact": 2, "near": 3, "near_across": 1, "template_across": 1}
    assert [(each.test, each.train) for each in found.near] == [("3", "1")]


def test_a_thousand_copies_are_counted_without_comparing_all_of_them():
    documents = [Document(str(number), LONG, split="train") for number in range(1000)]
    figures = values(duplicates(documents).figures)
    assert figures == {"exact": 1000, "near": 1000, "near_across": 0, "template_across": 0}


DOSES = (
    "Seen on {} at {} hours, dose {} mg of D:{} on day {} for C:{} and sent home after {} more days of rest."
)


def dose(name: str, split: str, numbers: tuple[int, ...], drug: str = "aspirin") -> Document:
    day, hour, mg, of, more = numbers
    return note(DOSES.format(day, hour, mg, drug, of, "gout", more), doc_id=name, split=split)


def test_a_note_with_other_numbers_is_a_near_duplicate_and_is_named_with_its_original():
    train = [dose("old", "train", (1, 10, 200, 3, 7)), Document("far", LONG, split="train")]
    found = duplicates([*train, dose("new", "test", (12, 9, 1500, 14, 2))])
    assert [str(each) for each in found.near] == ["new and old (100%)"]


def test_a_note_with_another_name_too_is_the_same_template_and_no_near_duplicate():
    found = duplicates(
        [dose("old", "train", (1, 10, 200, 3, 7)), dose("new", "test", (2, 9, 5, 4, 2), "zinc")]
    )
    assert found.near == ()
    assert [str(each) for each in found.template] == ["new and old (100%)"]


def test_a_short_phrase_with_other_names_is_no_template():
    documents = [note("D:zinc helped C:gout", split="train"), note("D:iron helped C:acne", split="test")]
    assert duplicates(documents).template == ()


def leaked(train: list[Document], test: list[Document]) -> dict[str, float | None]:
    nodes = [[gold_nodes(each, ()) for each in split] for split in (train, test)]
    return values([*shared_documents(train, test).figures(), *shared_relations(*nodes)])


def test_leakage_is_seen_by_text_by_group_and_by_relation_string():
    train = [
        note("D:aspirin helped C:gout", ("aspirin", "treats", "gout"), group="p1"),
        note("D:lithium sat there", group="p2"),
    ]
    test = [
        note("D:Aspirin  helped C:gout", ("Aspirin", "treats", "gout"), group="p3"),
        note("D:zinc helped C:gout", ("zinc", "treats", "gout"), group="p2"),
    ]
    assert leaked(train, test) == {"text": 1, "group": 1, "relation_strings": 0.5}


def test_documents_without_a_group_share_none():
    assert leaked([note("one")], [note("two")])["group"] == 0


def test_unseen_names_are_counted_by_mention_by_name_and_by_type():
    train = [note("D:aspirin helped C:gout")]
    test = [note("D:aspirin and D:zinc with C:gout and D:zinc again")]
    figures = values(unseen_name_figures(train, test))
    assert figures["mentions"] == 0.5
    assert figures["names"] == 1 / 3
    assert figures["mentions of Drug"] == 2 / 3
    assert figures["mentions of Condition"] == 0.0


def test_the_same_name_with_another_type_is_unseen():
    assert values(unseen_name_figures([note("D:iron")], [note("S:iron")]))["mentions"] == 1.0


def conflicts(*documents: Document) -> dict[str, float | None]:
    nodes = [gold_nodes(document, ()) for document in documents]
    return values(conflict_figures(described(candidate_pairs(nodes, learn_schema(nodes, ())))))


def test_a_pair_that_is_related_here_and_not_there_conflicts_but_not_with_other_words_between():
    related = note("D:aspirin helped C:gout", ("aspirin", "treats", "gout"))
    spared = note("D:aspirin spared C:gout")
    figures = conflicts(related, spared)
    assert figures["share"] == 1.0
    assert figures["repeated_same_text"] == 0


def test_the_same_words_between_with_other_labels_are_a_conflict_of_text():
    related = note("D:aspirin helped C:gout", ("aspirin", "treats", "gout"))
    same = note("So D:Aspirin helped C:gout too")
    figures = conflicts(related, same, note("D:zinc helped C:gout", ("zinc", "treats", "gout")))
    assert figures["share_same_text"] == 1.0
    assert figures["repeated_same_text"] == 1


def test_pairs_that_agree_are_no_conflict():
    one = note("D:aspirin helped C:gout", ("aspirin", "treats", "gout"))
    two = note("Here D:aspirin helped C:gout", ("aspirin", "treats", "gout"))
    assert conflicts(one, two)["share"] == 0.0
