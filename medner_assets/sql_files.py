"""The files of `sql/`: their names, what their headers say, and the order in which views can be made.

views/ and macros/ are the definitions, queries/ the named questions of `medner sql`, and reporting/ what only
reports ask. At the ground, since the warehouse and the reports both read them.
"""

import hashlib
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal

from medner_assets.errors import MednerError
from medner_assets.paths import SQL

Kind = Literal["views", "macros", "queries", "reporting"]

_COMMENT = re.compile(r"--[^\n]*")
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_SECTION = re.compile(r"(grain|reads|units|parameters):", re.IGNORECASE)
_WORD = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class SqlFile:
    """One file: `name` is its stem, `header` its leading comment lines without the dashes."""

    name: str
    kind: Kind
    text: str
    header: tuple[str, ...]

    @property
    def purpose(self) -> str:
        """What the header says before its first section, without the name that opens it."""
        lines = itertools.takewhile(lambda line: not _SECTION.match(line), self.header)
        text = " ".join(lines)
        return text.partition(": ")[2] if text.startswith(self.name) else text

    @property
    def statement(self) -> str:
        """The one statement of the file, without its comments and its semicolon."""
        return _COMMENT.sub("", self.text).strip().removesuffix(";")

    @property
    def words(self) -> frozenset[str]:
        """Every identifier that the statement uses; comments and literals do not count."""
        code = _LITERAL.sub(" ", _COMMENT.sub(" ", self.text))
        return frozenset(_WORD.findall(code))


def sql_files(kind: Kind, folder: Path = SQL) -> list[SqlFile]:
    """Return the files of `sql/<kind>`, by name."""
    return [_read(path, kind) for path in sorted((folder / kind).glob("*.sql"))]


def in_order(kind: Kind, folder: Path = SQL) -> list[SqlFile]:
    """Return the files of `sql/<kind>`, each after those that it uses; raise MednerError on a cycle."""
    files = {file.name: file for file in sql_files(kind, folder)}
    uses = {name: sorted((file.words & files.keys()) - {name}) for name, file in files.items()}
    try:
        return [files[name] for name in TopologicalSorter(uses).static_order()]
    except CycleError as error:
        chain = " → ".join(error.args[1])
        raise MednerError(f"sql/{kind}: files use each other in a circle, {chain}: break it") from None


def uses(file: SqlFile, definitions: Iterable[SqlFile]) -> list[SqlFile]:
    """Return the views and macros that a file needs, directly or not, in the order of `definitions`.

    definitions: in the order in which they can be made.
    """
    wanted = file.words
    needed = []
    for each in reversed(list(definitions)):
        if each.name in wanted and each.name != file.name:
            wanted |= each.words
            needed.append(each)
    return needed[::-1]


def digest(files: Iterable[SqlFile]) -> str:
    """Return the hash of the files' texts, 16 hexadecimal digits, whatever order they come in."""
    found = hashlib.sha256()
    for file in sorted(files, key=lambda each: (each.kind, each.name)):
        found.update(f"{file.kind}/{file.name}\0{file.text}\0".encode())
    return found.hexdigest()[:16]


def _read(path: Path, kind: Kind) -> SqlFile:
    text = path.read_text(encoding="utf-8")
    header = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        header.append(line.removeprefix("--").strip())
    return SqlFile(name=path.stem, kind=kind, text=text, header=tuple(header))
