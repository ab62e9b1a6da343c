"""Exports of annotation tools: what is kept, what is reported, and with which line."""

import json

import pytest

from medner_assets.corpus.readers.json_records import json_records
from medner_assets.corpus.readers.registry import read_files
from medner_assets.corpus.readers.sources import Source
from medner_assets.corpus.reading import Reading
from medner_assets.errors import MednerError
from medner_assets.schema import Relation
from medner_assets_tests.support.corpus_files import SEEDS
from medner_assets_tests.support.readings import (
    parse_conll,
    parse_doccano,
    parse_label_studio,
    parse_prodigy,
    parsed,
)

TEXT = "Heparin caused bruising."


def problems(reading: Reading) -> list[tuple[int | None, str]]:
    return [(each.line, each.kind.value) for each in reading.problems]


def region(key: str, start: int, end: int, text: str, *labels: str) -> dict:
    value = {"start": start, "end": end, "text": text, "labels": list(labels)}
    return {"id": key, "type": "labels", "value": value}


def task(*result: dict, **more: object) -> dict:
    return {"id": 5, "data": {"text": TEXT}, "annotations": [{"id": 1, "result": list(result)}], **more}


A, B = region("a", 0, 7, "Heparin", "Drug"), region("b", 15, 23, "bruising", "Effect")


def relation(**more: object) -> dict:
    return {"type": "relation", "from_id": "a", "to_id": "b", "labels": ["causes"], **more}


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("right", [("a", "b")]),
        ("left", [("b", "a")]),
        ("bi", [("a", "b"), ("b", "a")]),
        (None, [("a", "b")]),
    ],
)
def test_the_direction_of_a_label_studio_relation_says_which_end_is_the_head(direction, expected):
    (document,) = parse_label_studio(json.dumps([task(A, B, relation(direction=direction))]), "f").documents
    assert document.relations == tuple(Relation("causes", *pair) for pair in expected)


def test_the_ground_truth_counts_and_what_else_a_label_studio_task_holds_is_reported():
    other = {"id": 2, "ground_truth": True, "result": [A]}
    both = task(A, B)
    both["annotations"].append(other)
    choice = {"id": "c", "type": "choices", "value": {"choices": ["yes"]}}
    unread = task(relation(labels=[]), choice, A, B, id=6)
    reading = parse_label_studio(json.dumps([both, unread, {"id": 7, "data": {"text": "x"}}], indent=0), "f")
    assert [len(each.entities) for each in reading.documents] == [1, 2]
    assert [kind for _, kind in problems(reading)] == [
        "unsupported",
        "unsupported",
        "malformed",
        "unsupported",
    ]


def test_a_region_with_two_labels_is_two_mentions_and_a_wrong_place_is_left_out():
    reading = parse_label_studio(
        json.dumps([task(region("a", 0, 7, "Heparin", "X", "Y"), region("b", 1, 4, "nope", "Z"))]), "f"
    )
    assert [(each.id, each.type) for each in reading.documents[0].entities] == [("a", "X"), ("a.1", "Y")]
    assert problems(reading) == [(1, "offset-mismatch")]


def test_offsets_of_label_studio_in_utf16_units_are_converted():
    content = [{"id": 1, "data": {"text": "😀 Heparin"}, "annotations": [
        {"result": [region("a", 3, 10, "Heparin", "X")]}]}]  # fmt: skip
    reading = parse_label_studio(json.dumps(content), "f")
    assert reading.documents[0].entities[0].start == 2
    assert problems(reading) == [(1, "offset-unit")]


def test_records_of_an_array_know_their_lines_and_a_broken_one_names_it():
    def records(text: str):
        return list(json_records(Source("f", "f", content=text.encode())))

    *found, wrong = records('[\n{"id": 1},\n\n{"id":\n2}, 3]')
    assert [(line, record["id"]) for line, record in found] == [(2, 1), (4, 2)]
    assert wrong.message == "the record is no object: left out"
    with pytest.raises(MednerError, match="f:3: the record that begins here is not valid JSON"):
        records('[\n{"id": 1},\n{"id": ]')
    with pytest.raises(MednerError, match="f:2: the file ends before its array does"):
        records('[\n{"id": 1}')


def test_prodigy_reads_accepted_tasks_and_reports_the_others_by_line():
    span = {"start": 0, "end": 7, "label": "Drug"}
    lines = [
        {"text": TEXT, "_input_hash": 1, "spans": [span]},
        {"text": TEXT, "_input_hash": 2, "spans": [span], "answer": "reject"},
        {"text": TEXT, "_input_hash": 1, "spans": [span]},
        {"spans": []},
        {"text": TEXT, "id": "x", "spans": [{"start": 7, "end": 8, "label": "Blank"}]},
    ]
    reading = parse_prodigy("".join(json.dumps(line) + "\n" for line in lines) + "{\n", "f")
    assert [each.id for each in reading.documents] == ["1", "x"]
    assert problems(reading) == [
        (2, "rejected"),
        (3, "duplicate-id"),
        (4, "malformed"),
        (5, "offset-mismatch"),
        (6, "malformed"),
    ]


def test_a_prodigy_span_has_to_begin_and_end_with_the_tokens_it_names():
    tokens = [{"start": 0, "end": 7}, {"start": 8, "end": 14}]
    right = {"start": 0, "end": 7, "label": "X", "token_start": 0, "token_end": 0}
    wrong = {**right, "end": 6}
    content = {"text": TEXT, "id": "a", "tokens": tokens, "spans": [right, wrong]}
    reading = parse_prodigy(json.dumps(content), "f")
    assert len(reading.documents[0].entities) == 1
    assert problems(reading) == [(1, "offset-mismatch")]


def test_a_prodigy_relation_without_spans_goes_by_the_last_tokens():
    spans = [
        {"start": 0, "end": 7, "label": "Drug", "token_start": 0, "token_end": 0},
        {"start": 15, "end": 23, "label": "Effect", "token_start": 2, "token_end": 2},
    ]
    content = {"text": TEXT, "id": 3, "spans": spans, "relations": [{"head": 2, "child": 0, "label": "by"}]}
    (document,) = parse_prodigy(json.dumps(content), "f").documents
    assert document.relations == (Relation("by", "T2", "T1"),)


def test_doccano_without_relations_and_a_relation_to_nothing():
    old = {"id": 1, "data": TEXT, "label": [[0, 7, "Drug"], [20, 99, "Effect"], [1, 2]]}
    lost = {"id": 2, "text": TEXT, "entities": [], "relations": [{"from_id": 1, "to_id": 2, "type": "x"}]}
    reading = parse_doccano(json.dumps(old) + "\n" + json.dumps(lost) + "\n", "f")
    assert [len(each.entities) for each in reading.documents] == [1, 0]
    assert [line for line, _ in problems(reading)] == [1, 1, 2]
    assert problems(reading)[2] == (2, "unknown-argument")


def test_columns_know_iob1_iob2_and_bioes():
    tags = ["I-X", "I-X", "O", "B-X", "B-X", "I-Y", "O", "S-X", "B-Z", "E-Z", "I-Z"]
    text = "".join(f"w{n} {tag}\n" for n, tag in enumerate(tags))
    (document,) = parse_conll(text, "f", "f").documents
    assert [each.text for each in document.entities] == ["w0 w1", "w3", "w4", "w5", "w7", "w8 w9", "w10"]


def test_no_mention_of_columns_crosses_a_sentence_or_a_document():
    text = "-DOCSTART- O\n\na B-X\n\nb I-X\n-DOCSTART- O\nc I-X\n"
    first, second = parse_conll(text, "f", "train").documents
    assert (first.id, first.text, [each.text for each in first.entities]) == ("train-1", "a\nb", ["a", "b"])
    assert (second.id, [each.text for each in second.entities]) == ("train-2", ["c"])


def test_sentences_are_documents_where_columns_mark_none_and_bad_lines_are_told():
    reading = parse_conll("a O\n\nb\nc X\nd B-Y\n", "f", "s")
    assert [(each.id, each.text) for each in reading.documents] == [("s-1", "a"), ("s-2", "d")]
    assert problems(reading) == [(3, "malformed"), (4, "malformed")]


def test_what_is_no_parquet_is_refused_in_one_line_that_names_it(tmp_path):
    (tmp_path / "f").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(MednerError, match="not a Parquet file") as raised:
        read_files("parquet", [tmp_path / "f"])
    assert str(tmp_path / "f") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_half_a_surrogate_pair_in_a_cas_is_refused_in_a_line_that_can_be_written():
    pytest.importorskip("cassis")
    told = []
    for broken in (SEEDS["cas"].replace("Née", "\\ud83d"), SEEDS["cas"].replace("uima.tcas.Ann", "\\ud83d")):
        with pytest.raises(MednerError) as refused:
            parsed("cas", broken, "f.json")
        told.append(str(refused.value))
    assert told == ["f.json: not valid JSON: half a surrogate pair stands alone: export it again"] * 2
