"""The examples of docs/formats.md import as the page says."""

import re

import pytest

from medner_assets.corpus.readers.registry import read_files
from medner_assets.corpus.reading import ProblemKind
from medner_assets.paths import PROJECT
from medner_assets.recipes.formats import FORMATS

PAGE = (PROJECT / "docs" / "formats.md").read_text(encoding="utf-8")


def example(format: str) -> str:
    section = PAGE.partition(f"\n## `{format}`\n")[2].partition("\n## ")[0]
    match = re.search(r"```\w*\n(.*?)```", section, re.DOTALL)
    assert match, f"no example of {format}"
    return match[1]


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_has_a_section_whose_example_imports_without_a_problem(format, tmp_path):
    (tmp_path / "name.txt").write_text("Heparin caused bruising.", encoding="utf-8")
    if format == "parquet":  # its example is a program that writes the file
        exec(example(format).replace("notes.parquet", str(tmp_path / "name.ann")), {})
    else:
        (tmp_path / "name.ann").write_text(example(format), encoding="utf-8")
    reading = read_files(format, [tmp_path / "name.ann"])
    assert reading.problems == ()
    assert all(document.entities for document in reading.documents)
    assert format == "conll" or all(document.relations for document in reading.documents)


def test_each_kind_of_problem_stands_in_the_table():
    table = re.findall(r"^\| `([a-z0-9-]+)` \| .* \|$", PAGE, re.MULTILINE)
    assert set(ProblemKind) <= set(table)
