"""Text of a format, read as a file of that name would be."""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

from medner_assets.corpus.readers.registry import read_sources
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Reading


def parsed(
    format: str, text: str | bytes, file: str = "f", stem: str = "", *, column: int | None = None
) -> Reading:
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    source = Source(file, stem or PurePath(file).stem, content=content)
    return read_sources(format, [source], Options(column))


parse_pubtator = partial(parsed, "pubtator")
parse_ade = partial(parsed, "ade")
parse_bioc_json = partial(parsed, "bioc-json")
parse_bioc_xml = partial(parsed, "bioc-xml")
parse_conll = partial(parsed, "conll")
parse_doccano = partial(parsed, "doccano")
parse_prodigy = partial(parsed, "prodigy")
parse_label_studio = partial(parsed, "label-studio")
parse_jsonl = partial(parsed, "jsonl")


def parse_brat(text: str, annotations: str, file: str, name: str) -> Reading:
    """A pair of files of that name; problems name the annotations as `file`."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"{name}.ann"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(annotations.encode("utf-8", "surrogatepass"))
        (Path(folder) / f"{name}.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
        reading = read_sources("brat", [Source(str(place), name, place)])
    return replace(reading, problems=tuple(replace(each, file=file) for each in reading.problems))
