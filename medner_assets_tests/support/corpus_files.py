"""One small file of each format that is read: what fuzzing, here and in benchmarks/, spoils."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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
SEEDS |= {
    "spert": json.dumps(
        [
            {
                "tokens": ["Née", "heparin", "."],
                "entities": [{"type": "X", "start": 1, "end": 2}],
                "relations": [{"type": "t", "head": 0, "tail": 0}],
                "orig_id": 5,
            }
        ]
    ),
    "dygie": json.dumps(
        {
            "doc_key": "d",
            "sentences": [["Née", "heparin"], ["."]],
            "ner": [[[1, 1, "X"]], []],
            "relations": [[[1, 1, 1, 1, "t"]], []],
            "clusters": [[[0, 0]]],
        }
    )
    + "\n",
    "hugging-face": '{"id": "0", "tokens": ["Née", "heparin"], "ner_tags": ["O", "B-X"]}\n',
    "bigbio": json.dumps(
        {
            "document_id": "d",
            "passages": [{"text": ["Née heparin."], "offsets": [[0, 12]]}],
            "entities": [{"id": "T1", "type": "X", "text": ["heparin"], "offsets": [[4, 11]]}],
            "events": [
                {
                    "id": "E1",
                    "type": "Y",
                    "trigger": {"text": ["Née"], "offsets": [[0, 3]]},
                    "arguments": [{"role": "Theme", "ref_id": "T1"}],
                }
            ],
            "relations": [{"id": "R1", "type": "t", "arg1_id": "T1", "arg2_id": "T1"}],
        }
    )
    + "\n",
    "pubannotation": json.dumps(
        {
            "text": "Née heparin.",
            "sourcedb": "X",
            "sourceid": 1,
            "denotations": [{"id": "T1", "span": {"begin": 4, "end": 11}, "obj": "X"}],
            "relations": [{"id": "R1", "pred": "t", "subj": "T1", "obj": "T1"}],
            "attributes": [{"subj": "T1", "pred": "negation", "obj": True}],
        }
    ),
    "i2b2": 'c="heparin." 1:1 1:1||t="X"\nc="née" 1:0 1:0||t="Y"\n',
    "chemprot": "1\tNée heparin.\tRash.\n",
    "webanno": (
        "#FORMAT=WebAnno TSV 3.3\n#T_SP=custom.Span|label|neg\n#T_RL=custom.Rel|label|BT_custom.Span\n\n\n"
        "#Text=Née heparin.\n1-1\t0-3\tNée\tY\tno\t_\t_\n"
        "1-2\t4-11\theparin\tX[1]\t_[1]\tt\t1-1\n1-3\t11-12\t.\t_\t_\t_\t_\n"
    ),
    "spacy": '[["Née heparin.", {"entities": [[4, 11, "X"]]}]]',
    "cas": (
        '{"%TYPES": {"custom.Span": {"%NAME": "custom.Span", "%SUPER_TYPE": "uima.tcas.Annotation", "label": '
        '{"%NAME": "label", "%RANGE": "uima.cas.String"}}}, "%FEATURE_STRUCTURES": [{"%ID": 1, "%TYPE": '
        '"uima.cas.Sofa", "sofaNum": 1, "sofaID": "_InitialView", "mimeType": "text/plain", "sofaString": '
        '"Née heparin."}, {"%ID": 2, '
        '"%TYPE": "custom.Span", "@sofa": 1, "begin": 4, "end": 11, "label": "X"}], '
        '"%VIEWS": {"_InitialView": {"%SOFA": 1, "%MEMBERS": [2]}}}'
    ),
}
BESIDE = {
    "i2b2": {"f.rel": 'c="heparin." 1:1 1:1||r="t"||c="née" 1:0 1:0\n'},
    "chemprot": {
        "f_entities.tsv": "1\tT1\tX\t4\t11\theparin\n",
        "f_relations.tsv": "1\tCPR:3\tY\tt\tArg1:T1\tArg2:T1\n",
    },
}
"""What stands beside the file of a format that is several."""
NAMES = {"i2b2": "f.con", "chemprot": "f_abstracts.tsv", "spacy": "f.json", "cas": "f.json"} | dict.fromkeys(
    ("hugging-face", "bigbio"), "f.jsonl"
)
BYTES = {name: seed.encode() for name, seed in SEEDS.items()}
BYTES["parquet"] = parquet([json.loads(line) for line in SEEDS["jsonl"].splitlines()])


def place(format: str, folder: Path) -> Path:
    """Write what stands beside a file of `format`; return where the file itself belongs."""
    (folder / "f.txt").write_text("Née heparin.", encoding="utf-8")
    for name, content in BESIDE.get(format, {}).items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder / NAMES.get(format, "f.ann")
