from collections import Counter
from functools import cache
from itertools import permutations

from medner_assets.corpus.synthetic.generator import generate
from medner_assets.corpus.synthetic.random_process import DICTIONARY
from medner_assets.recipes.sources import SyntheticSource
from medner_assets.schema import Document

FITTING = {
    ("Drug", "Condition"): "treats",
    ("Drug", "Symptom"): "causes",
    ("Procedure", "Condition"): "diagnoses",
    ("Drug", "Drug"): "interacts_with",
}


@cache
def notes() -> tuple[Document, ...]:
    source = SyntheticSource(kind="synthetic", process="random", seed=4, documents={"train": 3000})
    return tuple(generate(source))


def fitting_pairs(document: Document) -> set[tuple[str, frozenset[str]]]:
    return {
        (FITTING[one.type, two.type], frozenset((one.id, two.id)))
        for one, two in permutations(document.entities, 2)
        if (one.type, two.type) in FITTING
    }


def related_pairs(document: Document) -> set[tuple[str, frozenset[str]]]:
    return {(r.type, frozenset((str(r.head), str(r.tail)))) for r in document.relations}


def test_all_entities_come_from_a_dictionary_of_50_strings():
    dictionary = {name for names in DICTIONARY.values() for name in names}
    assert len(dictionary) == 50
    assert {entity.text for document in notes() for entity in document.entities} == dictionary


def test_no_string_of_the_dictionary_stands_anywhere_unannotated():
    dictionary = {name for names in DICTIONARY.values() for name in names}
    for document in notes()[:500]:
        mentions = Counter(entity.text for entity in document.entities)
        for name in dictionary:
            assert document.text.count(name) == mentions[name]


def test_relating_every_fitting_pair_scores_as_in_the_reference():
    fitting = sum(len(fitting_pairs(document)) for document in notes())
    related = sum(len(related_pairs(document)) for document in notes())
    found = sum(len(fitting_pairs(document) & related_pairs(document)) for document in notes())
    assert found == related
    assert 0.54 < 2 * related / (fitting + related) < 0.585


def test_perfect_imitation_scores_less_than_relating_everything():
    # Drawing k of n pairs again finds k * k / n of the k in expectation; k depends on n only.
    by_count: dict[int, list[int]] = {}
    for document in notes():
        by_count.setdefault(len(fitting_pairs(document)), []).append(len(related_pairs(document)))
    shared = sum(sum(k) ** 2 / len(k) / n for n, k in by_count.items() if n)
    total = sum(sum(k) for k in by_count.values())
    assert 0.44 < shared / total < 0.48


def test_neither_place_nor_order_tells_which_pair_is_related():
    first = second = first_related = second_related = 0
    for document in notes():
        drugs = [entity for entity in document.entities if entity.type == "Drug"]
        conditions = [entity for entity in document.entities if entity.type == "Condition"]
        if len(drugs) == 2 and len(conditions) == 1:
            related = related_pairs(document)
            first_related += ("treats", frozenset((drugs[0].id, conditions[0].id))) in related
            second_related += ("treats", frozenset((drugs[1].id, conditions[0].id))) in related
            first, second = first + 1, second + 1
    assert first > 1000
    assert abs(first_related / first - second_related / second) < 0.05


def test_an_interaction_has_its_head_first_in_the_text_about_every_other_time():
    places = []
    for document in notes():
        at = {entity.id: entity.start for entity in document.entities}
        places += [
            at[str(r.head)] < at[str(r.tail)] for r in document.relations if r.type == "interacts_with"
        ]
    assert 0.45 < sum(places) / len(places) < 0.55


def test_about_five_entities_and_two_relations_a_document():
    assert 4.7 < sum(len(document.entities) for document in notes()) / len(notes()) < 5.2
    assert 1.8 < sum(len(document.relations) for document in notes()) / len(notes()) < 2.0
