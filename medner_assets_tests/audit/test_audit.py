import json
from functools import cache

import pytest

from medner_assets.audit.audit import Audit, audit_dataset
from medner_assets.audit.frames import SCHEMA, audit_frame
from medner_assets.corpus.synthetic.generator import generate
from medner_assets.errors import MednerError
from medner_assets.recipes.sources import SyntheticSource
from medner_assets.schema import Document
from medner_assets.tables import TABLES
from medner_assets_tests.support.notes import note

SYMMETRIC = ("interacts_with",)


def splits(process: str, train: int, test: int) -> list[list[Document]]:
    source = SyntheticSource.model_validate(
        {
            "kind": "synthetic",
            "process": process,
            "seed": 5,
            "documents": {"train": train, "dev": 20, "test": test},
        }
    )
    documents = generate(source)
    return [[each for each in documents if each.split == split] for split in ("train", "dev", "test")]


@cache
def audit(process: str) -> Audit:
    return audit_dataset(*splits(process, 300, 100), symmetric_types=SYMMETRIC)


def test_stated_notes_are_learnable():
    found = audit("stated")
    assert found.verdict == "learnable"
    assert found.probes["within_document"]["auc"] > 0.85
    assert found.probes["all_pairs"]["gold_entities"]["f1"] < 0.5
    assert found.probes["dictionary_ner"]["f1"] < 0.75


def test_random_notes_are_not_and_relating_everything_beats_imitation():
    found = audit("random")
    probes = found.probes
    assert found.verdict == "labels-do-not-follow-text"
    assert 0.45 < probes["within_document"]["auc"] < 0.55
    assert probes["dictionary_ner"]["f1"] >= 0.99
    assert probes["all_pairs"]["gold_entities"]["f1"] > probes["imitation"]["gold_entities"]["f1"]
    assert probes["ceiling"]["gold_entities"]["f1"] < 0.7
    assert "cannot be reached by training" in found.lead_sentence


def test_text_is_the_rung_that_reads_stated_notes_and_no_rung_reads_random_ones():
    stated, random = (audit(process).probes for process in ("stated", "random"))
    for rung in ("type_pair_rates", "structure", "names"):
        assert stated["text"]["gold_entities"]["f1"] > stated[rung]["gold_entities"]["f1"] + 0.2
    for rung in ("type_pair_rates", "structure", "names", "text", "combined"):
        assert random[rung]["gold_entities"]["f1"] < random["ceiling"]["gold_entities"]["f1_high"] + 0.03


def test_end_to_end_is_no_better_than_with_gold_entities():
    for process in ("stated", "random"):
        for name, probe in audit(process).probes.items():
            if "end_to_end" in probe:
                assert probe["end_to_end"]["f1"] <= probe["gold_entities"]["f1"] + 0.02, name


def test_equal_documents_and_seed_give_an_equal_audit():
    documents = splits("stated", 60, 30)
    assert audit_dataset(*documents, symmetric_types=SYMMETRIC) == audit_dataset(
        *documents, symmetric_types=SYMMETRIC
    )


def test_json_has_the_keys_of_the_contract_and_no_number_that_json_lacks():
    printed = json.loads(json.dumps(audit("random").to_json(), allow_nan=False))
    assert list(printed) == ["verdict", "reasons", "probes"]
    assert printed["reasons"][0] == audit("random").lead_sentence


def test_the_frame_is_the_table_audits_of_the_warehouse():
    assert TABLES["audits"].schema == SCHEMA
    frame = audit_frame(audit("stated"), "abc")
    assert dict(frame.schema) == SCHEMA
    assert frame.filter(figure="verdict")["detail"].to_list() == ["learnable"]
    assert frame.filter(figure="reason")["detail"].to_list() == list(audit("stated").reasons)
    assert frame["dataset_version"].unique().to_list() == ["abc"]


def test_each_figure_is_one_row_and_says_what_it_means():
    frame = audit_frame(audit("stated"))
    figures = frame.filter(frame["probe"] != "verdict")
    assert figures.select("probe", "figure", "setting").is_duplicated().sum() == 0
    assert figures["detail"].str.len_chars().min() > 10


@pytest.mark.parametrize("empty", ["train", "test"])
def test_an_empty_split_is_refused(empty: str):
    given = {"train": [note("D:aspirin")], "test": [note("D:aspirin")], empty: []}
    with pytest.raises(MednerError, match=f"{empty}: has no document"):
        audit_dataset(given["train"], [], given["test"])


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (Document("e", ""), Document("f", "")),
        (note("nothing here"), note("D:aspirin helped C:gout", ("aspirin", "treats", "gout"))),
        (note("D:aspirin helped C:gout", ("aspirin", "treats", "gout")), note("nothing here")),
        (note("D:aspirin sat by C:gout"), note("D:aspirin sat by C:gout")),
    ],
)
def test_a_dataset_with_nothing_to_compare_is_undecided_and_no_error(train: Document, test: Document):
    found = audit_dataset([train], [], [test])
    assert found.verdict == "undecided"
    json.dumps(found.to_json(), allow_nan=False)


def test_leaks_add_reasons_and_do_not_change_the_verdict():
    train, dev, test = splits("stated", 300, 100)
    leaking = audit_dataset(train, dev, [*test, *train[:5]], symmetric_types=SYMMETRIC)
    assert leaking.verdict == audit("stated").verdict
    assert any("5 test documents have a text that is in train" in reason for reason in leaking.reasons)


def test_relations_that_every_pair_has_are_nearly_free():
    documents = [note(f"D:drug{n} relieved S:ache{n}", (f"drug{n}", "treats", f"ache{n}")) for n in range(40)]
    found = audit_dataset(documents[:30], [], documents[30:])
    assert found.verdict == "nearly-free-given-entities"
