"""Every command, path and name that README and the pages show is one that works today.

Commands are parsed by the command that they name, as a person's would be; nothing is run.
"""

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from medner_assets.cli import main
from medner_assets.paths import PROJECT, SQL
from medner_assets.recipes.loading import (
    base_model_names,
    dataset_names,
    load_base_model,
    validated_version,
    version_names,
)
from medner_assets.warehouse.analyst_file import refresh
from medner_assets_tests.support.rows import metric, put

README = PROJECT / "README.md"
PAGES = [README, *sorted((PROJECT / "docs").glob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language; an empty one is the terminal's, and of files."""
    found: dict[str, list[list[str]]] = {}
    inside: list[str] | None = None
    for line in page.read_text(encoding="utf-8").splitlines():
        if not line.startswith("```"):
            if inside is not None:
                inside.append(line)
        elif inside is None:
            inside = []
            found.setdefault(line[3:].strip(), []).append(inside)
        else:
            inside = None
    return ["\n".join(lines) for lines in found.get(language, [])]


def typed(page: Path) -> list[list[str]]:
    """Return the words of each command in the terminal's blocks, without what the shell does with them."""
    found = []
    for line in (line for block in blocks(page, "") for line in block.splitlines()):
        if not re.match(r"(medner|make|echo|cd|pip|export) ", line):
            continue
        command: list[str] = []
        for word in [*shlex.split(line, comments=True), "&&"]:
            if word in ("&&", "|", "<", ">"):
                found.append(command)
                command = [] if word in ("&&", "|") else ["a file"]
            else:
                command.append(word)
    return [command for command in found if command]


def program(command: list[str], name: str) -> bool:
    return command[0] == name and len(command) > 1


def parsed(words: list[str]) -> None:
    """Parse what follows `medner`; raise what a user would see."""
    group: click.Group = main
    while isinstance(command := group.commands[words[0]], click.Group):
        group, words = command, words[1:]
    command.make_context(words[0], words[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_in_a_block_is_accepted_by_the_command_that_it_names(page):
    for command in typed(page):
        if program(command, "medner"):
            parsed(command[1:])
        if program(command, "make"):
            assert {word for word in command[1:] if "=" not in word} <= TARGETS, command


def test_the_blocks_of_the_readme_are_read():
    commands = [" ".join(command[:2]) for command in typed(README)]
    assert {"make setup", "make demo", "medner init", "medner predict", "medner sql"} <= set(commands)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_in_a_sentence_or_table_is_there_with_the_options_that_it_shows(page):
    text = page.read_text(encoding="utf-8")
    for shown in re.findall(r"`medner ((?:[a-z]+)(?: [^`]*)?)`", text.replace("\n", " ")):
        words = shown.split()
        command: click.Command = main.commands[words[0]]
        if isinstance(command, click.Group):
            command = command.commands[words[1]]
        options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
        for word in words:
            if word.startswith("--") and word != "--help":
                assert word.split("=")[0].rstrip("…,") in options, f"medner {shown}"
    for target in re.findall(r"`make ([a-z-]+)[^`]*`", text):
        assert target in TARGETS, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_path_that_the_page_links_or_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    linked = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in linked if not (page.parent / link).exists()] == []
    tree = "medner_assets|medner_assets_tests|docs|sql|tools|benchmarks"
    named = re.findall(rf"`((?:{tree})/[\w/.-]*\w)`", text)
    assert [each for each in named if not (PROJECT / each).exists()] == []


def test_every_page_is_named_in_the_readme():
    text = README.read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in text] == []


def test_the_readme_shows_a_recipe_that_can_be_trained():
    (recipe,) = blocks(README, "yaml")
    assert validated_version("shown", yaml.safe_load(recipe)).baseline in version_names()


def test_the_readme_names_what_is_shipped():
    table = README.read_text(encoding="utf-8").partition("## Configuration")[2].partition("## ")[0]
    rows = {row.split("|")[1].strip(): row for row in table.splitlines() if row.count("|") > 2}
    assert re.findall(r"`([a-z0-9-]+)`", rows["versions"]) == [
        *[name for name in version_names() if name.startswith("v")],
        *[name for name in version_names() if re.match(r"tiny-v", name)],
        *[name for name in version_names() if name.startswith("tiny-ade")],
        *[name for name in version_names() if name.startswith("small-")],
    ]
    assert set(re.findall(r"`([a-z0-9-]+)`", rows["datasets"])) == set(dataset_names())
    local = [name for name in base_model_names() if load_base_model(name).path is not None]
    assert re.findall(r"`([a-z0-9.-]+)`", rows["base models"])[: len(local)] == local


def test_what_the_readme_asks_with_python_is_answered(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for version in ("tiny-v1", "tiny-v2"):
        put(tmp_path / "data" / "warehouse", "metrics", version, metric("relation", 0.5))
    refresh(tmp_path / "data" / "medner.duckdb", tmp_path / "data" / "warehouse")
    (script,) = blocks(README, "python")
    exec(script, {})
    assert capsys.readouterr().out.count("┌") == script.count(".show()") == 2


def test_the_readme_names_the_address_and_the_pythons_that_are_true():
    text = README.read_text(encoding="utf-8")
    ui = {each.name: each.default for each in main.commands["ui"].params}
    assert f"http://{ui['host']}:{ui['port']}" in text
    required = re.search(
        r'requires-python = ">=(3\.\d+),<3\.(\d+)"', (PROJECT / "pyproject.toml").read_text()
    )
    assert required is not None
    assert f"Python {required[1]} to 3.{int(required[2]) - 1}" in text


def test_no_page_shows_a_clinical_text_on_the_command_line():
    shown = [command for page in PAGES for command in typed(page) if command[:2] == ["medner", "predict"]]
    assert shown
    assert [command for command in shown if any(" " in word for word in command)] == []


def test_the_questions_and_views_that_pages_name_are_there():
    names = {file.stem for file in SQL.rglob("*.sql")}
    for page in PAGES:
        for name in re.findall(r"`medner sql ([a-z_]+)[^`]*`", page.read_text(encoding="utf-8")):
            assert name in names, f"{page.name}: {name}"
