"""Which objects of the analyst's file are medner's: what it has put there itself, by a record of its own.

The record lies beside the tables and not in the file, which others may have written: what stands in the file
can name nothing as medner's. An object is medner's when the record has its kind and name, and it still bears
the description that medner gave it; one that an analyst has replaced bears none.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal, cast

import duckdb

from medner_assets.files import publish_file, write_private

Kind = Literal["view", "macro table"]
Object = tuple[Kind, str]

_RECORD = "_catalogue.json"
_OBJECT = re.compile(r"(view|macro table):([a-z_][a-z0-9_]*)")


def described_objects(connection: duckdb.DuckDBPyConnection) -> dict[Object, str | None]:
    """Return the views and table macros of the file's main schema with their descriptions, null for none."""
    rows = connection.sql(
        "select 'view', view_name, comment from duckdb_views() where schema_name = 'main' and not internal "
        "union all select 'macro table', function_name, comment from duckdb_functions() "
        "where function_type = 'table_macro' and not internal and schema_name = 'main'"
    ).fetchall()
    return {(kind, name): comment for kind, name, comment in rows}


def own_objects(
    root: Path, there: Mapping[Object, str | None], defined: Collection[Object], *, is_marked: bool
) -> set[Object]:
    """Return those of `there` that are medner's.

    root: the folder of the tables. defined: kind and name of what the definitions of now make. is_marked:
    whether medner's mark is in the file. Of a file from before there were records, what has a description and
    a name of `defined` is medner's if the file is marked; nothing else is.
    """
    record = _read(root)
    if record is None:
        return {each for each in defined if is_marked and there.get(each) is not None}
    return {
        each for each, text in there.items() if text is not None and _digest(text) in record.get(each, ())
    }


def record(root: Path, objects: Mapping[Object, str | None]) -> None:
    """Add to the record what medner is about to put into the file; earlier descriptions stay in it.

    Before the file is changed: one that lacks what the record has is refreshed like any other, one that has
    more is not.
    """
    known = _read(root) or {}
    for each, text in objects.items():
        if text is not None:
            known[each] = {*known.get(each, ()), _digest(text)}
    content = {f"{kind}:{name}": sorted(known[kind, name]) for kind, name in sorted(known)}
    partial = root / f".{_RECORD}.{uuid.uuid4().hex}.tmp"
    write_private(partial, json.dumps(content, indent=1) + "\n")
    publish_file(root / _RECORD, partial)


def _read(root: Path) -> dict[Object, set[str]] | None:
    try:
        content = json.loads((root / _RECORD).read_text(encoding="utf-8"))
        found = {_OBJECT.fullmatch(key): set(map(str, digests)) for key, digests in content.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return None
    return {
        (cast("Kind", match[1]), match[2]): digests for match, digests in found.items() if match is not None
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
