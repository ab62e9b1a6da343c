"""The formats that can be imported, by name, and the reading of files of one of them.

A format is a module beside this one, named as it is (hyphens as underscores), with

- `SUFFIXES`: what its files end on, for folders and archives;
- `drafts(source, options)`: yields a `Draft` (or a whole `Document`) for each document, and a `Problem` for
  what is none;
- where needed `RULES` (`settling.Rules`) and `gather(sources)`, which picks the files that begin a document.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from medner_assets.corpus.readers.files import NotUtf8Error
from medner_assets.corpus.readers.settling import Found, Ids, Rules, settled
from medner_assets.corpus.readers.sources import AS_SHOWN, Options, Source, sources, with_distinct_stems
from medner_assets.corpus.reading import Problem, ProblemKind, Reading, collected
from medner_assets.errors import MednerError
from medner_assets.recipes.formats import FORMATS
from medner_assets.schema import Document


@dataclass(frozen=True, slots=True)
class Reader:
    """How files of one format are read."""

    format: str
    suffixes: tuple[str, ...]
    drafts: Callable[[Source, Options], Iterable[Found]]
    gather: Callable[[Sequence[Source]], list[Source]]
    rules: Rules


def reader(format: str) -> Reader:
    """Return the reader of a format; raise MednerError if there is none."""
    if format not in FORMATS:
        raise MednerError(f"unknown format {format!r}: choose one of {', '.join(FORMATS)}")
    module: Any = import_module(f"{__package__}.{format.replace('-', '_')}")
    return Reader(
        format,
        module.SUFFIXES,
        module.drafts,
        getattr(module, "gather", list),
        getattr(module, "RULES", Rules()),
    )


def sources_of(format: str, paths: Sequence[Path]) -> list[Source]:
    """Return the files that are read for `paths`; raise MednerError if there are none."""
    if not paths:
        raise MednerError(f"no {format} file is named: name at least one")
    found = reader(format)
    return with_distinct_stems(found.gather(sources(paths, found.suffixes)))


def documents_of(
    format: str, files: Sequence[Source], options: Options = AS_SHOWN
) -> Iterator[Document | Problem]:
    """Yield the documents of `files` in their order, with distinct ids, and what could not be placed.

    Little is held in memory at a time, whatever the size. Raise MednerError when a file that was named itself
    cannot be read; one of a folder or archive costs itself only, and is reported.
    """
    found = reader(format)
    ids = Ids(found.rules)
    for source in files:
        try:
            yield from settled(found.drafts(source, options), found.rules, source.name, ids)
        except MednerError as error:
            if source.alone:
                raise
            yield _lost(source, error)


def _lost(source: Source, error: MednerError) -> Problem:
    line = error.line if isinstance(error, NotUtf8Error) else None
    kind = ProblemKind.ENCODING if isinstance(error, NotUtf8Error) else ProblemKind.UNREADABLE
    file = error.file if isinstance(error, NotUtf8Error) else source.name
    message = str(error).removeprefix(f"{file}: ")
    return Problem(file, line, None, kind, f"{message}: the file is left out")


def read_files(format: str, paths: Sequence[Path], options: Options = AS_SHOWN) -> Reading:
    """Return the documents of all `paths`, in their order, and what could not be placed.

    Raise MednerError if the format is unknown, a file cannot be read, or no document comes of it all.
    """
    reading = read_sources(format, sources_of(format, paths), options)
    if not reading.documents:
        raise nothing_read(format, paths, reading.problems)
    return reading


def read_sources(format: str, files: Sequence[Source], options: Options = AS_SHOWN) -> Reading:
    """Return the documents of files; like `read_files`, but none is no error."""
    return collected(documents_of(format, files, options))


def nothing_read(format: str, paths: Sequence[Path], problems: Sequence[Problem]) -> MednerError:
    """Return the error of files of which no document can be read, with the first of its problems."""
    files = ", ".join(str(path) for path in paths[:3]) + (f" and {len(paths) - 3} more" if paths[3:] else "")
    first = next((each for each in problems if each.kind.loses), problems[0] if problems else None)
    why = ""
    if first is not None:
        line = f"line {first.line}: " if first.line else ""
        why = f" ({len(problems)} problems; {line}{first.message})"
    return MednerError(f"{files}: holds no document in format {format}{why}: check file and format")
