"""The embedded base has not seen what it is measured on; skipped where the corpora are not at hand."""

import re
from itertools import islice

import pytest

from medner_assets.corpus.building import build_dataset
from medner_assets.recipes.loading import load_dataset
from tools.embedded_base.sources import EVALUATION_DATASETS, SYNTHETIC_NOTES, Material, gather

RUN = 13


@pytest.fixture(scope="module")
def material(corpora) -> Material:
    return gather(corpora)


@pytest.fixture(scope="module")
def held_out(corpora):
    documents = [
        d for name in EVALUATION_DATASETS for d in build_dataset(load_dataset(name), corpora).documents
    ]
    return [document for document in documents if document.split in ("dev", "test")]


def runs_of_words(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(run) for run in zip(*(islice(words, i, None) for i in range(RUN)), strict=False)}


def test_no_thirteen_words_in_a_row_of_a_dev_or_test_text_are_learned_from(material, held_out):
    forbidden = set().union(*(runs_of_words(document.text) for document in held_out))
    assert len(forbidden) > 100_000
    for _, _, text in material.articles:
        assert forbidden.isdisjoint(runs_of_words(text))
    for example in material.examples:
        assert forbidden.isdisjoint(runs_of_words(example.document.text)), example.document.id


def test_no_dev_or_test_document_is_learned_from_whatever_its_corpus(material, held_out):
    refused = {document.group or document.id for document in held_out}
    learned = {
        example.document.id.removeprefix("drugprot-").partition("#")[0] for example in material.examples
    }
    assert refused.isdisjoint(learned)


def test_what_was_left_out_is_counted(material):
    left_out = {name: count for name, count in material.counts.items() if name.endswith("left out")}
    assert left_out["BC5CDR train documents that are held out elsewhere, left out"] > 0
    assert (
        material.counts["BC5CDR train documents"]
        + left_out["BC5CDR train documents that are held out elsewhere, left out"]
        == 500
    )


def test_notes_of_the_generator_are_among_the_examples_as_often_as_the_card_says(material):
    assert sum(example.source == "synthetic notes" for example in material.examples) == SYNTHETIC_NOTES
