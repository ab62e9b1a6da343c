"""Whatever bytes a file holds, a reader gives sound documents or a MednerError, and nothing else."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
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

BIOC = {
    "documents": [
        {
            "id": "1",
            "passages": [
                {
                    "offset": 0,
                    "text": "Née heparin.",
                    "annotations": [
                        {
                            "id": "a",
                            "infons": {"type": "X", "identifier": "D1|D2"},
                            "text": "heparin",
                            "locations": [{"offset": 4, "length": 7}],
                        }
                    ],
                }
            ],
            "relations": [
                {"id": "R", "infons": {"type": "t", "entity1": "D1", "entity2": "D2"}, "nodes": []},
                {
                    "id": "S",
                    "infons": {"type": "t"},
                    "nodes": [{"refid": "a", "role": "r"}, {"refid": "a", "role": ""}],
                },
            ],
        }
    ]
}
LABEL_STUDIO = {
    "id": 1,
    "data": {"text": "Née heparin."},
    "annotations": [
        {
            "id": 7,
            "result": [
                {
                    "id": "a",
                    "type": "labels",
                    "value": {"start": 4, "end": 11, "text": "heparin", "labels": ["X"]},
                },
                {"from_id": "a", "to_id": "a", "type": "relation", "direction": "right", "labels": ["t"]},
            ],
        }
    ],
}
PRODIGY = {
    "text": "Née heparin.",
    "_input_hash": 1,
    "spans": [{"start": 4, "end": 11, "label": "X", "token_start": 1, "token_end": 1}],
    "tokens": [{"id": 0, "start": 0, "end": 3}, {"id": 1, "start": 4, "end": 11}],
    "relations": [{"head": 1, "child": 1, "label": "t"}],
    "answer": "accept",
}
DOCCANO = {
    "id": 1,
    "text": "Née heparin.",
    "entities": [{"id": 3, "label": "X", "start_offset": 4, "end_offset": 11}],
    "relations": [{"id": 5, "from_id": 3, "to_id": 3, "type": "t"}],
}


def parquet(rows: list[dict]) -> bytes:
    """The rows as a Parquet file."""
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


SEEDS: dict[str, str] = {
    "ade": "77|Née heparin caused rash.|rash|119|123|heparin|104|111\n8 NEG None.\n",
    "pubtator": (
        "1|t|Née heparin 😀.\n1|a|Rash.\n1\t4\t11\theparin\tX\tD1|D2,D3\n1\t15\t19\tRash\tY\tD4\n"
        "1\tCID\tD1\tD4\n"
    ),
    "bioc-json": json.dumps(BIOC, indent=1),
    "bioc-xml": (
        '<?xml version="1.0" encoding="UTF-8"?>\n<collection><document><id>1</id><passage><offset>0</offset>'
        '<text>Née heparin.</text><annotation id="a"><infon key="type">X</infon>'
        '<location offset="4" length="7"/><text>heparin</text></annotation></passage>'
        '<relation id="R"><infon key="type">t</infon><node refid="a" role="r"/><node refid="a" role=""/>'
        "</relation></document></collection>\n"
    ),
    "brat": (
        "T1\tX 4 11\theparin\nT2\tY 0 3;4 11\tNée heparin\nR1\tt Arg1:T1 Arg2:T2\nE1\tX:T1 Theme:T2\n"
        "*\tEquiv T1 T2\n"
    ),
    "conll": (
        "-DOCSTART- -X- O O\n\nNée NNP B-NP B-X\nheparin NN I-NP I-X\n. . O O\n\n# newdoc id = b\nRash\tS-Y\n"
    ),
    "label-studio": json.dumps([LABEL_STUDIO], indent=1),
    "prodigy": json.dumps(PRODIGY) + "\n",
    "doccano": json.dumps(DOCCANO) + "\n",
    "jsonl": (
        '{"id":"1","text":"Née heparin","entities":[{"id":"T1","type":"X","start":4,"end":11,'
        '"text":"heparin"}],"relations":[{"head":"T1","tail":"T1","type":"t"}],"level":"mention"}\n'
        '{"id":"2","text":"","level":"concept","entities":[],"relations":[]}\n'
    ),
}
BYTES = {name: seed.encode() for name, seed in SEEDS.items()}
BYTES["parquet"] = parquet([json.loads(line) for line in SEEDS["jsonl"].splitlines()])

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
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files_are_read_or_refused(format: str, tmp_path: Path, data: st.DataObject):
    path = tmp_path / "f.ann"
    path.with_suffix(".txt").write_text("Née heparin.", encoding="utf-8")
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
    (tmp_path / "f.ann").write_bytes(content)
    (tmp_path / "f.txt").write_bytes(content)
    assert "\n" not in str(read_or_refusal(format, tmp_path / "f.ann"))


@pytest.mark.parametrize("format", FORMATS)
def test_the_seeds_themselves_hold_a_document_and_its_annotations(format: str, tmp_path: Path):
    (tmp_path / "f.txt").write_text("Née heparin.", encoding="utf-8")
    (tmp_path / "f.ann").write_bytes(BYTES[format])
    document = read_files(format, [tmp_path / "f.ann"]).documents[0]
    assert document.entities
    assert document.relations or format == "conll"  # such columns hold none
