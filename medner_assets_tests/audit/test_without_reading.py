from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medner_assets.audit.figures import AuditFigure, Figures
from medner_assets.audit.nodes import gold_nodes
from medner_assets.audit.pairs import candidate_pairs, learn_schema
from medner_assets.audit.without_reading import best_by_position, expected_f1, prefix_rule, without_reading
from medner_assets.schema import Document
from medner_assets_tests.support.notes import note

probabilities = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=7).map(np.array)


@given(probabilities)
def test_no_other_choice_of_relations_has_a_better_expected_f1(probability: np.ndarray):
    best = expected_f1(probability, prefix_rule(probability))
    choices = (np.array(taken) for taken in product((False, True), repeat=len(probability)))
    assert best == pytest.approx(max(expected_f1(probability, taken) for taken in choices))


@given(probabilities)
def test_exactly_what_is_more_probable_than_half_of_the_best_f1_is_taken(probability: np.ndarray):
    taken = prefix_rule(probability)
    half = expected_f1(probability, taken) / 2
    assert all(probability[taken] >= half - 1e-12)
    assert all(probability[~taken] <= half + 1e-12)


def test_certain_relations_can_be_had_in_full_and_nothing_gives_nothing():
    certain = np.array([1.0, 1.0, 0.0])
    assert expected_f1(certain, prefix_rule(certain)) == 1.0
    assert expected_f1(np.zeros(2), prefix_rule(np.zeros(2))) == 0.0
    assert expected_f1(np.zeros(0), prefix_rule(np.zeros(0))) == 0.0


def figures_of(documents: list[Document]) -> dict[str, AuditFigure]:
    nodes = [gold_nodes(document, ()) for document in documents]
    pairs = candidate_pairs(nodes, learn_schema(nodes, ()))
    half = np.full(len(pairs.rows), 0.5)  # what position tells of one drug of two
    return {each.probe: each for each in best_by_position(pairs, half, seed=1) if each.figure == "f1"}


def drawn(number: int, rng: np.random.Generator) -> Document:
    """One of the two drugs is related to the condition, drawn at random: nobody can know which."""
    drug = ("aspirin", "lithium")[int(rng.integers(2))]
    return note(f"visit {number} lists D:aspirin and D:lithium and C:gout", (drug, "treats", "gout"))


def test_of_two_equally_likely_pairs_taking_both_gives_two_thirds_and_imitation_one_half():
    rng = np.random.default_rng(7)
    figures = figures_of([drawn(number, rng) for number in range(400)])
    assert figures["by_position"].value == pytest.approx(2 / 3, abs=0.02)
    assert figures["imitation"].value == pytest.approx(1 / 2, abs=0.02)


def test_the_intervals_hold_the_value_and_are_narrower_with_more_documents():
    rng = np.random.default_rng(8)
    small, large = (figures_of([drawn(n, rng) for n in range(count)]) for count in (100, 900))
    for probe in ("by_position", "imitation"):
        for figures in (small, large):
            assert figures[probe].low < figures[probe].value < figures[probe].high
        assert large[probe].high - large[probe].low < small[probe].high - small[probe].low


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_equal_seeds_give_equal_figures(seed: int):
    rng = np.random.default_rng(seed)
    documents = [drawn(number, rng) for number in range(20)]
    assert figures_of(documents) == figures_of(documents)


def made(probe: str, value: float, figure: str = "f1", high: float | None = None) -> AuditFigure:
    return AuditFigure(probe, figure, value, "", "gold_entities", None, high)


def test_the_best_score_without_reading_is_no_lower_than_any_rung_that_does_not_read():
    figures = [made("structure", 0.4, high=0.5), made("names", 0.7), made("by_position", 0.6, high=0.8)]
    (best,) = without_reading(Figures(figures), ("structure", "names"))
    assert (best.value, best.high, best.detail) == (0.7, 0.8, "best score without reading the text: by names")


def test_each_scale_has_a_best_of_its_own():
    figures = [made("names", 0.7), made("names", 0.9, "f1_strings"), made("by_position", 0.8)]
    found = {each.figure: each.value for each in without_reading(Figures(figures), ("names",))}
    assert found == {"f1": 0.8, "f1_strings": 0.9}


def test_on_strings_two_mentions_of_one_name_are_one_relation_that_either_can_make_true():
    nodes = [gold_nodes(note("D:zinc then D:zinc for C:gout", ("zinc", "treats", "gout")), ())]
    pairs = candidate_pairs(nodes, learn_schema(nodes, ()))
    found = {each.figure: each for each in best_by_position(pairs, np.array([0.5, 0.5]), seed=1)[::2]}
    assert found["f1"].value == pytest.approx(2 / 3)
    assert found["f1_strings"].value == pytest.approx(2 * 0.75 / 1.75)
