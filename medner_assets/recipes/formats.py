"""The formats that can be imported: the one list, which recipes, readers and the command line take."""

from typing import Literal, get_args

Format = Literal[
    "ade", "pubtator", "bioc-xml", "bioc-json", "brat", "conll", "label-studio", "prodigy", "doccano",
    "jsonl", "parquet", "spert", "dygie", "hugging-face", "bigbio", "pubannotation", "i2b2", "chemprot",
    "webanno", "cas", "spacy",
]  # fmt: skip
FORMATS: tuple[Format, ...] = get_args(Format)
