"""What `medner import` writes, tells and refuses."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from medner_assets.cli import main

GOOD = {"id": 1, "text": "Heparin caused bruising.", "label": [[0, 7, "Drug"]]}
FOREIGN = {"id": 2, "text": "Heparin caused bruising.", "spans": [[0, 7, "Drug"]]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.jsonl").write_text(json.dumps(GOOD) + "\n" + json.dumps(FOREIGN) + "\n")
    return tmp_path


def imported(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["import", *arguments], input=stdin, prog_name="medner")


def test_losses_are_told_by_kind_and_all_problems_are_written_to_a_file(folder):
    result = imported("doccano", "notes.jsonl", "--out", "out.jsonl", "--problems", "problems.jsonl")
    assert result.exit_code == 0
    assert result.stderr.startswith(
        "lost: notes.jsonl:2: unknown-keys: document 2: no annotation under a known key"
    )
    (problem,) = [json.loads(line) for line in (folder / "problems.jsonl").read_text().splitlines()]
    assert (problem["file"], problem["line"], problem["kind"], problem["loss"]) == (
        "notes.jsonl", 2, "unknown-keys", True,
    )  # fmt: skip


def test_strict_writes_nothing_over_what_is_there_and_is_one_line(folder):
    (folder / "out.jsonl").write_text("before")
    result = imported("doccano", "notes.jsonl", "--out", "out.jsonl", "--strict")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert (folder / "out.jsonl").read_text() == "before"
    assert sorted(each.name for each in folder.iterdir()) == ["notes.jsonl", "out.jsonl"]


def test_notices_are_no_losses_for_strict(folder):
    (folder / "f.txt").write_text("1|t|Heparin\n1\t0\t7\tHeparin\tX\tD1\tseventh\n")
    result = imported("pubtator", "f.txt", "--out", "out.jsonl", "--strict")
    assert (result.exit_code, result.stderr[:6]) == (0, "note: ")


@pytest.mark.parametrize("option", ["--out", "--problems"])
def test_a_file_that_is_read_is_never_written(folder, option):
    before = (folder / "notes.jsonl").read_bytes()
    others = ["--out", "out.jsonl"] if option == "--problems" else []
    result = imported("doccano", ".", option, "notes.jsonl", *others)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert (folder / "notes.jsonl").read_bytes() == before


def test_documents_go_to_standard_output_and_counts_to_standard_error(folder):
    result = imported("doccano", "notes.jsonl", "--out", "-")
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["1"]
    assert "documents\t1\n" in result.stderr
    assert not (folder / "-").exists()
