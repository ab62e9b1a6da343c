"""Habits of the code that no linter knows."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

import medner_assets
from medner_assets.paths import PROJECT

PACKAGE = Path(medner_assets.__file__).parent
HEAVY = (
    "torch",
    "transformers",
    "peft",
    "sklearn",
    "scipy",
    "bioc",
    "tokenizers",
    "safetensors",
)


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def test_no_module_loads_a_heavy_library_when_it_is_imported():
    names = [module.name for module in pkgutil.walk_packages([str(PACKAGE)], "medner_assets.")]
    script = (
        f"import importlib, sys\nfor name in {names!r}:\n    importlib.import_module(name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "[]"


def test_packages_are_empty_and_described_in_the_docs_instead():
    assert [file for file in sources() if file.name == "__init__.py" and file.read_text().strip()] == []


def test_dagster_is_known_at_the_edge_only():
    edge = {PACKAGE / "definitions.py", *(PACKAGE / "defs").rglob("*.py")}
    # They import inside functions.
    inside = {PACKAGE / name for name in ("launching.py", "services.py", "webserver.py")}
    for file in set(sources()) - edge:
        for node in ast.walk(tree(file)):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.split(".")[0] == "dagster" for name in names):
                assert file in inside, file


def test_every_public_table_and_asset_name_is_spelled_as_in_the_catalogue():
    tables = importlib.import_module("medner_assets.tables").TABLES
    assert all(name == table.name and name.islower() for name, table in tables.items())


def test_no_tracked_file_names_a_place_of_one_machine():
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "*.py", "*.md", "*.yaml", "*.toml", "*.sql", "Makefile"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if tracked.returncode != 0:
        pytest.skip("not a git checkout")
    marks = ["/" + "work/", "/" + "home/", "/" + "Users/"]
    for name in tracked.stdout.split("\0"):
        file = PROJECT / name
        if name and file.exists():
            text = file.read_text(encoding="utf-8")
            assert not any(mark in text for mark in marks), name


def test_every_class_has_a_name_of_its_own():
    found = defaultdict(list)
    for file in sources():
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(file.relative_to(PACKAGE).as_posix())
    assert len(found) > 200
    assert {name: files for name, files in found.items() if len(files) > 1} == {}


def test_environment_variables_are_read_in_two_modules():
    """Setting one for a library that is imported next is no reading."""
    reads = []
    for file in sources():
        if file.name in ("paths.py", "environment.py") and file.parent == PACKAGE:
            continue
        parsed = tree(file)
        written = {
            id(node.value)
            for node in ast.walk(parsed)
            if (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store))
            or (isinstance(node, ast.Attribute) and node.attr == "setdefault")
        }
        reads += [
            f"{file.relative_to(PACKAGE)}:{node.lineno}"
            for node in ast.walk(parsed)
            if isinstance(node, ast.Attribute)
            and node.attr in ("environ", "getenv")
            and id(node) not in written
        ]
    assert not reads


def test_benchmarks_and_tools_take_from_the_tests_only_what_is_in_support():
    lines = [
        line
        for folder in ("benchmarks", "tools")
        for file in (PROJECT / folder).rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "import" in line and "medner_assets_tests" in line
    ]
    assert lines
    assert [line for line in lines if "medner_assets_tests.support" not in line] == []


def test_what_benchmarks_and_tools_import_of_the_package_is_there():
    gone = []
    for folder in ("benchmarks", "tools"):
        for file in sorted((PROJECT / folder).rglob("*.py")):
            for node in ast.walk(tree(file)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("medner_assets"):
                    defined = names_of(str(node.module))
                    gone += [f"{file.name}: {a.name}" for a in node.names if a.name not in defined]
    assert gone == []


@cache
def names_of(module: str) -> set[str]:
    """Return what a module defines or imports at its top, of a package its modules; of none: nothing."""
    path = PROJECT / module.replace(".", "/")
    if path.is_dir():
        return {each.stem for each in path.iterdir()}
    if not path.with_suffix(".py").is_file():
        return set()
    found = set()
    for node in tree(path.with_suffix(".py")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            found |= {each.id for each in ast.walk(target) if isinstance(each, ast.Name)} if target else set()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        found.add(getattr(node, "name", ""))
    return found
