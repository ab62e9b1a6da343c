"""Tables fit the terminal and show nothing that could harm it; the other formats lose nothing."""

import io
import json
from pathlib import Path

import duckdb
import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.warehouse.queries import PreparedQuery
from medner_assets.warehouse.rendering import Format, write_answer


def written(query: str, format: Format, **options: int) -> bytes:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    stream = io.BytesIO()
    write_answer(PreparedQuery(connection.sql(query)), format, stream, **options)
    return stream.getvalue()


def table(query: str, **options: int) -> list[str]:
    return written(query, "table", **options).decode().splitlines()


def test_a_table_has_a_head_a_rule_and_numbers_on_the_right():
    rows = "('entity', 0.884123::double, 12), ('relation', 0.5, 3)"
    assert table(f"select * from (values {rows}) as t(task, f1, items)") == [
        "task           f1   items",
        "─────────────────────────",
        "entity     0.8841      12",
        "relation      0.5       3",
    ]


def test_a_narrow_terminal_wraps_text_and_never_breaks_a_number():
    query = "select 'a long text that has to be wrapped somewhere' as text, 123456789 as number"
    assert table(query, width=40) == [
        "text".ljust(28) + "   " + "number".rjust(9),
        "─" * 40,
        "a long text that has to be  " + "   123456789",
        "wrapped somewhere",
    ]


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_no_line_of_a_table_is_wider_than_the_terminal(width: int):
    columns = ", ".join(f"'some words of text number {n}' as column_{n}, {n} as count_{n}" for n in range(8))
    for line in table(f"select {columns} from range(3)", width=width):
        assert len(line) <= max(width, 8 + 24)


def test_a_row_that_cannot_fit_becomes_a_block_of_lines():
    columns = ", ".join(f"{n} as quite_a_long_name_{n}" for n in range(5))
    assert table(f"select {columns} from range(2)", width=50)[:3] == [
        "row 1 " + "─" * 44,
        "quite_a_long_name_0  0",
        "quite_a_long_name_1  1",
    ]


def test_rows_of_short_cells_are_split_over_tables_that_each_begin_with_what_names_the_row():
    columns = ", ".join(f"{n}.5 as a_rather_long_name_{n}" for n in range(8))
    query = f"select 'same' as dataset, 'version-' || range as version, {columns} from range(2)"
    lines = table(query, width=60)
    heads = [n for n, line in enumerate(lines) if line.startswith("version  ")]
    assert len(heads) == 2
    assert all(len(line) <= 60 for line in lines)
    assert sum(line.startswith("version-1") for line in lines) == 2
    for n in range(8):
        assert sum(line.count(f"{n}.5") for line in lines) == 2
    assert not any(line.startswith("row 1") for line in lines)


def test_long_texts_and_rows_without_a_name_are_blocks_of_lines():
    columns = ", ".join(f"{n} as quite_a_long_name_{n}" for n in range(5))
    for first in ("'same' as dataset", "repeat('word ', 9) || range as text"):
        assert table(f"select {first}, {columns} from range(2)", width=50)[0].startswith("row 1")


def test_without_a_width_nothing_is_wrapped():
    lines = table(f"select '{'word ' * 100}' as text")
    assert len(lines) == 3


def test_a_table_says_when_it_shows_not_all_rows():
    lines = table("select range as n from range(10)", rows=3)
    assert lines[2:] == ["0", "1", "2", "… and more: these are the first 3 rows, --format csv has all"]
    assert table("select range as n from range(3)", rows=3)[-1] == "2"


def test_no_rows_are_said_in_words():
    assert table("select 1 as a where false") == ["a", "─", "(no rows)"]


def test_what_could_harm_a_terminal_is_shown_as_signs():
    query = (
        "select chr(27) || '[2J' || chr(8) || chr(8238) || 'x' || chr(10) || 'y' || chr(13) || 'z' as text"
    )
    assert table(query)[-1] == "␛[2J␈\N{REPLACEMENT CHARACTER}x⏎y␍z"


def test_square_brackets_are_text_and_no_markup():
    assert table("select '[Drug] [bold]aspirin[/bold]' as line")[-1] == "[Drug] [bold]aspirin[/bold]"


def test_letters_of_every_script_stay_as_they_are():
    assert table("select 'naïve Übelkeit 発熱 حمى' as text")[-1] == "naïve Übelkeit 発熱 حمى"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.1::double", "0.1"), ("1.0::double", "1"), ("0.00001::double", "1.00e-05"), ("0.0::double", "0"),
        ("-0.12344::double", "-0.1234"), ("12345678901.0::double", "1.23e+10"), ("'nan'::double", "nan"),
        ("true", "yes"), ("null", ""), ("sum(2)", "2"), ("[1, 2]", "[1, 2]"), ("{'a': 'ü'}", '{"a": "ü"}'),
        ("timestamptz '2026-02-08 10:00:00+00'", "2026-02-08 10:00:00+00:00"),
        ("date '2026-02-08'", "2026-02-08"),
    ],
)  # fmt: skip
def test_a_value_is_shown_in_a_form_that_can_be_read(value: str, shown: str):
    lines = table(f"select {value} as a")
    assert "".join(lines[2:]).strip() == shown


def test_csv_tells_an_empty_text_from_nothing_and_quotes_what_needs_it():
    query = "select * from (values (1, 'a,b'), (2, 'say \"x\"'), (3, ''), (4, null)) as t(n, text)"
    assert written(query, "csv").decode() == 'n,text\n1,"a,b"\n2,"say ""x"""\n3,""\n4,\n'


def test_csv_of_no_rows_is_its_head():
    assert written("select 1 as a, 2 as b where false", "csv") == b"a,b\n"


def test_csv_holds_all_rows_and_all_digits():
    text = written("select range as n, range / 3 as third from range(120000)", "csv", rows=1).decode()
    lines = text.splitlines()
    assert len(lines) == 120_001
    assert float(lines[2].split(",")[1]) == 1 / 3


def test_json_is_an_array_of_objects():
    query = "select range as n, if(range = 0, null, 'ü') as text, range = 0 as zero from range(2)"
    assert json.loads(written(query, "json")) == [
        {"n": 0, "text": None, "zero": True}, {"n": 1, "text": "ü", "zero": False},
    ]  # fmt: skip


def test_json_of_no_rows_is_an_empty_array():
    assert json.loads(written("select 1 as a where false", "json")) == []


def test_json_of_many_rows_is_one_array():
    query = "select range as n, 'line' || chr(10) || 'break' as text from range(120000)"
    found = json.loads(written(query, "json"))
    assert len(found) == 120_000
    assert found[-1] == {"n": 119_999, "text": "line\nbreak"}


def test_json_holds_only_what_json_can_hold():
    query = """
        select 'nan'::double as nan, 'inf'::double as inf, sum(1) as total, sum(1.5) as exact,
            [1, null] as list, {'a': ['x']} as struct, interval 3 days as span,
            timestamptz '2026-02-08 10:00:00+00' as at, map {'k': 1} as map, 'ab'::blob as bytes,
            170141183460469231731687303715884105727::hugeint as huge
    """
    (row,) = json.loads(written(query, "json"))
    assert row == {
        "nan": None, "inf": None, "total": 1, "exact": 1.5, "list": [1, None], "struct": {"a": ["x"]},
        "span": "3 days", "at": "2026-02-08T10:00:00+00:00",
        "huge": pytest.approx(1.7014118346046923e38),
        "map": "{k=1}", "bytes": "ab",
    }  # fmt: skip


@pytest.mark.parametrize("format", ["csv", "json"])
def test_a_name_that_stands_twice_gets_a_number(format: Format):
    text = written("select 1 as a, 2 as a", format).decode()
    assert text in ("a,a_2\n1,2\n", '[\n{"a":1,"a_2":2}\n]\n')


def test_parquet_reads_back_with_its_types(tmp_path: Path):
    (tmp_path / "answer.parquet").write_bytes(
        written("select 'v1' as a, 0.5::double as f1, 7::bigint as n", "parquet")
    )
    frame = pl.read_parquet(tmp_path / "answer.parquet")
    assert dict(frame.schema) == {"a": pl.String(), "f1": pl.Float64(), "n": pl.Int64()}
    assert frame.rows() == [("v1", 0.5, 7)]


def test_parquet_of_no_rows_has_its_columns(tmp_path: Path):
    (tmp_path / "answer.parquet").write_bytes(written("select 'v1' as a where false", "parquet"))
    assert pl.read_parquet(tmp_path / "answer.parquet").schema == {"a": pl.String()}


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def test_parquet_is_not_written_to_a_terminal():
    with pytest.raises(MednerError, match="redirect the output to a file"):
        write_answer(PreparedQuery(duckdb.connect().sql("select 1")), "parquet", Terminal())


def test_a_cell_that_a_spreadsheet_would_run_is_quoted_where_that_is_asked_for():
    query = "select * from (values ('=1+1', -1), ('@x', 2), ('plain', 3), (null, 4)) as t(word, number)"
    with duckdb.connect() as connection:
        stream = io.BytesIO()
        write_answer(PreparedQuery(connection.sql(query)), "csv", stream, excel=True)
        assert stream.getvalue().decode() == "word,number\n'=1+1,-1\n'@x,2\nplain,3\n,4\n"
