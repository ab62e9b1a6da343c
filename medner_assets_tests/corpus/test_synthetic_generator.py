import hashlib
import json
from collections import Counter
from functools import cache
from itertools import combinations, pairwise
from random import Random
from statistics import median

import pytest

from medner_assets.corpus.sentences import sentence_spans
from medner_assets.corpus.synthetic.draws import Weighted, between, pick, shuffled, stream
from medner_assets.corpus.synthetic.generator import generate, generate_documents, stated_drafts
from medner_assets.corpus.synthetic.inventory import ORDINARY_WORDS, STATED
from medner_assets.corpus.synthetic.names import WORDS, FreshNames, abbreviation, composed
from medner_assets.corpus.validation import problems_of
from medner_assets.recipes.sources import SyntheticSource
from medner_assets.schema import Document, Entity, Relation

SMALL = {"train": 800, "dev": 150, "test": 200}


@cache
def notes(process: str = "stated", seed: int = 20260208) -> tuple[Document, ...]:
    source = SyntheticSource.model_validate(
        {"kind": "synthetic", "process": process, "seed": seed, "documents": SMALL}
    )
    return tuple(generate(source))


def of_split(split: str) -> list[Document]:
    return [document for document in notes() if document.split == split]


def ends(document: Document, relation: Relation) -> tuple[Entity, Entity]:
    mentions = {entity.id: entity for entity in document.entities}
    return mentions[str(relation.head)], mentions[str(relation.tail)]


def fingerprint(documents: tuple[Document, ...]) -> str:
    rows = [
        [d.id, d.split, d.text, [(e.id, e.type, e.start, e.end) for e in d.entities],
         [(r.head, r.type, r.tail) for r in d.relations]]
        for d in documents
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("process", "expected"), [("stated", "34043427a46f352f"), ("random", "209d60b0bea76db2")]
)
def test_a_seed_gives_the_same_documents_on_every_machine(process: str, expected: str):
    # A change here changes every figure on the synthetic datasets: say so in CHANGELOG, "Changes numbers".
    assert fingerprint(notes(process)) == expected


def test_another_seed_gives_other_texts():
    assert not {d.text for d in notes()} & {d.text for d in notes(seed=1)}


def test_each_split_has_the_documents_that_the_recipe_asks_for():
    assert Counter(document.split for document in notes()) == SMALL


def test_ids_are_distinct_and_their_order_says_nothing_of_split_or_relations():
    ids = [document.id for document in notes()]
    assert len(set(ids)) == len(ids)
    by_id = sorted(notes(), key=lambda document: document.id)
    first_half = by_id[: len(by_id) // 2]
    assert 0.6 < sum(d.split == "train" for d in first_half) / len(first_half) < 0.8
    assert 1.6 < sum(len(d.relations) for d in first_half) / len(first_half) < 2.2


@pytest.mark.parametrize("process", ["stated", "random"])
def test_every_document_is_valid(process: str):
    assert not [problem for document in notes(process) for problem in problems_of(document)]


@pytest.mark.parametrize("process", ["stated", "random"])
def test_no_two_documents_have_the_same_text(process: str):
    texts = [document.text for document in notes(process)]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("process", ["stated", "random"])
def test_entities_stand_in_text_order_and_do_not_overlap(process: str):
    for document in notes(process):
        places = [(entity.start, entity.end) for entity in document.entities]
        assert all(one[1] <= two[0] for one, two in pairwise(places))


def test_every_occurrence_of_a_full_name_is_annotated():
    for document in notes()[:300]:
        for name in {entity.text for entity in document.entities if " " in entity.text}:
            assert document.text.count(name) == sum(entity.text == name for entity in document.entities)


def test_half_of_the_names_of_test_are_not_in_train():
    known = {entity.text.lower() for document in of_split("train") for entity in document.entities}
    asked = [entity.text.lower() for document in of_split("test") for entity in document.entities]
    assert 0.45 < sum(name not in known for name in asked) / len(asked) < 0.58


def test_each_relation_type_has_a_fifth_to_three_tenths_of_the_relations():
    counted = Counter(relation.type for document in notes() for relation in document.relations)
    assert set(counted) == {"treats", "causes", "diagnoses", "interacts_with"}
    assert all(0.2 <= count / counted.total() <= 0.3 for count in counted.values())


def test_at_least_15_percent_of_the_relations_cross_sentences():
    crossing = total = 0
    for document in notes():
        spans = sentence_spans(document.text)
        for relation in document.relations:
            head, tail = ends(document, relation)
            total += 1
            crossing += not any(
                a <= min(head.start, tail.start) and max(head.end, tail.end) <= b for a, b in spans
            )
    assert crossing / total >= 0.15


def test_most_documents_have_a_fitting_pair_that_is_not_related():
    fitting = {
        frozenset(entity.type for entity in ends(document, relation))
        for document in notes()
        for relation in document.relations
    }
    with_distractor = 0
    for document in notes():
        related = {frozenset((r.head, r.tail)) for r in document.relations}
        with_distractor += any(
            frozenset((one.type, two.type)) in fitting and frozenset((one.id, two.id)) not in related
            for one, two in combinations(document.entities, 2)
        )
    assert with_distractor / len(notes()) > 0.75


def test_texts_are_short_notes_with_about_five_mentions_and_two_relations():
    assert 30 <= median(len(document.text.split()) for document in notes()) <= 70
    assert 5 <= sum(len(document.entities) for document in notes()) / len(notes()) <= 6.2
    assert 1.7 <= sum(len(document.relations) for document in notes()) / len(notes()) <= 2.2
    assert 0.04 <= sum(not document.relations for document in notes()) / len(notes()) <= 0.15


def test_an_abbreviation_stands_in_brackets_behind_its_long_form_first():
    introduced = 0
    for document in notes():
        for long, short in zip(document.entities, document.entities[1:], strict=False):
            if document.text[long.end : short.start] == " (":
                introduced += 1
                assert short.text == abbreviation(long.text)
                assert document.text[short.end] == ")"
                assert short.text.lower() not in ORDINARY_WORDS
    assert introduced > 100


def test_every_device_of_every_relation_type_is_used():
    drafts = stated_drafts(stream("devices"), FreshNames("benchmark"))
    seen = {
        (kind, pattern.device)
        for _, (_, patterns) in zip(range(1500), drafts, strict=False)
        for pattern in patterns
        for _, kind, _ in pattern.stated
    }
    assert {(kind, device) for kind, devices in STATED.items() for device in devices} <= seen


def test_a_pair_is_never_spoken_of_twice():
    for document in notes():
        pairs = [frozenset(entity.text.lower() for entity in ends(document, r)) for r in document.relations]
        assert len(set(pairs)) == len(pairs)


def test_each_kind_has_thousands_of_composed_names():
    for kind in "DCSPT":
        rng = Random(f"names of {kind}")
        assert len({composed(rng, kind, "benchmark") for _ in range(6000)}) > 1500


def test_composed_names_for_pretraining_are_in_no_dataset():
    words = {word.lower() for words in WORDS.values() for word in words}
    trained = {
        entity.text.lower()
        for document in generate_documents("stated", 3, 500)
        for entity in document.entities
    }
    used = {entity.text.lower() for document in notes() for entity in document.entities}
    shared = {name for name in (trained & used) - words if len(name) > 4}
    assert not shared  # what is left out by length are abbreviations


def test_documents_for_pretraining_have_no_split_and_other_texts_than_a_dataset():
    documents = generate_documents("stated", 20260208, 300)
    assert len(documents) == 300
    assert {document.split for document in documents} == {None}
    assert not {document.text for document in documents} & {document.text for document in notes()}


def test_draws_use_every_value_and_keep_to_their_bounds():
    rng = Random("draws")
    assert {pick(rng, "abc") for _ in range(60)} == set("abc")
    assert {between(rng, 2, 4) for _ in range(60)} == {2, 3, 4}
    assert sorted(shuffled(rng, [3, 1, 2])) == [1, 2, 3]
    counted = Counter(Weighted({"often": 3, "seldom": 1}).draw(rng) for _ in range(4000))
    assert 0.7 < counted["often"] / counted.total() < 0.8
