import json
from functools import cache

import pytest

from medner_assets.audit.audit import Audit, audit_dataset
from medner_assets.audit.frames import audit_frame
from medner_assets.audit.probes import FAMILIES
from medner_assets.audit.sampling import drawn_documents, is_kept, kept_positions
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
    train = 1200 if process == "random" else 300
    return audit_dataset(*splits(process, train, 100), symmetric_types=SYMMETRIC)


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
    assert probes["within_document"]["share_high"] < 0.15
    assert probes["dictionary_ner"]["f1"] >= 0.99
    assert probes["all_pairs"]["gold_entities"]["f1"] > probes["imitation"]["gold_entities"]["f1"]
    assert probes["without_reading"]["gold_entities"]["f1"] < 0.7
    assert "cannot be reached by training" in found.lead_sentence


def test_text_is_the_rung_that_reads_stated_notes_and_no_rung_reads_random_ones():
    stated, random = (audit(process).probes for process in ("stated", "random"))
    for rung in ("type_pair_rates", "structure", "position", "names", "without_text"):
        assert stated["text"]["gold_entities"]["f1"] > stated[rung]["gold_entities"]["f1"] + 0.1
    best = random["without_reading"]["gold_entities"]
    for rung in ("all_pairs", *FAMILIES):
        for scale in ("f1", "f1_strings"):
            assert random[rung]["gold_entities"][scale] <= best[scale]


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
    frame = audit_frame(audit("stated"), "abc")
    assert dict(frame.schema) == TABLES["audits"].schema
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
    with pytest.raises(MednerError, match=f"{empty}: has no documents"):
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
    assert any(f"{train[0].id} and {train[0].id}" in reason for reason in leaking.reasons)


def full(count: int) -> list[Document]:
    return [
        note(f"D:drug{n} relieved S:ache{n}", (f"drug{n}", "treats", f"ache{n}"), doc_id=str(n))
        for n in range(count)
    ]


def test_relations_that_every_pair_has_are_nearly_free_once_thirty_test_documents_show_it():
    assert audit_dataset(full(60)[:30], [], full(60)[30:]).verdict == "nearly-free-given-entities"
    assert audit_dataset(full(60)[:31], [], full(60)[31:]).verdict == "undecided"


def test_eight_documents_are_undecided_before_anything_else():
    found = audit_dataset(full(8)[:5], full(8)[5:6], full(8)[6:])
    assert found.verdict == "undecided"
    assert "fewer than 50 prove nothing" in found.reasons[0]


def test_no_relation_anywhere_is_undecided():
    bare = [note(f"D:drug{n} and S:ache{n}", doc_id=str(n)) for n in range(100)]
    found = audit_dataset(bare[:70], [], bare[70:])
    assert found.verdict == "undecided"
    assert "no two entities of a document have types that train relates" in found.reasons[0]


def crowded(name: str, drugs: int) -> Document:
    text = " ".join(f"D:drug{n} helped C:gout{n} ." for n in range(drugs))
    return note(text, *((f"drug{n}", "treats", f"gout{n}") for n in range(drugs)), doc_id=name)


def test_of_a_document_with_thousands_of_pairs_some_are_drawn_and_it_is_said():
    documents = [crowded("long", 400), *(crowded(str(n), 3) for n in range(60))]
    found = audit_dataset(documents, [], documents[1:40])
    assert any("of 1 documents with more than 2,000 pairs of entities" in each for each in found.reasons)
    assert found.probes["shape"]["pairs looked at"] < 4000


def test_a_pair_is_drawn_or_not_by_its_keys_alone():
    keys = [("Drug", str(number)) for number in range(300)]
    kept = set(kept_positions(keys, 0.1, 42))
    assert 0.08 < len(kept) / (300 * 299 / 2) < 0.12
    every = ((i, j) for i in range(300) for j in range(i + 1, 300))
    assert kept == {(i, j) for i, j in every if is_kept(keys[j], keys[i], 0.1, 42)}
    assert kept != set(kept_positions(keys, 0.1, 43))


def test_a_large_dataset_is_drawn_by_split_with_the_seed():
    documents = [Document(str(number), "") for number in range(1000)]
    given = [documents[:800], documents[800:850], documents[850:]]
    drawn = drawn_documents(given, 1, most=100)
    assert [len(split) for split in drawn] == [80, 5, 15]
    assert drawn == drawn_documents(given, 1, most=100)
    assert drawn != drawn_documents(given, 2, most=100)
    assert drawn_documents(given, 1, most=1000) == given
