"""Every file of sql/ says what it is, and works before anything was trained."""

import re
from pathlib import Path

import duckdb
import pytest

from medner_assets.errors import MednerError
from medner_assets.paths import PACKAGE, PROJECT, SQL
from medner_assets.sql_files import SqlFile, in_order, sql_files
from medner_assets.tables import TABLES
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.queries import named_queries

VIEWS, MACROS, QUERIES = (sql_files(kind) for kind in ("views", "macros", "queries"))
REPORTING = sql_files("reporting")
ARGUMENTS = {
    "comparable": "'v1', 'v2'", "examples": "'v1', 'type'", "find_text": "'a'", "fixes": "'v1', 'v2'",
    "flips": "'v1', 'v2'",
    "ranked": "'d'", "regressions": "'v1', 'v2'",
}  # fmt: skip
OF_PAIRS = ("comparable", "fixes", "flips", "regressions")
"""They hold two versions against each other, and an answer without rows would read as no difference."""


def name(file: SqlFile) -> str:
    return file.name


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    return connect(tmp_path_factory.mktemp("data") / "warehouse")


@pytest.mark.parametrize("view", VIEWS, ids=name)
def test_a_view_file_makes_the_view_of_its_name(view: SqlFile):
    assert re.findall(r"^create or replace view (\w+) as$", view.text, re.MULTILINE) == [view.name]


@pytest.mark.parametrize("macro", MACROS, ids=name)
def test_a_macro_file_makes_the_table_macro_of_its_name(macro: SqlFile):
    assert re.findall(r"^create or replace macro (\w+)\(.*\) as table$", macro.text, re.MULTILINE) == [
        macro.name
    ]


@pytest.mark.parametrize("file", [*VIEWS, *MACROS, *REPORTING], ids=name)
def test_the_header_of_a_definition_or_a_question_of_reports_says_its_purpose_grain_inputs_and_units(
    file: SqlFile,
):
    assert re.match(rf"{file.name}(\(.*\))?: .{{20,}}", file.header[0])
    assert file.purpose.endswith(".")
    sections = [line.split(":")[0] for line in file.header if re.match("(Grain|Reads|Units):", line)]
    assert sections == ["Grain", "Reads", "Units"]


@pytest.mark.parametrize("file", [*VIEWS, *MACROS, *QUERIES, *REPORTING], ids=name)
def test_what_a_header_says_a_file_reads_is_what_it_reads(file: SqlFile):
    known = TABLES.keys() | {each.name for each in (*VIEWS, *MACROS)}
    header = " ".join(file.header)
    declared = set(re.findall(r"\w+", re.search(r"Reads: ([\w, ]+)\.", header)[1]))  # type: ignore[index]
    used = set(re.findall(r"(?:from|join) (\w+)", file.text.split("\n", len(file.header))[-1])) & known
    assert declared == used


@pytest.mark.parametrize("view", VIEWS, ids=name)
def test_a_view_gives_no_rows_and_no_error_on_an_empty_warehouse(
    view: SqlFile, empty: duckdb.DuckDBPyConnection
):
    assert empty.sql(f"select * from {view.name}").fetchall() == []


@pytest.mark.parametrize("macro", MACROS, ids=name)
def test_a_macro_gives_no_rows_on_an_empty_warehouse_and_one_of_a_pair_an_error(
    macro: SqlFile, empty: duckdb.DuckDBPyConnection
):
    asked = empty.sql(f"select * from {macro.name}({ARGUMENTS[macro.name]})")
    if macro.name in OF_PAIRS:
        with pytest.raises(duckdb.InvalidInputException, match="v1 and v2: not both evaluated"):
            asked.fetchall()
    else:
        assert asked.fetchall() == []


@pytest.mark.parametrize("query", named_queries(), ids=lambda query: query.name)
def test_a_question_declares_its_parameters_and_runs_on_an_empty_warehouse(
    query, empty: duckdb.DuckDBPyConnection
):
    statement = empty.extract_statements(query.text)[0]
    assert sorted(query.parameters) == sorted(statement.named_parameters)
    given = dict.fromkeys(query.parameters, "x")
    if any(f"{macro}(" in query.text for macro in OF_PAIRS):
        with pytest.raises(duckdb.InvalidInputException, match="x and x: not both evaluated"):
            empty.execute(query.text, given).fetchall()
    else:
        assert empty.execute(query.text, given).fetchall() == []


@pytest.mark.parametrize("query", QUERIES, ids=name)
def test_the_first_line_of_a_question_is_the_question(query: SqlFile):
    assert query.header[0].endswith("?")
    assert query.purpose == query.header[0]


def test_no_question_hides_a_view_or_a_table():
    assert not {query.name for query in QUERIES} & ({view.name for view in VIEWS} | TABLES.keys())


@pytest.mark.parametrize("file", REPORTING, ids=name)
def test_a_question_of_reports_declares_its_parameters_and_is_asked(
    file: SqlFile, empty: duckdb.DuckDBPyConnection
):
    statement = empty.extract_statements(file.statement)[0]
    declared = [line.removeprefix("parameters: ") for line in file.header if line.startswith("parameters:")]
    assert sorted(statement.named_parameters) == sorted(declared[0].split(", ") if declared else [])
    assert any(f'"{file.name}"' in path.read_text() for path in (PACKAGE / "reporting").rglob("*.py"))


def test_names_stand_once_in_sql():
    names = [file.name for file in (*VIEWS, *MACROS, *QUERIES, *REPORTING)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("view", VIEWS, ids=name)
def test_a_view_leaves_the_order_of_its_rows_to_who_asks(view: SqlFile):
    assert not re.search(r"^order by|\n *order by \w+;", view.text, re.MULTILINE)


def test_every_view_of_an_evaluation_says_which_version_and_stage_its_rows_are_of(
    empty: duckdb.DuckDBPyConnection,
):
    annotated = {"annotated_entities", "annotated_relations"}  # of the final stage, without an evaluation
    without_stage = {"baselines", "evaluations", "leaderboard", "training_curves", *annotated}
    of_no_version = {"baselines", "hardest_documents"}
    for view in VIEWS:
        columns = {row[0] for row in empty.execute(f"describe {view.name}").fetchall()}
        assert ("stage" in columns) == (view.name not in without_stage), view.name
        assert ("model_version" in columns) == (view.name not in of_no_version), view.name


def test_sums_are_common_whole_numbers_and_not_128_bit_ones(empty: duckdb.DuckDBPyConnection):
    for view in VIEWS:
        assert "HUGEINT" not in {row[1] for row in empty.execute(f"describe {view.name}").fetchall()}, (
            view.name
        )


def test_views_are_made_after_those_that_they_use():
    made = [view.name for view in in_order("views")]
    assert made.index("outcomes") < made.index("confusion")
    assert made.index("baselines") < made.index("leaderboard")
    assert sorted(made) == [view.name for view in VIEWS]


def test_views_in_a_circle_are_named(tmp_path: Path):
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "hen.sql").write_text("create or replace view hen as select * from egg;")
    (tmp_path / "views" / "egg.sql").write_text("create or replace view egg as select * from hen;")
    with pytest.raises(MednerError, match=r"in a circle, (egg → hen → egg|hen → egg → hen)"):
        in_order("views", tmp_path)


def test_a_name_in_a_comment_or_a_literal_is_no_use_of_it(tmp_path: Path):
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "hen.sql").write_text(
        "-- hen: from the egg.\ncreate or replace view hen as select 'egg';"
    )
    (tmp_path / "views" / "egg.sql").write_text("create or replace view egg as select * from hen;")
    assert [view.name for view in in_order("views", tmp_path)] == ["hen", "egg"]


def test_a_view_that_duckdb_refuses_is_named(tmp_path: Path):
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "bad.sql").write_text(
        "create or replace view bad as select nothing from scores_of_mine;"
    )
    with pytest.raises(MednerError, match=r"^view bad: .*scores_of_mine"):
        connect(tmp_path / "warehouse", tmp_path)


def test_the_folder_of_sql_holds_nothing_else():
    extra = [
        path
        for path in SQL.rglob("*")
        if path.is_file() and path.suffix != ".sql" and path.name != ".sqlfluff"
    ]
    assert extra == []


def test_the_documentation_names_every_view_and_macro():
    text = (PROJECT / "docs" / "warehouse.md").read_text(encoding="utf-8")
    for file in (*VIEWS, *MACROS):
        assert re.search(rf"`{file.name}[`(]", text), file.name
