"""How numbers are written, and that combined numbers keep SQL that yields them."""

import math
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medner_assets.reporting.numbers import Number, Unit, change, difference, plain, ratio, written
from medner_assets.reporting.questions import Questions, inlined


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.9176, Unit.SHARE, "91.8"),
        (0.016, Unit.POINTS, "+1.6"),
        (-0.016, Unit.POINTS, "−1.6"),
        (-0.0001, Unit.POINTS, "0.0"),
        (-0.74, Unit.CHANGE, "−74 %"),
        (0.6712, Unit.LOSS, "0.671"),
        (3180, Unit.DURATION, "53 min"),
        (8280, Unit.DURATION, "2 h 18 min"),
        (7.25, Unit.DURATION, "7.2 s"),
        (55, Unit.DURATION, "55 s"),
        (168, Unit.DURATION, "2 min 48 s"),
        (168 - 55, Unit.DURATION, "1 min 53 s"),
        (-90, Unit.DURATION, "−1 min 30 s"),
        (599.6, Unit.DURATION, "10 min"),
        (167_772_160, Unit.BYTES, "168 MB"),
        (12, Unit.BYTES, "12 B"),
        (41_943_040, Unit.PARAMETERS, "41.9 M"),
        (1234567, Unit.COUNT, "1,234,567"),
        (0.0004, Unit.P, "< 0.001"),
        (0.0123, Unit.P, "0.012"),
        (0.5, Unit.P, "0.50"),
        (2e-4, Unit.PLAIN, "0.0002"),
        (16, Unit.DELTA, "+16"),
        (None, Unit.SHARE, "–"),
        (math.nan, Unit.LOSS, "NaN"),
        (math.inf, Unit.LOSS, "∞"),
    ],
)
def test_a_number_is_written_as_people_read_it(value: float | None, unit: Unit, text: str):
    assert written(value, unit) == text


@settings(deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(list(Unit)))
def test_every_number_can_be_written_in_every_unit(value: float, unit: Unit):
    assert written(value, unit)


def test_a_difference_shows_its_sign_and_a_phrase_its_unit():
    gain = difference(Number(4000, Unit.BYTES), Number(1000, Unit.BYTES), Unit.BYTES)
    assert str(gain) == "+3.0 kB"
    assert plain(("took ", gain, ", F1 ", Number(0.5, Unit.SHARE))) == "took +3.0 kB, F1 50.0 %"


@settings(deadline=None)
@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_the_sql_of_a_combined_number_yields_its_value(left: float, right: float):
    one, two = (
        Number(left, Unit.PLAIN, f"select {left!r}::double"),
        Number(right, Unit.PLAIN, f"select {right!r}::double"),
    )
    connection = duckdb.connect()
    for number in (
        difference(one, two, Unit.DELTA),
        ratio(one, two),
        change(one, two),
        difference(one, Number(2.5), Unit.DELTA),
    ):
        assert number.sql is not None
        (found,) = connection.execute(number.sql).fetchone() or (None,)
        assert (found is None) == (number.value is None)
        assert found is None or found == pytest.approx(number.value, rel=1e-12)


def test_numbers_without_a_value_combine_to_none():
    assert difference(Number(None), Number(1.0), Unit.DELTA).value is None
    assert ratio(Number(1.0), Number(0.0)).value is None
    assert change(Number(1.0), Number(None)).value is None


ROWS = pl.DataFrame({"type": ["a'b", "c", None], "items": [2, 5, 7]})


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """A folder of SQL with a view and two questions."""
    for kind, name, text in (
        ("views", "shouted", "create or replace view shouted as select upper(probe) as probe from audits;"),
        ("reporting", "above", "-- above: some.\nselect type, items from facts where items > $least;"),
        ("reporting", "of_type", "select items from facts where type = $type;"),
        ("reporting", "loud", "select probe from shouted;"),
    ):
        (tmp_path / kind).mkdir(exist_ok=True)
        (tmp_path / kind / f"{name}.sql").write_text(text)
    return tmp_path


def test_each_cell_of_a_table_names_the_sql_that_picks_it(sql: Path):
    with Questions({"facts": ROWS}, sql) as ask:
        answer = ask.table("above", ("type",), least=1)
    connection = duckdb.connect()
    connection.from_arrow(ROWS.to_arrow()).create("facts")
    assert [connection.execute(row["items"].sql).fetchone() for row in answer.rows] == [(2,), (5,), (7,)]
    assert [row["items"].value for row in answer.rows] == [2, 5, 7]


def test_values_are_bound_and_never_become_sql(sql: Path):
    with Questions({"facts": ROWS}, sql) as ask:
        number = ask.number("of_type", type="a'b")
        assert number.value == 2
        assert number.sql == "select items from facts where type = 'a''b'"
        assert ask.number("of_type", type="x' or 'a' = 'a").value is None


def test_the_hash_is_of_the_questions_and_of_the_views_that_they_use(sql: Path):
    def hash_now() -> str:
        with Questions({}, sql) as ask:
            return ask.sql_hash

    def edit(name: str) -> None:
        file = sql / name
        file.write_text(file.read_text().replace("upper", "lower"))

    (sql / "views" / "unused.sql").write_text("create or replace view unused as select upper('a') as a;")
    before = hash_now()
    edit("views/unused.sql")
    assert hash_now() == before
    edit("views/shouted.sql")
    assert hash_now() != before


def test_a_table_that_is_not_given_has_no_rows(sql: Path):
    with Questions({}, sql) as ask:
        assert ask.number("loud").value is None


def test_a_query_is_shown_on_one_line_with_its_values():
    assert inlined("select x\n  from t\n where n in $names and k = $k", {"names": ["a", "b"], "k": 3}) == (
        "select x from t where n in ['a', 'b'] and k = 3"
    )
