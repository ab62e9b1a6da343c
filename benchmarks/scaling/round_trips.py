"""1,000 documents with nested, adjacent, discontinuous and cross-sentence mentions through each format."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bioc.biocjson
import bioc.biocxml
import pyarrow as pa
import pyarrow.parquet as pq

from medner_assets.corpus.jsonl import document_to_json, write_documents
from medner_assets.corpus.readers.registry import read_files
from medner_assets.corpus.writers.brat import brat_annotations, brat_name
from medner_assets.corpus.writers.pubtator import pubtator_block
from medner_assets.paths import PROJECT
from medner_assets.schema import Document
from medner_assets_tests.support import foreign
from medner_assets_tests.support.annotated import annotated_documents

Kept = Callable[[Document], object]
"""What a format can hold of a document: equal for the document and for what comes back."""


def round_trips(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what came back of each format."""
    documents = annotated_documents(1000, seed=20)
    trips: dict[str, tuple[Path, Kept, str]] = {
        "jsonl": (folder / "f.jsonl", whole, "nothing"),
        "parquet": (folder / "f.parquet", whole, "nothing"),
        "brat": (folder / "brat", whole, "nothing (group, split: not in these documents)"),
        "bioc-json": (folder / "f.json", whole, "nothing"),
        "bioc-xml": (folder / "f.xml", whole, "nothing"),
        "label-studio": (folder / "ls.json", without_pieces, "pieces, attributes"),
        "doccano": (folder / "doccano.jsonl", without_pieces, "pieces, attributes"),
        "prodigy": (folder / "prodigy.jsonl", by_place, "pieces, ids of mentions"),
        "pubtator": (folder / "f.txt", on_one_line, "pieces, line breaks, ids of mentions; concept level"),
        "conll": (folder / "f.conll", flat, "relations, pieces, ids, nested and cross-sentence mentions"),
    }
    write_all(folder, documents)
    results = {}
    for name, (path, kept, lost) in trips.items():
        results[name] = compared(name, path, documents, kept, lost)
    if (ade := real_text(folder)) is not None:
        results["ade as brat"] = ade
    return results


def compared(name: str, path: Path, documents: list[Document], kept: Kept, lost: str) -> dict[str, Any]:
    back = read_files(name, [path]).documents
    found = {each.id: each for each in back}
    same = sum(each.id in found and kept(found[each.id]) == kept(each) for each in documents)
    return {
        "documents": len(documents),
        "same": same,
        "mentions": sum(len(each.entities) for each in documents),
        "back": sum(len(each.entities) for each in back),
        "lost": lost,
    }


def write_all(folder: Path, documents: list[Document]) -> None:
    write_documents(folder / "f.jsonl", documents)
    rows = [document_to_json(each) for each in documents]
    pq.write_table(pa.Table.from_pylist(rows), folder / "f.parquet")
    write_brat(folder / "brat", documents)
    text = json.dumps(foreign.bioc(documents))
    (folder / "f.json").write_text(text)
    (folder / "f.xml").write_text(bioc.biocxml.dumps(bioc.biocjson.loads(text)), encoding="utf-8")
    (folder / "ls.json").write_text(foreign.label_studio(documents))
    (folder / "doccano.jsonl").write_text(foreign.doccano(documents))
    (folder / "prodigy.jsonl").write_text(foreign.prodigy(documents))
    (folder / "f.txt").write_text("".join(pubtator_block(each) for each in documents))
    (folder / "f.conll").write_text(foreign.conll(documents))


def write_brat(folder: Path, documents: list[Document]) -> None:
    folder.mkdir()
    for each in documents:
        name = brat_name(each.id)
        (folder / f"{name}.txt").write_text(each.text, encoding="utf-8", newline="")
        (folder / f"{name}.ann").write_text(brat_annotations(each), encoding="utf-8", newline="")


def real_text(folder: Path) -> dict[str, Any] | None:
    """The ADE corpus, where it is here, as BRAT and back."""
    corpora = Path(os.environ.get("MEDNER_CORPORA") or PROJECT.parent / "shared" / "corpora")
    files = sorted((corpora / "ade").glob("DRUG-AE.rel*"))
    if not files:
        return None
    documents = [replace(each, group=None) for each in read_files("ade", files[:1]).documents]
    write_brat(folder / "ade", documents)
    return compared("brat", folder / "ade", documents, whole, "group")


def whole(document: Document) -> object:
    return document


def without_pieces(document: Document) -> object:
    return replace(
        document,
        entities=tuple(replace(each, pieces=(), attributes=()) for each in document.entities),
        relations=tuple(replace(each, attributes=()) for each in document.relations),
    )


def by_place(document: Document) -> object:
    place = {each.id: (each.start, each.end, each.type) for each in document.entities}
    relations = sorted((each.type, place[each.head], place[each.tail]) for each in document.relations)
    return document.text, sorted(place.values()), relations


def on_one_line(document: Document) -> object:
    place = {each.id: (each.start, each.end, each.type) for each in document.entities}
    place |= {each.concepts[0]: place[each.id] for each in document.entities if each.concepts}
    ends = [(r.type, r.head or r.head_concept, r.tail or r.tail_concept) for r in document.relations]
    relations = [(kind, place[head or ""], place[tail or ""]) for kind, head, tail in ends]
    mentions = [(each.start, each.end, each.type) for each in document.entities]
    return document.text.replace("\n", " "), mentions, relations


def flat(document: Document) -> object:
    return document.text, [(each.start, each.end, each.type) for each in foreign.flat_mentions(document)]
