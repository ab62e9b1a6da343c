"""The embedded base has not seen what it is measured on; skipped where the corpora are not at hand."""

import csv
import io
import re
import tarfile
from itertools import islice

import pytest

from medner_assets.corpus.building import build_dataset
from medner_assets.recipes.loading import load_dataset
from tools.embedded_base.extraction import CORPORA, NOT_THEIR_TEST, ZERO_SHOT
from tools.embedded_base.sources import EVALUATION_DATASETS, RUNNING_TEXT, Material, learned_from

RUN = 13
PHRASE = 20
"""Words in a row that no two trials share by their form alone ("the purpose of this study is to …")."""


@pytest.fixture(scope="module")
def material(corpora) -> Material:
    return learned_from(corpora, every=6)


@pytest.fixture(scope="module")
def held_out(corpora):
    documents = [
        d for name in EVALUATION_DATASETS for d in build_dataset(load_dataset(name), corpora).documents
    ]
    return [document for document in documents if document.split in ("dev", "test")]


def runs_of_words(text: str, length: int = RUN) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(run) for run in zip(*(islice(words, i, None) for i in range(length)), strict=False)}


def test_no_thirteen_words_in_a_row_of_a_dev_or_test_text_are_learned_from(material, held_out):
    forbidden = set().union(*(runs_of_words(document.text) for document in held_out))
    assert len(forbidden) > 100_000
    for _, _, text in material.articles:
        assert forbidden.isdisjoint(runs_of_words(text))
    for whole in material.documents:
        assert forbidden.isdisjoint(runs_of_words(whole.document.text)), whole.document.id


def test_no_dev_or_test_document_is_learned_from_whatever_its_corpus(material, held_out):
    refused = {document.group or document.id for document in held_out}
    learned = {
        (whole.document.group or whole.document.id).removeprefix("drugprot-") for whole in material.documents
    }
    assert refused.isdisjoint(learned)


def test_no_sentence_of_the_part_of_ade_that_people_train_on_is_learned_from(material, corpora):
    sentences = {d.text for d in build_dataset(load_dataset("ade"), corpora).documents}
    # Sentences of BC5CDR's abstracts that ADE took too are learned from there.
    assert sentences.isdisjoint(w.document.text for w in material.documents if "train" not in w.source)


def test_no_document_on_which_published_systems_are_compared_is_learned_from(material, corpora):
    archive = corpora.parent / "cases" / "scoring" / "neurotrialner.tar.xz"
    if not archive.is_file():
        pytest.skip("needs cases/scoring beside the corpora")
    with tarfile.open(archive) as files:
        table = next(m for m in files if m.name.endswith("annotated_biobert-v1.1_20240529.csv"))
        rows = list(csv.DictReader(io.StringIO(files.extractfile(table).read().decode())))
    compared = set().union(*(runs_of_words(row["text"], PHRASE) for row in rows))
    assert compared
    learned = [w.document.text for w in material.documents if w.source in NOT_THEIR_TEST]
    assert learned
    assert all(compared.isdisjoint(runs_of_words(text, PHRASE)) for text in learned)


def test_every_corpus_and_running_text_is_there_but_the_one_that_is_kept_to_be_asked_for(material):
    sources = {whole.source for whole in material.documents}
    assert {name for corpus in CORPORA for name in corpus.sources} < sources
    assert ZERO_SHOT not in sources
    assert not [name for name in material.counts if name.startswith("corpora left out")]
    assert len(RUNNING_TEXT) == 4
    assert material.counts["articles"] > 11_000 / 6


def test_what_was_left_out_is_counted(material):
    left_out = material.counts["BC5CDR train documents that are held out elsewhere, left out"]
    assert left_out > 0
    assert material.counts["BC5CDR train documents"] + left_out == 500
