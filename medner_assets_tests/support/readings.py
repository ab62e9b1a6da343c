"""Text of a format, read as a file of that name would be."""

import tempfile
from dataclasses import replace
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


def parse_pubtator(text: str, file: str) -> Reading:
    return parsed("pubtator", text, file)


def parse_ade(text: str, file: str) -> Reading:
    return parsed("ade", text, file)


def parse_bioc_json(text: str, file: str) -> Reading:
    return parsed("bioc-json", text, file)


def parse_bioc_xml(text: bytes, file: str) -> Reading:
    return parsed("bioc-xml", text, file)


def parse_conll(text: str, file: str, stem: str) -> Reading:
    return parsed("conll", text, file, stem)


def parse_doccano(text: str, file: str) -> Reading:
    return parsed("doccano", text, file)


def parse_prodigy(text: str, file: str) -> Reading:
    return parsed("prodigy", text, file)


def parse_label_studio(text: str, file: str) -> Reading:
    return parsed("label-studio", text, file)


def parse_jsonl(text: str, file: str) -> Reading:
    return parsed("jsonl", text, file)


def parse_brat(text: str, annotations: str, file: str, name: str) -> Reading:
    """A pair of files of that name; problems name the annotations as `file`."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"{name}.ann"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(annotations.encode("utf-8", "surrogatepass"))
        (Path(folder) / f"{name}.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
        reading = read_sources("brat", [Source(str(place), name, place)])
    return replace(reading, problems=tuple(replace(each, file=file) for each in reading.problems))
