"""`medner predict` before and after the model: what is read, and what is shown of it."""

import io
import json
import os

import pytest
from rich.console import Console

from medner_assets.commands.predict import described, inputs
from medner_assets.commands.predict_output import json_lines, shown_parts
from medner_assets.errors import MednerError

FIRST = {
    "id": "n", "start": 0, "text": "Aspirin.\n", "cut": 0, "last": False,
    "entities": [{"type": "Drug", "text": "Aspirin", "start": 0, "end": 7, "grounding": "exact"}],
    "relations": [],
}  # fmt: skip
SECOND = {
    "id": "n", "start": 9, "text": "Rash by heparin.", "cut": 1, "last": True,
    "entities": [
        {"type": "Effect", "text": "Rash", "start": 9, "end": 13, "grounding": "exact"},
        {"type": "Drug", "text": "heparin", "start": 17, "end": 24, "grounding": "exact"},
        {"type": "Drug", "text": "made up", "start": None, "end": None, "grounding": "none"},
    ],
    "relations": [
        {"type": "causes", "head_text": "heparin", "head_type": "Drug", "tail_text": "Rash",
         "tail_type": "Effect", "head": 1, "tail": 0},
        {"type": "causes", "head_text": "heparin", "head_type": "Drug", "tail_text": "pain",
         "tail_type": None, "head": 1, "tail": None},
    ],
}  # fmt: skip


def test_a_text_a_file_a_folder_and_the_stream_are_told_apart(tmp_path):
    (tmp_path / "b.txt").write_text("words")
    (tmp_path / "ward").mkdir()
    (tmp_path / "ward" / "a.jsonl").write_text("{}")
    (tmp_path / ".hidden.txt").write_text("words")
    (tmp_path / "c.pdf").write_text("words")
    assert [each.name for each in inputs(str(tmp_path), io.StringIO())] == ["b.txt", "ward/a.jsonl"]
    assert inputs(str(tmp_path / "b.txt"), io.StringIO())[0].file == (tmp_path / "b.txt").resolve()
    assert [(each.name, each.text) for each in inputs("some words", io.StringIO())] == [
        ("text", "some words")
    ]
    assert [(each.name, each.text) for each in inputs(None, io.StringIO("piped"))] == [("stdin", "piped")]
    for text in ("x" * 300, "x" * 5000, "a\nb", "a\0b"):
        assert inputs(text, io.StringIO())[0].text == text


def test_a_folder_without_texts_is_refused(tmp_path):
    with pytest.raises(MednerError, match=r"no \.txt or \.jsonl file below it"):
        inputs(str(tmp_path), io.StringIO())


def test_parts_become_one_line_of_json_with_ids_and_places_of_the_whole():
    (line,) = json_lines([FIRST, SECOND])
    document = json.loads(line)
    assert document["text"] == "Aspirin.\nRash by heparin."
    assert [(each["id"], each.get("start")) for each in document["entities"]] == [
        ("E0", 0), ("E1", 9), ("E2", 17), ("E3", None)
    ]  # fmt: skip
    assert document["relations"] == [{"head": "E2", "tail": "E1", "type": "causes"}]
    assert document["unresolved_relations"] == [
        {"head_text": "heparin", "head_type": "Drug", "tail_text": "pain", "type": "causes"}
    ]


def test_each_part_is_shown_with_its_entities_highlighted_at_their_places():
    console = Console(force_terminal=True, color_system="standard", width=80, file=io.StringIO())
    for each in shown_parts([FIRST, SECOND], named=True):
        console.print(each)
    shown = console.file.getvalue()
    assert shown.count("\x1b[1;4mn") == 1
    assert "\x1b[1;7;36mAspirin\x1b[0m." in shown
    assert "\x1b[1;7;32mRash\x1b[0m by \x1b[1;7;36mheparin\x1b[0m." in shown
    assert "not in the text" in shown
    assert "heparin --[causes]--> Rash" in shown


def test_an_input_that_cannot_be_read_is_told_and_the_others_are_read(capsys):
    bad = {"id": "x", "error": "x: not valid UTF-8"}
    parts = described(iter([FIRST, bad, SECOND]), 2)
    found = []
    with pytest.raises(MednerError, match="1 of 2 inputs could not be read"):
        found.extend(iter(parts))
    assert found == [FIRST, SECOND]
    assert "x: not valid UTF-8" in capsys.readouterr().err
    with pytest.raises(MednerError, match=r"^x: not valid UTF-8$"):
        list(described(iter([bad]), 1))


@pytest.mark.parametrize(
    "typed",
    ["/tmp/nonexistent.txt", "notes/april", "./notes", "~/note", "note.txt", "my notes.TXT", "april.jsonl"],
)
def test_what_looks_like_a_path_and_is_none_is_refused_unless_it_is_said_to_be_a_text(typed):
    with pytest.raises(MednerError, match="there is no such file or folder: check the name, or use --text"):
        inputs(typed, io.StringIO())
    assert inputs(typed, io.StringIO(), is_text=True)[0].text == typed


def test_a_named_pipe_and_a_device_are_refused_and_what_the_shell_hands_over_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for each in (str(tmp_path / "pipe"), "/dev/zero"):
        with pytest.raises(MednerError, match="is a pipe or a device, not a file"):
            inputs(each, io.StringIO())
    reading, writing = os.pipe()
    os.write(writing, b"She took aspirin.")
    os.close(writing)
    (given,) = inputs(f"/dev/fd/{reading}", io.StringIO())
    os.close(reading)
    assert (given.text, given.file, given.is_argument) == ("She took aspirin.", None, False)


@pytest.mark.parametrize("typed", ["Aspirin.", "aspirin", "She took aspirin/codeine.", "BP 120/80 mmHg"])
def test_a_sentence_is_a_text_although_it_has_a_slash_or_a_full_stop(typed):
    (source,) = inputs(typed, io.StringIO())
    assert (source.text, source.is_argument) == (typed, True)


def test_an_empty_text_never_means_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "note.txt").write_text("words")
    monkeypatch.chdir(tmp_path)
    for typed in ("", " ", "\n"):
        with pytest.raises(MednerError, match="the text is empty"):
            inputs(typed, io.StringIO())
    assert inputs(".", io.StringIO())[0].name == "note.txt"


def test_a_dash_is_standard_input_and_neither_it_nor_a_file_is_an_argument_that_others_see(tmp_path):
    (tmp_path / "note.txt").write_text("words")
    assert inputs("-", io.StringIO("piped"))[0] == inputs(None, io.StringIO("piped"))[0]
    assert not inputs("-", io.StringIO("piped"))[0].is_argument
    assert not inputs(str(tmp_path / "note.txt"), io.StringIO())[0].is_argument


def test_a_relation_of_a_mention_with_itself_is_counted_and_not_shown():
    self_related = {
        **SECOND,
        "relations": [
            *SECOND["relations"],
            {"type": "causes", "head_text": "Rash", "tail_text": "Rash", "head": 0, "tail": 0},
            {"type": "causes", "head_text": "itch", "tail_text": "itch", "head": None, "tail": None},
        ],
    }
    console = Console(width=80, file=io.StringIO())
    for each in shown_parts([self_related], named=False):
        console.print(each)
    shown = console.file.getvalue()
    assert "heparin --[causes]--> Rash" in shown
    assert "Rash --[causes]--> Rash" not in shown
    assert "itch" not in shown
    assert "not shown: 2 relations of mentions with themselves (--json has all)" in shown
    (line,) = json_lines([self_related])
    assert {"head": "E0", "tail": "E0", "type": "causes"} in json.loads(line)["relations"]
