import pytest

from medner_assets.audit.all_pairs import all_pairs
from medner_assets.audit.nodes import gold_nodes
from medner_assets.audit.pairs import candidate_pairs, learn_schema
from medner_assets.schema import Document
from medner_assets_tests.support.notes import note


def figures_of(
    train: list[Document], test: list[Document], symmetric: tuple[str, ...] = ()
) -> dict[str, float | None]:
    train_nodes, test_nodes = ([gold_nodes(each, symmetric) for each in split] for split in (train, test))
    schema = learn_schema(train_nodes, symmetric)
    pairs = [candidate_pairs(nodes, schema) for nodes in (train_nodes, test_nodes)]
    return {each.figure: each.value for each in all_pairs(pairs[0], [("gold_entities", pairs[1])], seed=1)}


GOUT = note("D:aspirin and D:lithium with C:gout and C:asthma", ("aspirin", "treats", "gout"))


def test_one_relation_among_four_fitting_pairs_gives_precision_a_quarter_and_full_recall():
    figures = figures_of([GOUT], [GOUT])
    assert figures["precision"] == pytest.approx(1 / 4)
    assert figures["recall"] == 1.0
    assert figures["f1"] == pytest.approx(2 / 5)


def test_a_pair_of_types_that_train_never_relates_is_not_a_candidate():
    figures = figures_of([GOUT], [note("D:aspirin brought S:nausea", ("aspirin", "causes", "nausea"))])
    assert figures["f1"] == 0.0


def test_the_most_frequent_type_stands_alone_where_that_scores_better_on_train():
    helped = [note(f"D:a{n} helped C:b{n}", (f"a{n}", "treats", f"b{n}")) for n in range(9)]
    harmed = [note("D:zinc brought C:gout", ("zinc", "causes", "gout"))]
    figures = figures_of(helped + harmed, harmed)
    assert figures["f1"] == figures["f1_usual_type"] == 0.0
    assert figures["f1_every_type"] == pytest.approx(2 / 3)


def test_every_type_counts_where_pairs_are_related_in_all_of_them():
    both = note("D:zinc meets C:gout", ("zinc", "treats", "gout"), ("zinc", "causes", "gout"))
    figures = figures_of([both], [both])
    assert figures["f1"] == figures["f1_every_type"] == 1.0
    assert figures["f1_usual_type"] == pytest.approx(2 / 3)


def test_of_equal_types_both_directions_are_related_unless_symmetric():
    document = note("C:gout follows C:obesity", ("obesity", "causes", "gout"))
    assert figures_of([document], [document])["f1"] == pytest.approx(2 / 3)
    assert figures_of([document], [document], symmetric=("causes",))["f1"] == 1.0


def test_scored_on_strings_a_second_mention_of_the_same_name_is_no_mistake():
    document = note("D:aspirin helped C:gout and D:aspirin stayed", ("aspirin", "treats", "gout"))
    figures = figures_of([document], [document])
    assert figures["f1"] == pytest.approx(2 / 3)
    assert figures["f1_strings"] == 1.0
