"""What a typed text is, by DuckDB's own parser: one SELECT, an EXPLAIN of one, or refused.

A text is never run as it was typed. It runs as `select * from (TEXT)`, where the grammar admits nothing but a
query, and where DuckDB's binder refuses what would change something: since 2.0 the parser calls
`with x as (copy … to 'file') from x` a SELECT. Then the plan is looked at before anything runs, for the
functions that run a statement of their own. Comments, strings and dollar quotes are left to the parser: no
pattern decides what a statement is.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from medner_assets.errors import MednerError

_CHANGES = re.compile(
    r"(BATCH_)?(COPY|INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|ATTACH|DETACH|EXPORT|IMPORT|LOAD|VACUUM|"
    r"PREPARE|EXECUTE|TRANSACTION|JSON_EXECUTE|REGISTER|DEREGISTER|DESTROY|ENABLE|DISABLE|TRUNCATE|"
    r"CHECKPOINT|FORCE)(_.*|\b)"
)
"""Operators and functions of a plan that do more than read, or that hide what they run."""
_HIDES = re.compile(r"\b(query|json_execute_serialized_sql|copy|insert|update|delete|merge)\b", re.IGNORECASE)
"""A PIVOT looks its columns up, before its plan can be seen: it takes none of these words, even as text."""
_AT_TOP = "must be at the top level"
"""DuckDB's words for a part that changes something inside of a query."""
_ROWS_ONLY = (
    "is not answered here, only what returns rows: use --format for files, "
    "and open data/medner.duckdb for tables of your own"
)


@dataclass(frozen=True, slots=True)
class Question:
    """A text that may run: `text` is what runs, `parameters` the names that it takes."""

    text: str
    parameters: tuple[str, ...]


def question_of(connection: duckdb.DuckDBPyConnection, typed: str) -> Question:
    """Return what runs for a typed text; raise MednerError unless it is one SELECT, or EXPLAIN of one.

    Nothing runs here. Errors of DuckDB's parser are raised as they are.
    """
    statements = connection.extract_statements(typed)
    if len(statements) != 1:
        raise MednerError(f"the query: {len(statements)} statements, and exactly one can be answered")
    (statement,) = statements
    prefix, inner = _parts(typed)
    wrapped = f"select * from (\n{inner}\n)"  # noqa: S608 - what is typed is a statement
    kinds = (duckdb.StatementType.SELECT, duckdb.StatementType.MULTI)
    # MULTI is a SELECT whose PIVOT takes its columns from the rows: they are looked up first.
    explains = statement.type == duckdb.StatementType.EXPLAIN or (
        statement.type == duckdb.StatementType.MULTI and bool(prefix)
    )
    if bool(prefix) != explains or not (explains or statement.type in kinds):
        raise MednerError(f"the query: {_kind(statement)} {_ROWS_ONLY}")
    try:
        made = connection.extract_statements(wrapped)
    except duckdb.ParserException:
        made = []
    if len(made) != 1 or made[0].type not in kinds:
        raise MednerError(f"the query: {_kind(statement)} {_ROWS_ONLY}")
    if made[0].type == duckdb.StatementType.MULTI and (hidden := _HIDES.search(typed)):
        raise MednerError(
            f"the query: a pivot that looks up its columns takes no {hidden.group().lower()}: "
            "name its columns with `in (…)`, or write the query out"
        )
    return Question(prefix + wrapped, tuple(sorted(statement.named_parameters)))


def refuse_changes(
    connection: duckdb.DuckDBPyConnection, question: Question, parameters: Mapping[str, str]
) -> None:
    """Raise MednerError when the plan holds an operator that does more than read.

    Runs nothing, but for the columns of a PIVOT, which are looked up.
    """
    text = question.text[question.text.index("select * from (\n") :]
    try:
        explained = connection.sql(f"explain (format json) {text}", params=dict(parameters) or None)
        plans = explained.fetchall()
    except duckdb.BinderException as error:
        if _AT_TOP in str(error):
            raise MednerError(f"the query: a part that writes {_ROWS_ONLY}") from None
        raise
    for _, plan in plans:
        for name in _operators(json.loads(plan)):
            if _CHANGES.fullmatch(name.upper()):
                raise MednerError(f"the query: {name.lower()} {_ROWS_ONLY}")


def _parts(typed: str) -> tuple[str, str]:
    """Return `explain …` as it is to run, empty when there is none, and the rest without closing semicolons.

    Whatever is cut wrongly here does not parse between brackets, so it is refused and never run.
    """
    tokens = [
        (start, kind)
        for start, kind in duckdb.tokenize(typed)
        if kind != duckdb.token_type.comment and typed[start : start + 1].strip()
    ]
    end = len(typed)
    while tokens and typed[tokens[-1][0]] == ";":
        end = tokens.pop()[0]
    starts = [start for start, _ in tokens]
    words = [_word(typed, start) for start in starts[:2]]
    if not words or words[0] != "explain":
        return "", typed[:end]
    if words[1:] == ["analyze"]:
        return "explain analyze ", typed[starts[2] if len(starts) > 2 else end : end]
    if len(starts) > 1 and typed[starts[1]] == "(":
        options = _options(typed, starts)
        if options is not None:
            text, rest = options
            return f"explain ({text}) ", typed[rest:end]
    return "explain ", typed[starts[1] if len(starts) > 1 else end : end]


def _options(typed: str, starts: list[int]) -> tuple[str, int] | None:
    """Return the options of `explain (…)`, rebuilt from known words, and where its query starts, or None."""
    found: list[str] = []
    for n, start in enumerate(starts[2:], start=2):
        if typed[start] == ")":
            return (", ".join(found), starts[n + 1]) if found and n + 1 < len(starts) else None
        word = _word(typed, start)
        if word == "format" or word == "analyze":
            found.append(word)
        elif word in ("text", "json", "html", "graphviz", "yaml", "mermaid") and found:
            found[-1] = f"{found[-1]} {word}"
        elif typed[start] != ",":
            return None
    return None


def _word(typed: str, start: int) -> str:
    found = re.match(r"\w*", typed[start:])
    return found.group().lower() if found else ""


def _kind(statement: duckdb.Statement) -> str:
    kind = str(statement.type).rpartition(".")[2].lower()
    return {"multi": "a statement that is no query", "explain": "explain of this"}.get(kind, kind)


def _operators(plan: Any) -> Iterator[str]:
    for node in plan if isinstance(plan, list) else [plan]:
        yield str(node.get("name", ""))
        yield from _operators(node.get("children", []))
