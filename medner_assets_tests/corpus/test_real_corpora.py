"""The published sizes of the real corpora come out exactly; skipped where the corpora are not at hand."""

import time
from collections import Counter

import pytest

from medner_assets.corpus.building import BuiltDataset, build_dataset
from medner_assets.corpus.frames import dataset_frames, documents_from_frames
from medner_assets.corpus.readers.registry import read_files
from medner_assets.corpus.validation import problems_of
from medner_assets.recipes.loading import load_dataset
from medner_assets.schema import Level


@pytest.fixture(scope="module")
def built(corpora):
    """The three real datasets, each built once, with the processor seconds that took."""
    found = {}
    for name in ("ade", "bc5cdr", "biored"):
        begun = time.process_time()
        found[name] = (build_dataset(load_dataset(name), corpora), time.process_time() - begun)
    return found


def sizes(built: BuiltDataset) -> dict[str | None, tuple[int, int, int]]:
    splits = Counter(document.split for document in built.documents)
    entities = Counter(document.split for document in built.documents for _ in document.entities)
    relations = Counter(document.split for document in built.documents for _ in document.relations)
    return {split: (splits[split], entities[split], relations[split]) for split in splits}


def test_ade_has_its_sentences_mentions_and_pairs(built):
    documents = built["ade"][0].documents
    assert len(documents) == 4271
    assert sum(len(document.entities) for document in documents) == 10837
    assert sum(len(document.relations) for document in documents) == 6820
    assert Counter(document.split for document in documents) == {"train": 3403, "dev": 427, "test": 441}
    assert {entity.type for document in documents for entity in document.entities} == {"Drug", "Effect"}
    assert not {each.group for each in documents if each.split == "test"} & {
        each.group for each in documents if each.split != "test"
    }


def test_every_relation_of_ade_leads_from_a_drug_to_an_effect(built):
    for document in built["ade"][0].documents:
        types = {entity.id: entity.type for entity in document.entities}
        assert {(each.type, types[each.head], types[each.tail]) for each in document.relations} == {
            ("causes", "Drug", "Effect")
        }


def test_bc5cdr_train_is_without_its_development_part(built):
    assert sizes(built["bc5cdr"][0]) == {
        "train": (500, 9385, 1038),
        "dev": (500, 9591, 1012),
        "test": (500, 9809, 1066),
    }


def test_biored_has_every_line_of_its_files(built):
    assert sizes(built["biored"][0]) == {
        "train": (400, 13351, 4178),
        "dev": (100, 3533, 1162),
        "test": (100, 3535, 1163),
    }


def test_nothing_of_the_real_corpora_is_left_out_and_every_document_is_sound(built):
    for dataset, _ in built.values():
        assert [each for each in dataset.problems if each.kind.loses] == []
        assert [message for document in dataset.documents for message in problems_of(document)] == []


def test_composite_mentions_of_bc5cdr_carry_each_concept_of_their_line(corpora):
    lines = (corpora / "bc5cdr" / "Training.PubTator.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line.count("\t") > 4]
    expected = [tuple(dict.fromkeys(each for each in row[5].split("|") if each != "-1")) for row in rows]
    reading = read_files("pubtator", [corpora / "bc5cdr" / "Training.PubTator.txt"])
    assert [entity.concepts for document in reading.documents for entity in document.entities] == expected


def test_529_mentions_of_biored_carry_several_concepts(built):
    entities = [entity for document in built["biored"][0].documents for entity in document.entities]
    assert sum(len(entity.concepts) > 1 for entity in entities) == 529


def test_biored_dev_is_the_same_from_all_three_formats(corpora):
    files = {"pubtator": "Dev.PubTator", "bioc-xml": "Dev.BioC.XML", "bioc-json": "Dev.BioC.JSON"}
    first, *others = [read_files(format, [corpora / "biored" / name]) for format, name in files.items()]
    assert len(first.documents) == 100
    assert all(document.level is Level.CONCEPT for document in first.documents)
    assert [other.documents == first.documents for other in others] == [True, True]


def test_real_documents_come_back_from_their_frames(built):
    for dataset, _ in built.values():
        frames = dataset_frames(dataset)
        back = documents_from_frames(frames["documents"], frames["gold_entities"], frames["gold_relations"])
        assert tuple(back) == dataset.documents


def test_reading_takes_seconds(built):
    assert built["ade"][1] < 2
    assert built["bc5cdr"][1] < 5
