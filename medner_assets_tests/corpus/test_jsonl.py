import json

import pytest
from hypothesis import given

from medner_assets.corpus.jsonl import document_from_json, document_to_json, json_line, write_documents
from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.corpus.validation import problems_of
from medner_assets.errors import MednerError
from medner_assets.schema import Document, Entity, Level, Relation
from medner_assets_tests.support.readings import parse_jsonl
from medner_assets_tests.support.strategies import corpora_of_documents, documents

LINE = {
    "id": "n1",
    "text": "Heparin caused bruising.",
    "entities": [
        {"id": "T1", "type": "Drug", "start": 0, "end": 7, "text": "Heparin"},
        {"id": "T2", "type": "Effect", "start": 15, "end": 23, "text": "bruising"},
    ],
    "relations": [{"head": "T1", "tail": "T2", "type": "causes"}],
}


def lines(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def kinds(text: str) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.kind.value) for problem in parse_jsonl(text, "f").problems]


@given(documents())
def test_a_document_comes_back_from_its_json(document: Document):
    assert document_from_json(json.loads(json.dumps(document_to_json(document)))) == document


@given(corpora_of_documents)
def test_documents_come_back_from_their_lines(documents: list[Document]):
    text = "".join(json.dumps(document_to_json(each), ensure_ascii=False) + "\n" for each in documents)
    reading = parse_jsonl(text, "f")
    assert list(reading.documents) == documents
    assert reading.problems == ()


@given(documents())
def test_a_line_is_the_json_of_its_document(document: Document):
    assert json_line(document) == json.dumps(document_to_json(document), ensure_ascii=False) + "\n"


@given(documents())
def test_what_the_strategy_draws_is_sound(document: Document):
    assert problems_of(document) == []


def test_a_file_is_written_and_read_back(tmp_path):
    document = Document("n1", "Ibuprofen,\u2028née 😀", (Entity("T1", "Drug", 0, 9, "Ibuprofen"),))
    write_documents(tmp_path / "out.jsonl", [document])
    assert read_jsonl(tmp_path / "out.jsonl").documents == (document,)
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_failed_write_leaves_the_earlier_file(tmp_path):
    write_documents(tmp_path / "out.jsonl", [Document("old", "Text.")])

    def broken():
        yield Document("new", "Text.")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_documents(tmp_path / "out.jsonl", broken())
    assert [document.id for document in read_jsonl(tmp_path / "out.jsonl").documents] == ["old"]
    assert len(list(tmp_path.iterdir())) == 1


def test_writing_below_a_missing_folder_is_one_line(tmp_path):
    with pytest.raises(MednerError, match="cannot be written"):
        write_documents(tmp_path / "missing" / "out.jsonl", [])


def test_optional_keys_are_written_only_where_they_differ_from_the_default():
    assert set(document_to_json(Document("n1", "Text."))) == {"id", "text", "entities", "relations"}
    full = Document("n1", "Text.", group="g", split="dev", directed=False, level=Level.CONCEPT)
    assert set(document_to_json(full)) - {"id", "text", "entities", "relations"} == {
        "group",
        "split",
        "directed",
        "level",
    }


def test_unknown_keys_are_ignored():
    entity = LINE["entities"][0] | {"score": 0.9, "concepts": ["D1"]}
    document = document_from_json(LINE | {"entities": [entity], "relations": [], "source": "x"})
    assert document.entities == (Entity("T1", "Drug", 0, 7, "Heparin"),)


def test_a_concept_level_document_relates_concepts():
    value = {
        "id": "n1",
        "text": "Heparin",
        "level": "concept",
        "entities": [
            {"id": "0", "type": "Drug", "start": 0, "end": 7, "text": "Heparin", "concepts": ["D006493"]}
        ],
        "relations": [{"head_concept": "D006493", "tail_concept": "D006493", "type": "self"}],
    }
    document = document_from_json(value)
    assert document.level is Level.CONCEPT
    assert document.relations == (Relation("self", head_concept="D006493", tail_concept="D006493"),)


def test_numbers_serve_as_ids():
    assert document_from_json({"id": 7, "text": "Text."}).id == "7"


def test_an_entity_without_text_takes_it_from_the_document():
    value = {"id": "n1", "text": "Heparin", "entities": [{"id": "T1", "type": "Drug", "start": 0, "end": 4}]}
    assert document_from_json(value).entities[0].text == "Hepa"


def test_predictions_need_no_text_and_no_offsets():
    value = {"id": "n1", "entities": [{"id": "a", "type": "Drug", "text": "Heparin"}], "relations": []}
    document = document_from_json(value, text_required=False)
    assert document.text == ""
    assert document.entities == (Entity("a", "Drug", None, None, "Heparin"),)
    with pytest.raises(MednerError, match="'text' must be a string"):
        document_from_json(value)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": None}, "'id'"),
        ({"id": ""}, "'id'"),
        ({"id": True}, "'id'"),
        ({"text": 3}, "'text'"),
        ({"entities": {}}, "'entities'"),
        ({"entities": ["T1"]}, "entity 0"),
        ({"entities": [{"id": "T1", "type": "Drug", "start": 0, "text": "H"}]}, "'start' and 'end'"),
        ({"entities": [{"id": "T1", "type": "Drug", "start": -1, "end": 2, "text": "H"}]}, "'start'"),
        ({"entities": [{"id": "T1", "type": "Drug", "start": 0.0, "end": 2, "text": "H"}]}, "'start'"),
        ({"entities": [{"id": "T1", "type": 5, "start": 0, "end": 2, "text": "H"}]}, "'type'"),
        ({"relations": [{"head": "T1", "type": "causes"}]}, "relation 0: 'tail'"),
        ({"directed": "no"}, "'directed'"),
        ({"level": "document"}, "'level'"),
        ({"level": []}, "'level'"),
    ],
)
def test_a_wrong_shape_is_one_line_that_names_the_key(change: dict, named: str):
    with pytest.raises(MednerError, match=named) as raised:
        document_from_json(LINE | change)
    assert "\n" not in str(raised.value)
    assert kinds(lines(LINE, LINE | {"id": "n2"} | change)) == [(2, "malformed")]


def test_windows_line_ends_and_blank_lines_read_the_same():
    plain = lines(LINE, LINE | {"id": "n2"})
    assert parse_jsonl(plain.replace("\n", "\r\n\r\n"), "f").documents == parse_jsonl(plain, "f").documents


def test_a_file_cut_off_keeps_what_is_whole_and_says_so():
    text = lines(LINE, LINE | {"id": "n2"})
    reading = parse_jsonl(text[:-20], "f")
    assert [document.id for document in reading.documents] == ["n1"]
    assert [(problem.line, problem.kind) for problem in reading.problems] == [(2, "truncated")]


def test_a_mention_that_is_not_at_its_offsets_is_left_out_with_its_relations_and_counted():
    moved = LINE | {"entities": [LINE["entities"][0], LINE["entities"][1] | {"start": 14, "end": 22}]}
    reading = parse_jsonl(lines(moved), "some.jsonl")
    assert [entity.id for entity in reading.documents[0].entities] == ["T1"]
    assert reading.documents[0].relations == ()
    assert [problem.kind.value for problem in reading.problems] == ["offset-mismatch", "unknown-argument"]
    assert {(problem.file, problem.line, problem.doc_id) for problem in reading.problems} == {
        ("some.jsonl", 1, "n1")
    }
    assert "bruising" not in "".join(problem.message for problem in reading.problems)


def test_offsets_in_other_units_are_not_guessed_in_the_own_format():
    text = "😀 Heparin"
    entity = {"id": "T1", "type": "Drug", "start": 3, "end": 10, "text": "Heparin"}  # UTF-16 units
    assert kinds(lines({"id": "n1", "text": text, "entities": [entity]})) == [(1, "offset-mismatch")]


def test_repeated_ids_keep_the_first():
    twice = LINE | {"entities": [*LINE["entities"], LINE["entities"][0]]}
    assert kinds(lines(twice)) == [(1, "duplicate-id")]
    assert kinds(lines(LINE, LINE | {"text": "Other."})) == [(2, "duplicate-id")]


def test_half_a_surrogate_pair_is_refused_and_a_whole_one_is_a_character():
    assert kinds('{"id": "n1", "text": "\\ud83d"}\n') == [(1, "malformed")]
    assert parse_jsonl('{"id": "n1", "text": "\\ud83d\\ude00"}\n', "f").documents[0].text == "😀"


@pytest.mark.parametrize("line", ["[" * 100_000, '{"id": ' + "1" * 5000 + "}", "NaN", "3", '"text"', "{}"])
def test_hostile_lines_are_problems(line: str):
    assert kinds(line + "\n") == [(1, "malformed")]
