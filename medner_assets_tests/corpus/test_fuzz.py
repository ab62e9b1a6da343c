"""Whatever bytes a file holds, a reader gives sound documents or a MednerError, and nothing else."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medner_assets.corpus.building import BuiltDataset
from medner_assets.corpus.frames import dataset_frames
from medner_assets.corpus.jsonl import document_to_json
from medner_assets.corpus.readers.registry import read_files
from medner_assets.corpus.reading import Reading
from medner_assets.corpus.validation import problems_of
from medner_assets.errors import MednerError
from medner_assets.recipes.formats import FORMATS
from medner_assets_tests.support.corpus_files import BYTES, place

TOKENS = [
    "\t",
    "\n",
    "\r",
    "|",
    ";",
    '"',
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "&",
    "\\ud83d",
    "-1",
    "0",
    "999999999999999999999",
    "null",
    "true",
    "\ufeff",
    "\u2028",
    "😀",
    " ",
    "",
    "NaN",
    "1e9",
    "<document>",
    "T1",
    "1",
]


@st.composite
def mutations(draw: st.DrawFn, seed: bytes) -> bytes:
    """The seed with a few pieces removed, repeated, replaced or inserted, or cut off."""
    content = seed
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 12)))
        piece = draw(
            st.one_of(
                st.sampled_from(TOKENS).map(str.encode),
                st.binary(max_size=4),
                st.just(content[start:end] * 2),
            )
        )
        content = content[:start] + piece + content[end:]
    return content[: draw(st.integers(0, len(content)))] if draw(st.integers(0, 3)) == 0 else content


def read_or_refusal(format: str, path: Path) -> Reading | MednerError:
    try:
        return read_files(format, [path])
    except MednerError as error:
        return error


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files_are_read_or_refused(format: str, tmp_path: Path, data: st.DataObject):
    path = place(format, tmp_path)
    path.write_bytes(data.draw(mutations(BYTES[format])))
    reading = read_or_refusal(format, path)
    if isinstance(reading, MednerError):
        assert "\n" not in str(reading)
        assert str(path) in str(reading)
        return
    for document in reading.documents:
        assert problems_of(document) == []
        json.dumps(document_to_json(document), ensure_ascii=False).encode()
    dataset_frames(BuiltDataset(reading.documents, reading.problems, ()))


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(format: str, tmp_path: Path, content: bytes):
    path = place(format, tmp_path)
    (tmp_path / "f.txt").write_bytes(content)
    path.write_bytes(content)
    assert "\n" not in str(read_or_refusal(format, path))


@pytest.mark.parametrize("format", FORMATS)
def test_the_seeds_themselves_hold_a_document_and_its_annotations(format: str, tmp_path: Path):
    if format == "cas":
        pytest.importorskip("cassis")
    path = place(format, tmp_path)
    path.write_bytes(BYTES[format])
    document = read_files(format, [path]).documents[0]
    assert document.entities
    assert document.relations or format in ("conll", "hugging-face", "spacy", "cas")  # the seed holds none
