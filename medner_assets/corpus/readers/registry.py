"""The formats that can be imported, by name."""

from collections.abc import Callable, Sequence
from pathlib import Path

from medner_assets.corpus.readers.ade import read_ade
from medner_assets.corpus.readers.bioc_json import read_bioc_json
from medner_assets.corpus.readers.bioc_xml import read_bioc_xml
from medner_assets.corpus.readers.brat import read_brat
from medner_assets.corpus.readers.conll import read_conll
from medner_assets.corpus.readers.doccano import read_doccano
from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.corpus.readers.label_studio import read_label_studio
from medner_assets.corpus.readers.parquet import read_parquet
from medner_assets.corpus.readers.prodigy import read_prodigy
from medner_assets.corpus.readers.pubtator import read_pubtator
from medner_assets.corpus.reading import Reading, merged
from medner_assets.errors import MednerError

READERS: dict[str, Callable[[Path], Reading]] = {
    "ade": read_ade,
    "pubtator": read_pubtator,
    "bioc-xml": read_bioc_xml,
    "bioc-json": read_bioc_json,
    "brat": read_brat,
    "conll": read_conll,
    "label-studio": read_label_studio,
    "prodigy": read_prodigy,
    "doccano": read_doccano,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
}
"""Format → reader of one path; the keys are `recipes.sources.Format`."""


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
