"""The formats that can be imported, by name."""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from medner_assets.corpus.reading import Reading, merged
from medner_assets.errors import MednerError
from medner_assets.recipes.formats import FORMATS


def _reader(format: str) -> Callable[[Path], Reading]:
    """Return `read_<name>` of the module `<name>` beside this one, hyphens as underscores."""
    name = format.replace("-", "_")
    found: Callable[[Path], Reading] = getattr(import_module(f"{__package__}.{name}"), f"read_{name}")
    return found


READERS: dict[str, Callable[[Path], Reading]] = {format: _reader(format) for format in FORMATS}
"""Format → reader of one path."""


def read_files(format: str, paths: Sequence[Path]) -> Reading:
    """Return the documents of all `paths`, in their order, and what could not be placed.

    Raise MednerError if the format is unknown, a file cannot be read, or no document comes of it all.
    """
    if format not in READERS:
        raise MednerError(f"unknown format {format!r}: choose one of {', '.join(READERS)}")
    if not paths:
        raise MednerError(f"no {format} file is named: name at least one")
    reading = merged([READERS[format](path) for path in paths], [str(path) for path in paths])
    if not reading.documents:
        files = ", ".join(str(path) for path in paths)
        first = reading.problems[0] if reading.problems else None
        why = ""
        if first is not None:
            line = f"line {first.line}: " if first.line else ""
            why = f" ({len(reading.problems)} problems; {line}{first.message})"
        raise MednerError(f"{files}: holds no document in format {format}{why}: check file and format")
    return reading
