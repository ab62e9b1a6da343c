"""No text runs that DuckDB's parser does not call one query, and none writes or reads outside, by a grammar.

The grammar wraps what reads and what writes in all that can hide what a statement is: nested comments,
strings, dollar quotes, CTEs that copy, PIVOT, table functions that run text. The kernel's bar is not up here,
so that what holds is the parser, the brackets, the plan and the sealed session.
"""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medner_assets.errors import MednerError
from medner_assets.warehouse.catalogue import connect, seal
from medner_assets.warehouse.queries import ask
from medner_assets.warehouse.statements import question_of
from medner_assets_tests.support.rows import metric, put

VALUES = st.sampled_from(
    ["1", "'--'", "'/*'", "$$ ; copy (select 1) to 'y' $$", "$tag$ */ $tag$", "E'\\' ; --'", "''';'", "null"]
)
NOISE = st.sampled_from(
    ["", " ", "\n", "-- select 1\n", "/* x */", "/* /* */ select 1 -- */", "/* /* */ */", "--\n/*--*/", ";"]
)
READS = st.one_of(
    VALUES.map("select {} as v".format),
    st.just('with "a;b" as (select 1 as v) from "a;b"'),
    st.just("from scores"),
    st.just("pivot (values (1, 2)) t(a, b) on a using max(b)"),
    st.just("from query('select 1 as v')"),
    st.just("values (1), (2)"),
    st.just("from read_text('SECRET')"),
    st.just("from glob('OUTSIDE/*')"),
    st.just("from examples('v1', 'type')"),
)
WRITES = st.one_of(
    READS.map("copy ({}) to 'TARGET'".format),
    READS.map("with c as (copy ({}) to 'TARGET') from c".format),
    READS.map("with c as (copy ({}) to 'TARGET') pivot c on #1 using count(*)".format),
    st.sampled_from(
        [
            "from query('with c as (copy (select 1) to ''TARGET'') from c')",
            "from query_table('TARGET')",
            "from json_execute_serialized_sql(json_serialize_sql("
            "'with c as (copy (select 1) to ''TARGET'') from c'))",
            "pivot (from query('with c as (copy (select 1) to ''TARGET'') from c')) on #1 using count(*)",
            "from enable_logging(storage := 'file', storage_config := {'path': 'TARGET'})",
            "from enable_profiling(save_location := 'TARGET')",
            "create macro m() as table from query('copy (select 1) to ''TARGET''')",
            "attach 'TARGET' as other",
            "export database 'TARGET'",
            "import database 'OUTSIDE'",
            "with c as (insert into scores values (1) returning *) from c",
            "set lock_configuration = false",
            "drop view scores",
            "create table t as select 1",
            "call enable_logging()",
            "install httpfs",
        ]
    ),
)
PREFIXES = st.sampled_from(
    ["", "", "explain ", "explain analyze ", "EXPLAIN (analyze, format json) ", "prepare p as ", "from ("]
)


@st.composite
def statements(draw: Callable[..., str]) -> str:
    """One or two statements, with noise in between and around."""
    parts = [draw(NOISE)]
    for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
        parts += [draw(PREFIXES), draw(NOISE), draw(st.one_of(READS, READS, WRITES)), draw(NOISE)]
    return "".join(parts)


def is_one_query(connection: duckdb.DuckDBPyConnection, text: str) -> bool:
    """Tell whether the parser calls the text one SELECT or EXPLAIN; one with a PIVOT is called MULTI."""
    found = connection.extract_statements(text)
    kinds = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)
    return len(found) == 1 and found[0].type in kinds


def test_nothing_but_one_query_runs_and_no_file_is_written_or_read_outside(root: Path, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = outside / "secret.txt"
    secret.write_text("Mrs Doe, canary")
    put(root, "metrics", "v1", metric("relation", 0.5))
    ran = 0
    with connect(root) as connection:
        seal(connection, root)
        before = sorted(root.rglob("*"))

        @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
        @given(statements(), st.sampled_from([outside / "out", root / "metrics" / "out.parquet"]))
        def holds(text: str, target: Path) -> None:
            nonlocal ran
            typed = text.replace("TARGET", str(target)).replace("OUTSIDE", str(outside))
            typed = typed.replace("SECRET", str(secret))
            answered: list[tuple[object, ...]] = []
            try:
                answered = ask(connection, typed, {}).relation.fetchall()
            except (MednerError, duckdb.Error):
                pass
            else:
                ran += 1
                assert is_one_query(connection, typed), typed
            wrote = target.exists()
            target.unlink(missing_ok=True)
            assert not wrote, typed
            assert "canary" not in str(answered), typed
            assert list(outside.iterdir()) == [secret], typed
            assert sorted(root.rglob("*")) == before, typed
            assert connection.sql("select count(*) from scores").fetchall() == [(1,)], typed

        holds()
    assert ran > 5  # it is not that nothing runs


@pytest.mark.parametrize(
    "text",
    ["select 1) union all (select 2", "1", "(select 1", "select 1 -- \n) as t, (select 2", "t", "f(1)"],
)
def test_a_text_that_is_no_query_between_its_own_brackets_is_refused(text: str):
    with duckdb.connect() as connection, pytest.raises((MednerError, duckdb.ParserException)):
        question_of(connection, text)
