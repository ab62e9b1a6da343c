"""What readers of records have in common: they are counted, one that cannot be read costs itself alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from medner_assets.corpus.readers.drafts import Draft
from medner_assets.corpus.readers.sources import Source
from medner_assets.corpus.reading import Problem, ProblemKind


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file. line: from 1; number: its place among the file's records, from 1."""

    source: Source
    line: int | None
    number: int
    fields: Mapping[str, Any]

    def draft(self, text: str, own_id: str = "") -> Draft:
        """Return a draft of the record. own_id: the id that it states; without one it is numbered."""
        name = own_id or f"{self.source.stem}-{self.number}"
        return Draft(self.source.name, name, text, self.line, own_id=bool(own_id))

    def problem(self, kind: ProblemKind, message: str, own_id: str | None = None) -> Problem:
        """Return a problem of this record."""
        return Problem(self.source.name, self.line, own_id or None, kind, message)

    def left_out(self, foreign: str | None, otherwise: str, own_id: str | None = None) -> Problem:
        """Return why the record is left out. foreign: what `foreign_keys` says of it, if anything."""
        kind = ProblemKind.UNKNOWN_KEYS if foreign else ProblemKind.MALFORMED
        return self.problem(kind, foreign or f"{otherwise}: left out", own_id)


def of_each_record(
    source: Source,
    found: Iterable[tuple[int | None, Mapping[str, Any]] | Problem],
    read: Callable[[Record], Iterator[Draft | Problem]],
) -> Iterator[Draft | Problem]:
    """Yield what `read` makes of each record, and the problems among them as they are."""
    number = 0
    for each in found:
        if isinstance(each, Problem):
            yield each
            continue
        number += 1
        yield from read(Record(source, each[0], number, each[1]))
