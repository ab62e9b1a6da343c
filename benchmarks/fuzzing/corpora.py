"""Mutated corpus files through every reader, as `medner import` and the dataset asset read them."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path
from random import Random

import pyarrow as pa

from benchmarks.fuzzing.cases import Cases, refused
from benchmarks.fuzzing.mutations import mutant
from medner_assets.corpus.building import BuiltDataset
from medner_assets.corpus.frames import dataset_frames
from medner_assets.corpus.jsonl import document_to_json
from medner_assets.corpus.readers.registry import read_files
from medner_assets.corpus.reading import Reading
from medner_assets.corpus.validation import problems_of
from medner_assets.corpus.writers.brat import brat_annotations
from medner_assets.corpus.writers.pubtator import pubtator_block
from medner_assets.errors import MednerError
from medner_assets.scoring.submissions import read_submission
from medner_assets_tests.support.corpus_files import NAMES, SEEDS, place
from medner_assets_tests.support.miniature import documents

TEXT = "Née heparin."
_SUFFIXES = {"jsonl": ".jsonl", "brat": ".ann", "bioc-xml": ".xml", "bioc-json": ".json"}


def seeds_of(format: str) -> list[bytes]:
    """Return sound files of a format: a small one with every construct, and what the writers write."""
    if format == "parquet":
        return _parquet_files()
    found = [SEEDS[format].encode()]
    sentences = documents(3)
    if format == "jsonl":
        found.append("".join(json.dumps(document_to_json(each)) + "\n" for each in sentences).encode())
    if format == "brat":
        found.append(brat_annotations(sentences[0]).encode())
    if format == "pubtator":
        found.append("\n".join(pubtator_block(each) for each in sentences).encode())
    return found


def _parquet_files() -> list[bytes]:
    """Return documents as lists of structs, and the same with their annotations as text."""
    import io

    import polars as pl

    rows = [document_to_json(each) for each in documents(3)]
    texts = [
        {name: value if isinstance(value, str) else json.dumps(value) for name, value in row.items()}
        for row in rows
    ]
    files = []
    for each in (rows, texts):
        stream = io.BytesIO()
        pl.DataFrame(each).write_parquet(stream)
        files.append(stream.getvalue())
    return files


def reader_cases(format: str, folder: Path) -> Cases:
    """Return the cases of one format; a text beside an annotation file is mutated now and then too."""
    seeds = seeds_of(format)
    file = place(format, folder) if format in NAMES else folder / f"corpus{_SUFFIXES.get(format, '.txt')}"
    if format == "brat":
        file.with_suffix(".txt").write_text(TEXT, encoding="utf-8")

    def case(rng: Random) -> str:
        if format == "brat" and rng.random() < 0.1:
            file.with_suffix(".txt").write_bytes(mutant(rng, [TEXT.encode()]))
        file.write_bytes(mutant(rng, seeds))
        return _read(format, file)

    return Cases(case)


def packed_cases(folder: Path) -> Cases:
    """Return the cases of files that are packed by gzip or xz and spoilt before or after that."""
    seeds = seeds_of("jsonl")
    packers = {
        ".gz": gzip.compress,
        ".xz": lzma.compress,
        ".bz2": bz2.compress,
        ".zip": _zipped,
        ".zst": _zst,
    }

    def case(rng: Random) -> str:
        suffix = rng.choice(sorted(packers))
        whole = packers[suffix](rng.choice(seeds) if rng.random() < 0.8 else mutant(rng, seeds))
        file = folder / f"corpus.jsonl{suffix}"
        file.write_bytes(mutant(rng, [whole]))
        return _read("jsonl", file)

    return Cases(case)


def _zipped(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("corpus.jsonl", content)
    return stream.getvalue()


def _zst(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


def submission_cases(folder: Path) -> Cases:
    """Return the cases of `medner score`: another system's predictions."""
    seeds = seeds_of("jsonl")

    def case(rng: Random) -> str:
        file = folder / "predicted.jsonl"
        file.write_bytes(mutant(rng, seeds))
        try:
            with file.open(encoding="utf-8") as lines:
                read_submission(lines, str(file))
        except UnicodeDecodeError:
            return "refused"  # the command names file and byte, which test_cli.py checks
        except MednerError as error:
            return refused(error, file)
        return "read"

    return Cases(case)


def _read(format: str, file: Path) -> str:
    try:
        reading = read_files(format, [file])
    except MednerError as error:
        return refused(error, file)
    _check(reading)
    return "read in part" if reading.problems else "read"


def _check(reading: Reading) -> None:
    for document in reading.documents:
        assert problems_of(document) == [], "an unsound document"
        json.dumps(document_to_json(document), ensure_ascii=False).encode()
    for problem in reading.problems:
        assert "\n" not in problem.message, "a problem of several lines"
    dataset_frames(BuiltDataset(reading.documents, reading.problems, ()))
