"""The examples of docs/formats.md import as the page says."""

import re

import pytest

from medner_assets.corpus.readers.registry import read_files
from medner_assets.corpus.reading import ProblemKind
from medner_assets.paths import PROJECT
from medner_assets.recipes.formats import FORMATS

PAGE = (PROJECT / "docs" / "formats.md").read_text(encoding="utf-8")


FILES = {
    "i2b2": ("name.con", "name.rel", "name.ast"),
    "chemprot": ("name_abstracts.tsv", "name_entities.tsv", "name_relations.tsv"),
    "spacy": ("name.json",),
    "hugging-face": ("name.jsonl",),
    "bigbio": ("name.jsonl",),
}
PROGRAMS = {"parquet": "notes.parquet", "cas": "notes.json"}
WITHOUT_RELATIONS = ("conll", "hugging-face", "spacy")


def examples(format: str) -> list[str]:
    section = PAGE.partition(f"\n## `{format}`\n")[2].partition("\n## ")[0]
    found = re.findall(r"```\w*\n(.*?)```", section, re.DOTALL)
    assert found, f"no example of {format}"
    return found


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_has_a_section_whose_example_imports_without_a_problem(format, tmp_path):
    (tmp_path / "name.txt").write_text("Heparin caused bruising.", encoding="utf-8")
    if format in PROGRAMS:  # its example is a program that writes the file
        file = tmp_path / PROGRAMS[format]
        pytest.importorskip("cassis") if format == "cas" else None
        exec(examples(format)[0].replace(PROGRAMS[format], str(file)), {})
    else:
        names = FILES.get(format, ("name.ann",))
        for name, content in zip(names, examples(format), strict=False):
            (tmp_path / name).write_text(content, encoding="utf-8")
        file = tmp_path / names[0]
    reading = read_files(format, [file])
    assert [each for each in reading.problems if each.kind is not ProblemKind.NUMBERED] == []
    assert all(document.entities for document in reading.documents)
    assert format in WITHOUT_RELATIONS or all(document.relations for document in reading.documents)


def test_each_kind_of_problem_stands_in_the_table():
    table = re.findall(r"^\| `([a-z0-9-]+)` \| .* \|$", PAGE, re.MULTILINE)
    assert set(ProblemKind) <= set(table)
