"""The tables are declared once, at the ground; no other module types a schema of its own."""

import ast
from pathlib import Path

import medner_assets
from medner_assets.tables import TABLES

PACKAGE = Path(medner_assets.__file__).parent


def test_every_table_and_column_says_what_it_means():
    for table in TABLES.values():
        assert table.grain
        assert all(column.meaning for column in table.columns), table.name


def test_no_other_module_types_the_columns_of_a_table():
    retyped = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for file in PACKAGE.rglob("*.py")
        if file.name != "columns.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Dict) and _columns_of_one_table(node) >= 3
    ]
    assert not retyped


def _columns_of_one_table(node: ast.Dict) -> int:
    """Count the keys that stand with a Polars type, or a name for one, and are columns of the same table."""
    types = {"String", "Int64", "Float64", "Boolean", "List", "TEXT", "INT", "REAL", "FLAG", "TEXTS"}
    typed = set()
    for key, value in zip(node.keys, node.values, strict=True):
        of = value.func if isinstance(value, ast.Call) else value
        name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
        if isinstance(key, ast.Constant) and name.lstrip("_") in types:
            typed.add(key.value)
    return max(len(typed & set(table.schema)) for table in TABLES.values())
