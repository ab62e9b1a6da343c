"""`medner versions`: what fits a terminal, what a pipe gets, and one version in full."""

import io

import pytest
from rich.console import Console

from medner_assets.commands.one_version import described_version, settings_of
from medner_assets.commands.versions import Listed, listed, plain_lines, versions_table


def version(name: str, **cells: str) -> Listed:
    base = {
        "version": name, "baseline": "tiny-v1", "base": "medner-tiny", "dataset": "synthetic-small",
        "trained": "yes", "entity F1": "98.4", "relation F1": "61.2", "summary": "word " * 20,
    }  # fmt: skip
    return Listed(name, base | cells)


def printed(versions: list[Listed], width: int) -> str:
    out = io.StringIO()
    table, _ = versions_table(versions, width)
    Console(file=out, width=width).print(table)
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_names_and_scores_stand_whole_on_one_line_each_at_every_width(width):
    shown = printed([version("tiny-v2"), version("tiny-ade-v1", **{"entity F1": "100.0"})], width)
    lines = shown.splitlines()
    assert any("tiny-v2" in line and "98.4" in line and "61.2" in line for line in lines)
    assert any("tiny-ade-v1" in line and "100.0" in line for line in lines)
    assert "…" not in shown
    assert max(map(len, lines)) <= width


def test_a_narrow_table_says_which_columns_it_goes_without_and_a_wide_one_has_all():
    assert versions_table([version("tiny-v2")], 80)[1] == ["summary"]
    assert versions_table([version("tiny-v2")], 60)[1] == ["summary", "base", "baseline"]
    assert versions_table([version("tiny-v2")], 150)[1] == []


def test_the_longest_name_is_folded_where_the_terminal_is_too_narrow_and_not_cut():
    assert printed([version("z" * 63)], 60).count("z") == 63


def test_a_pipe_gets_every_column_of_every_version_on_one_line_without_blanks_at_the_end():
    lines = plain_lines([version("tiny-v2"), version("v1", baseline="–")])
    assert len(lines) == 3
    assert lines[0].split("  ")[0] == "version"
    assert lines[1].endswith("word word")
    assert lines[2].split() == [
        "v1",
        "–",
        "medner-tiny",
        "synthetic-small",
        "yes",
        "98.4",
        "61.2",
        *["word"] * 20,
    ]


def test_nothing_to_list_is_an_empty_table(tmp_path):
    assert plain_lines([]) == []
    assert printed([], 80).strip() == ""


def test_a_recipe_that_cannot_be_read_is_listed_with_its_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path))
    assert {each.name for each in listed() if not each.problem} >= {"tiny-v1", "v3"}


def text(name: str, width: int | None) -> str:
    out = io.StringIO()
    for each in described_version(name, width):
        Console(file=out, width=width or 10_000).print(each)
    return out.getvalue()


def test_a_version_is_described_with_every_setting_and_what_its_baseline_has(monkeypatch, tmp_path):
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path))
    shown = text("tiny-v2", 80)
    assert "training.epochs" in shown
    assert "7  (tiny-v1 has 3)" in shown
    assert "known once the dataset is built: `medner train tiny-v2`" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "seven epochs\n" in text("tiny-v2", None)
    assert {each.key for each in settings_of("tiny-v2")} >= {"seed", "lora.rank", "decoding.grammar"}
