"""What can be asked by name or in SQL, and what is refused with a reason."""

import re
from pathlib import Path

import duckdb
import pytest

from medner_assets.errors import MednerError
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.queries import ask, listing, named_queries, query_errors
from medner_assets_tests.support.rows import metric, put


@pytest.fixture
def medner(root: Path) -> duckdb.DuckDBPyConnection:
    put(root, "metrics", "v1", metric("relation", 0.5), metric("entity", 0.9))
    return connect(root)


def rows(connection: duckdb.DuckDBPyConnection, what: str, **parameters: str) -> list[tuple[object, ...]]:
    with query_errors():
        return ask(connection, what, parameters).relation.fetchall()


def test_a_question_runs_by_its_name_with_its_parameters(medner: duckdb.DuckDBPyConnection):
    assert rows(medner, "postprocessing_steps", version="v1")[0][:3] == ("entity", "final", 0.9)


def test_a_view_or_table_runs_by_its_name(medner: duckdb.DuckDBPyConnection):
    assert len(rows(medner, "scores")) == len(rows(medner, "metrics")) == 2


def test_anything_else_is_a_query_which_may_take_parameters_of_its_own(medner: duckdb.DuckDBPyConnection):
    assert rows(medner, "select f1 from scores where task = $task", task="entity") == [(0.9,)]
    assert rows(medner, "select f1 from scores where f1 > $least", least="0.8") == [(0.9,)]
    assert rows(medner, "from scores -- and a comment\n;") == rows(medner, "scores")


def test_a_macro_is_asked_with_its_arguments(medner: duckdb.DuckDBPyConnection):
    assert rows(medner, "from regressions('v1', 'v1')") == []
    with pytest.raises(MednerError, match=r"'regressions' is a macro: .*from regressions\(a, b\)"):
        rows(medner, "regressions")


@pytest.mark.parametrize(
    ("what", "meant"),
    [("scors", "scores"), ("how_many_duplicate", "how_many_duplicates"), ("gold_entitis", "gold_entities")],
)
def test_an_unknown_name_is_answered_with_the_nearest_ones(
    medner: duckdb.DuckDBPyConnection, what: str, meant: str
):
    with pytest.raises(
        MednerError, match=f"unknown question, view or table '{what}', did you mean '{meant}'"
    ):
        rows(medner, what)


def test_a_missing_parameter_is_named_with_its_remedy(medner: duckdb.DuckDBPyConnection):
    with pytest.raises(MednerError, match="missing parameter 'baseline': add --param baseline="):
        rows(medner, "error_shift", version="v1")
    with pytest.raises(MednerError, match="the query: missing parameter 'a'"):
        rows(medner, "select $a")


def test_an_unknown_parameter_is_answered_with_those_there_are(medner: duckdb.DuckDBPyConnection):
    with pytest.raises(
        MednerError, match=r"unknown parameter 'versoin', did you mean 'version'.*: it takes version"
    ):
        rows(medner, "short_and_long", versoin="v1")
    with pytest.raises(MednerError, match="view 'scores': unknown parameter 'version': it takes none"):
        rows(medner, "scores", version="v1")


@pytest.mark.parametrize(
    "value",
    ["v1' or '1'='1", "'; drop view scores; --", "$version", "v1\n--", "x') union select 1 --", "\\", "%"],
)
def test_a_parameter_is_a_value_and_never_sql(medner: duckdb.DuckDBPyConnection, value: str):
    assert rows(medner, "select f1 from scores where model_version = $version", version=value) == []
    assert rows(medner, "postprocessing_steps", version=value) == []
    assert rows(medner, "select $value", value=value) == [(value,)]
    assert len(rows(medner, "scores")) == 2


def test_a_version_that_the_warehouse_does_not_know_is_noted(medner: duckdb.DuckDBPyConnection):
    answer = ask(medner, "error_shift", {"version": "v1", "baseline": "v9"})
    assert answer.notes == ("no baseline 'v9' in the warehouse: there are v1",)
    assert ask(medner, "hardest_texts", {"dataset": "x"}).notes == (
        "no dataset 'x' in the warehouse: there are none yet",
    )


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to '{file}'",
        "copy scores to '{file}' (format parquet)",
        "export database '{file}'",
        "attach '{file}'",
        "explain analyze copy (select 1) to '{file}'",
        "explain copy (select 1) to '{file}'",
        "/* select */ copy (select 1) to '{file}'",
        "create table scratch as select 1",
        "insert into scores values (1)",
        "drop view scores",
        "install httpfs",
        "load httpfs",
        "set threads = 1",
        "pragma database_list",
        "call pragma_version()",
        "checkpoint memory",
        "explain analyze /* /* */ select 1 -- */ copy (select 42) to '{file}'",
        "/* /* */ select 1 -- */ copy (pivot (values (1, 2)) t(a, b) on a using max(b)) to '{file}'",
        "explain (analyze) copy (select 1) to '{file}'",
        "with x as (copy (select 1) to '{file}') from x",
        "explain analyze with x as (copy (select 1) to '{file}') from x",
        "from query('with x as (copy (select 1) to ''{file}'') from x')",
        "from json_execute_serialized_sql(json_serialize_sql("
        "'with x as (copy (select 1) to ''{file}'') from x'))",
        "from query('from json_execute' || '_serialized_sql(json_serialize_sql(''select 1''))')",
    ],
)
def test_what_writes_or_fetches_is_refused_and_leaves_no_file(
    medner: duckdb.DuckDBPyConnection, tmp_path: Path, query: str
):
    with pytest.raises(MednerError, match="is not answered here, only what returns rows"):
        rows(medner, query.format(file=tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("query", ["select 1; select 2", "-- nothing", "select 1; drop view scores"])
def test_exactly_one_statement_is_answered(medner: duckdb.DuckDBPyConnection, query: str):
    with pytest.raises(MednerError, match="statements, and exactly one can be answered"):
        rows(medner, query)


@pytest.mark.parametrize(
    "query",
    [
        "describe scores",
        "summarize scores",
        "show tables",
        "explain select 1",
        "EXPLAIN ANALYZE select 1",
        "pivot scores on task using max(f1)",
        "values (1)",
        "with a as (select 1) from a",
    ],
)
def test_every_statement_that_only_reads_is_answered(medner: duckdb.DuckDBPyConnection, query: str):
    assert rows(medner, query)


def test_the_order_of_a_query_and_its_names_stay_as_typed(medner: duckdb.DuckDBPyConnection):
    asked = ask(medner, "select task, f1 as best from scores order by best desc;", {})
    assert asked.relation.columns == ["task", "best"]
    assert asked.relation.fetchall() == [("entity", 0.9), ("relation", 0.5)]


@pytest.mark.parametrize(
    "query",
    [
        "pivot (from query('select 1 as a')) on a using count(*)",
        "with c as (copy (select 1) to '{file}') pivot c on #1 using count(*)",
        "explain with c as (copy (select 1) to '{file}') pivot c on #1 using count(*)",
    ],
)
def test_a_pivot_that_looks_its_columns_up_runs_nothing_before_it_is_seen(
    medner: duckdb.DuckDBPyConnection, tmp_path: Path, query: str
):
    with pytest.raises(MednerError, match=r"takes no (query|copy)"):
        rows(medner, query.format(file=tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_in_a_query_is_one_line_that_names_it(medner: duckdb.DuckDBPyConnection):
    with pytest.raises(MednerError) as refused:
        rows(medner, "select f2 from scores")
    assert "f2" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_message_of_a_failed_conversion_carries_no_text_of_a_row(medner: duckdb.DuckDBPyConnection):
    from io import BytesIO

    from medner_assets.warehouse.rendering import write_answer

    query = "select max(model_version || ', Mrs Doe')::int from metrics"
    with pytest.raises(MednerError, match="use try_cast") as refused:
        write_answer(ask(medner, query, {}), "table", BytesIO())
    assert "Doe" not in str(refused.value)


def test_the_listing_names_every_question_with_its_parameters(medner: duckdb.DuckDBPyConnection):
    listed = {row[1]: row for row in listing(medner).relation.fetchall()}
    for question in named_queries():
        assert listed[question.name] == (
            "question",
            question.name,
            ", ".join(question.parameters),
            question.question,
        )
    assert listed["scores"] == ("view", "scores", "", "how good each version is, with intervals.")
    assert listed["regressions(a, b)"][0] == "macro"
    assert listed["documents"] == ("table", "documents", "", "one row is one document")


@pytest.mark.parametrize(
    "question",
    [
        "how_many_duplicates",  # 77 duplicates of 94 predictions
        "relation_type_bias",  # 46 % "treats" against 27 % in train
        "silent_documents",  # examples with no prediction
        "documents_without_prediction",
        "wrong_direction",  # A → B taken for B → A
        "loss_by_epoch",
        "training_cost",
        "expected_and_reached",
        "better_or_luck",
    ],
)
def test_each_question_of_the_error_analysis_can_be_asked_by_name(question: str):
    assert question in {each.name for each in named_queries()}


def test_the_leaderboard_comes_best_first_one_dataset_after_the_other(root: Path):
    for version, dataset, f1 in (("a", "y", 0.5), ("b", "x", 0.4), ("c", "x", 0.6), ("d", "y", 0.7)):
        found = (metric("relation", f1, dataset=dataset), metric("entity", f1, dataset=dataset))
        put(root, "metrics", version, *found)
    with connect(root) as medner:
        names = [(row[0], row[2]) for row in rows(medner, "leaderboard")]
        assert names == [("x", "c"), ("x", "b"), ("y", "d"), ("y", "a")]
        best = rows(medner, "best_versions", dataset="y")
        assert [row[:3] for row in best] == [(1, "d", 0.7), (2, "a", 0.5)]


def test_stages_come_in_the_order_in_which_they_run(root: Path):
    steps = '["type_constraints", "deduplicate"]'
    put(root, "recipes", "v1", {"setting": "postprocessing", "value": steps, "recipe_hash": "h"})
    names = ("raw", "type_constraints", "deduplicate", "final")
    put(root, "predicted_relations", "v1", *({"doc_id": "a", "stage": stage} for stage in sorted(names)))
    with connect(root) as medner:
        told = [row[1] for row in rows(medner, "how_many_duplicates", version="v1")]
    assert told == list(names)


def test_a_pair_that_cannot_be_compared_is_told_what_to_run(root: Path):
    put(root, "metrics", "v1", metric("relation", 0.5))
    put(root, "metrics", "v2", metric("relation", 0.5, dataset="other"))
    put(root, "metrics", "v3", metric("relation", 0.5))
    told = (
        "v1 and v2: not both evaluated on the same content of a dataset, so there is nothing to compare: "
        "run `medner evaluate v1` and `medner evaluate v2`"
    )
    with connect(root) as medner:
        with pytest.raises(MednerError) as refused:
            ask(medner, "what_it_lost", {"version": "v2", "baseline": "v1"})
        assert str(refused.value) == f"the query: {told}"
        for question in (
            "from fixes('v1', 'v2')",
            "select count(*) from flips('v1', 'v2') where task = 'entity'",
        ):
            with pytest.raises(MednerError, match=re.escape(told)):
                rows(medner, question)
        with pytest.raises(MednerError, match="run `medner evaluate v1` and `medner evaluate v9`"):
            rows(medner, "from regressions('v1', 'v9')")
        assert rows(medner, "from regressions('v1', 'v3')") == []
