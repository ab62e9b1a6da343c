"""Answer questions in SQL: a named question of `sql/queries`, any view or table, or a query as it was typed.

Questions run in the in-memory session of `catalogue.connect`, so nothing that is asked changes a table.
`statements.py` says what a typed text is, and accepts only what returns rows. A parameter is bound as a value
and never becomes SQL.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from medner_assets.errors import MednerError
from medner_assets.paths import SQL
from medner_assets.sql_files import SqlFile, sql_files
from medner_assets.tables import TABLES
from medner_assets.warehouse.statements import question_of, refuse_changes

_PARAMETERS = "parameters:"
_ORDER = "Order: "
_OF_A_MACRO = "Invalid Input Error: "
"""What DuckDB puts before the sentence of a macro that refuses, as `comparable` does."""
_LONGEST_MESSAGE = 500
_ONE_WORD = re.compile(r"[\w.-]+")
_NO_ACCESS = re.compile(r'Cannot access file "(.*?)"')

# Where the values of these parameters can be looked up, to say so when there are none: a typo gives no rows.
_KNOWN_VALUES = {
    "version": "select model_version from metrics union select model_version from recipes",
    "baseline": "select model_version from metrics union select model_version from recipes",
    "dataset": "select dataset from documents group by dataset",
}


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A file of `sql/queries`: `question` is its first comment line, `parameters` what must be given."""

    name: str
    question: str
    parameters: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """A question that is ready to run; it runs each time that its rows are taken. `notes` are for stderr."""

    relation: duckdb.DuckDBPyRelation
    notes: tuple[str, ...] = ()


def named_queries(folder: Path = SQL) -> list[NamedQuery]:
    """Return the named questions, by name."""
    return [
        NamedQuery(file.name, file.purpose, _declared(file), file.text)
        for file in sql_files("queries", folder)
    ]


def ask(
    connection: duckdb.DuckDBPyConnection, what: str, parameters: Mapping[str, str], folder: Path = SQL
) -> PreparedQuery:
    """Return the answer to `what`: the name of a question, else of a view or table, else a query in SQL.

    connection: of `catalogue.connect`. parameters: name → value, bound as text.
    Raises MednerError on an unknown name, on a parameter that is missing or unknown, and on a query that
    DuckDB refuses or that does more than return rows.
    """
    _check_characters("the query", what)
    for name, value in parameters.items():
        _check_characters("a parameter", name + value)
    questions = {each.name: each for each in named_queries(folder)}
    if what in questions:
        question = questions[what]
        _check_parameters(f"question {what!r}", question.parameters, parameters)
        notes = _notes(connection, parameters)
        if {"version", "baseline"} <= set(parameters) and not notes:
            _require_comparable(connection, parameters["baseline"], parameters["version"])
        return PreparedQuery(_bound(connection, question.text, parameters), notes)
    objects = _objects(connection)
    if what in objects:
        _check_parameters(f"view {what!r}", (), parameters)
        order = _order(what, folder)
        return PreparedQuery(_bound(connection, f"select * from {what}{order}", {}))  # noqa: S608 - known names
    if _ONE_WORD.fullmatch(what.strip()):
        macros = {file.name: file for file in sql_files("macros", folder)}
        if what in macros:
            raise MednerError(
                f'{what!r} is a macro: ask with its arguments, e.g. "from {_signature(macros[what])}"'
            )
        raise MednerError(
            f"unknown question, view or table {what[:80]!r}{_suggestion(what, [*questions, *objects])}"
        )
    with query_errors():
        wanted = question_of(connection, what)
    _check_parameters("the query", wanted.parameters, parameters)
    with query_errors():
        refuse_changes(connection, wanted, parameters)
    return PreparedQuery(_bound(connection, wanted.text, parameters))


def listing(connection: duckdb.DuckDBPyConnection, folder: Path = SQL) -> PreparedQuery:
    """Return what can be asked: one row per question, view, macro and table, with what it answers."""
    rows = [
        *(
            ("question", each.name, ", ".join(each.parameters), each.question)
            for each in named_queries(folder)
        ),
        *(("view", file.name, "", file.purpose) for file in sql_files("views", folder)),
        *(("macro", _signature(file), "", file.purpose) for file in sql_files("macros", folder)),
        *(("table", table.name, "", f"one row is {table.grain}") for table in TABLES.values()),
    ]
    kinds, names, parameters, purposes = (list(column) for column in zip(*rows, strict=True))
    relation = connection.sql(
        "select unnest($kinds) as kind, unnest($names) as name, unnest($parameters) as parameters, "
        "unnest($purposes) as answers",
        params={"kinds": kinds, "names": names, "parameters": parameters, "purposes": purposes},
    )
    return PreparedQuery(relation)


@contextmanager
def query_errors() -> Iterator[None]:
    """Turn what DuckDB says of a query into a MednerError of one line that carries no value of a row."""
    try:
        yield
    except (duckdb.ConversionException, duckdb.OutOfRangeException):
        # The message quotes the value, which may be clinical text.
        raise MednerError(
            "the query: a value does not fit the type that it is converted to: use try_cast"
        ) from None
    except duckdb.PermissionException as error:
        named = _NO_ACCESS.search(str(error))
        raise MednerError(
            f"the query: {named.group(1) if named else 'a file'} is not of the warehouse, and a query reads "
            "nothing else: add --allow-read FOLDER for a folder of yours"
        ) from None
    except duckdb.Error as error:
        message = " ".join(str(error).partition("\n\nLINE ")[0].split()).removeprefix(_OF_A_MACRO)
        raise MednerError(f"the query: {message[:_LONGEST_MESSAGE]}") from None


def _declared(file: SqlFile) -> tuple[str, ...]:
    lines = [line.removeprefix(_PARAMETERS) for line in file.header if line.startswith(_PARAMETERS)]
    return tuple(name.strip() for line in lines for name in line.split(","))


def _signature(file: SqlFile) -> str:
    return file.header[0].partition(":")[0]


def _check_parameters(what: str, declared: Iterable[str], given: Mapping[str, str]) -> None:
    names = list(declared)
    for name in given:
        if name not in names:
            has = f"it takes {', '.join(names)}" if names else "it takes none"
            raise MednerError(f"{what}: unknown parameter {name[:80]!r}{_suggestion(name, names)}: {has}")
    missing = [name for name in names if name not in given]
    if missing:
        example = " ".join(f"--param {name}=..." for name in missing)
        raise MednerError(f"{what}: missing parameter {', '.join(map(repr, missing))}: add {example}")


def _check_characters(what: str, text: str) -> None:
    """Raise MednerError for what a terminal passes on of bytes that are no UTF-8: no table can hold it."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise MednerError(f"{what}: holds bytes that are not UTF-8: type it in UTF-8") from None


def _bound(
    connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, str]
) -> duckdb.DuckDBPyRelation:
    with query_errors():
        return connection.sql(text, params=dict(parameters)) if parameters else connection.sql(text)


def _notes(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, str]) -> tuple[str, ...]:
    notes = []
    for name, value in parameters.items():
        if name in _KNOWN_VALUES:
            known = sorted(str(row[0]) for row in connection.sql(_KNOWN_VALUES[name]).fetchall())
            if value not in known:
                there = f"there are {', '.join(known)}" if known else "there are none yet"
                notes.append(f"no {name} {value!r} in the warehouse: {there}")
    return tuple(notes)


def _order(view: str, folder: Path) -> str:
    """Return the clause by which a view is read, where its file names one; a view itself has no order."""
    lines = [line for file in sql_files("views", folder) if file.name == view for line in file.header]
    found = next((line.removeprefix(_ORDER) for line in lines if line.startswith(_ORDER)), "")
    return f" order by {found}" if found else ""


def _require_comparable(connection: duckdb.DuckDBPyConnection, baseline: str, version: str) -> None:
    """Raise MednerError, with what to run, where two versions cannot be held against each other."""
    pair = {"a": baseline, "b": version}
    with query_errors():
        connection.sql("select comparable from comparable($a, $b)", params=pair).fetchall()


def _objects(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.sql(
        "select view_name from duckdb_views() where not internal order by view_name"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _suggestion(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f", did you mean {' or '.join(map(repr, close))}?" if close else ""
