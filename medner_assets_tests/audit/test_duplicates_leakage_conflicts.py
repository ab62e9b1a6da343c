from medner_assets.audit.conflicts import conflict_figures
from medner_assets.audit.duplicates import duplicate_figures, near_duplicates
from medner_assets.audit.figures import Figure
from medner_assets.audit.leakage import leakage_figures, unseen_name_figures
from medner_assets.audit.nodes import gold_nodes
from medner_assets.audit.pairs import learn_schema
from medner_assets.schema import Document
from medner_assets_tests.support.notes import note

LONG = " ".join(f"word{number}" for number in range(60))


def values(figures: list[Figure]) -> dict[str, float | None]:
    return {each.figure: each.value for each in figures}


def test_one_word_changed_in_sixty_is_a_near_duplicate_and_half_of_them_is_not():
    changed = LONG.replace("word30 ", "other ")
    half = " ".join(f"word{number}" for number in range(30)) + " " + " ".join(f"new{n}" for n in range(30))
    assert near_duplicates([LONG, changed, half]) == {(0, 1)}


def test_empty_and_short_texts_are_compared_too():
    assert near_duplicates(["", "gout", "gout", "asthma", ""]) == {(1, 2)}


def test_duplicates_count_documents_and_those_of_test_that_train_has():
    documents = [
        Document("1", LONG, split="train"),
        Document("2", LONG.upper(), split="dev"),
        Document("3", LONG.replace("word9 ", "x "), split="test"),
        Document("4", "something else entirely in this text", split="test"),
    ]
    assert values(duplicate_figures(documents)) == {"exact": 2, "near": 3, "near_across": 1}


def test_a_thousand_copies_are_counted_without_comparing_all_of_them():
    documents = [Document(str(number), LONG, split="train") for number in range(1000)]
    assert values(duplicate_figures(documents)) == {"exact": 1000, "near": 1000, "near_across": 0}


def leaked(train: list[Document], test: list[Document]) -> dict[str, float | None]:
    return values(leakage_figures([gold_nodes(d, ()) for d in train], [gold_nodes(d, ()) for d in test]))


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
    return values(conflict_figures(nodes, learn_schema(nodes, ())))


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
