"""What docs/architecture.md and docs/extending.md say of the tree is true of it."""

import re

import pytest

from medner_assets.corpus.readers.registry import reader
from medner_assets.paths import PROJECT
from medner_assets.recipes.formats import FORMATS

PAGES = ("architecture.md", "extending.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_the_page_names_is_there(page):
    text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:medner_assets|medner_assets_tests|docs|sql|tools)/[\w/.-]+\.\w+)`", text)
    assert len(named) >= 5
    assert [each for each in named if not (PROJECT / each).is_file()] == []


def test_every_part_of_the_package_has_its_row_among_the_layers():
    rows = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("\n## ")[0]
    parts = {file.name for file in (PROJECT / "medner_assets").iterdir() if not file.name.startswith("_")}
    named = {name.rstrip("/").rpartition("/")[2] for name in re.findall(r"`([\w/.]+)`", rows)}
    assert parts - named == set()


def test_decisions_are_numbered_without_a_gap_or_a_number_twice():
    numbers = [int(file.name[:4]) for file in sorted((PROJECT / "docs" / "decisions").glob("*.md"))]
    assert numbers == [*range(1, len(numbers) + 1)]


@pytest.mark.parametrize("page", PAGES)
def test_every_name_in_capitals_that_the_page_sends_people_to_stands_in_the_file_named_after_it(page):
    text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
    for name, file in re.findall(r"`([A-Z][A-Za-z_]+)` in\s+`(medner_assets/[\w/]+\.py)`", text):
        assert re.search(rf"^{name}\b", (PROJECT / file).read_text(encoding="utf-8"), re.MULTILINE), name


def test_a_format_is_its_name_in_the_list_and_a_reader_named_after_it():
    for name in FORMATS:
        found = reader(name)
        assert found.drafts.__module__.rpartition(".")[2] == name.replace("-", "_")
        assert found.suffixes
