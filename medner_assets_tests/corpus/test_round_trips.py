"""What goes out in a format comes back from it: the same documents, but for what docs/formats.md names."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from medner_assets.corpus.jsonl import document_to_json
from medner_assets.corpus.readers.registry import read_files
from medner_assets.corpus.writers.brat import brat_annotations
from medner_assets.corpus.writers.pubtator import pubtator_block
from medner_assets.schema import Document
from medner_assets_tests.support import foreign
from medner_assets_tests.support.annotated import annotated_documents
from medner_assets_tests.support.readings import (
    parse_bioc_json,
    parse_brat,
    parse_conll,
    parse_doccano,
    parse_label_studio,
    parse_prodigy,
    parse_pubtator,
)

few = settings(max_examples=25, deadline=None)
notes = st.integers(0, 10_000).map(lambda seed: annotated_documents(3, seed))


def whole(documents: list[Document]) -> list[Document]:
    """The documents without the pieces of their mentions and without attributes."""
    return [
        replace(
            each,
            entities=tuple(replace(entity, pieces=(), attributes=()) for entity in each.entities),
            relations=tuple(replace(relation, attributes=()) for relation in each.relations),
        )
        for each in documents
    ]


@few
@given(notes)
def test_brat_gives_the_same_documents_with_their_pieces(documents):
    for document in documents:
        reading = parse_brat(document.text, brat_annotations(document), "f.ann", document.id)
        assert reading.documents == (document,)
        assert {each.kind.value for each in reading.problems} <= {"discontinuous"}


@few
@given(notes)
def test_bioc_gives_the_same_documents_with_their_pieces(documents):
    reading = parse_bioc_json(json.dumps(foreign.bioc(documents)), "f")
    assert list(reading.documents) == documents


@few
@given(notes)
def test_label_studio_gives_the_same_documents_without_pieces(documents):
    reading = parse_label_studio(foreign.label_studio(documents), "f")
    assert list(reading.documents) == whole(documents)
    assert reading.problems == ()


@few
@given(notes)
def test_doccano_gives_the_same_documents_without_pieces(documents):
    reading = parse_doccano(foreign.doccano(documents), "f")
    assert list(reading.documents) == whole(documents)
    assert reading.problems == ()


@few
@given(notes)
def test_prodigy_gives_the_same_mentions_and_relations_with_ids_of_its_own(documents):
    reading = parse_prodigy(foreign.prodigy(documents), "f")
    assert [triples(each) for each in reading.documents] == [triples(each) for each in documents]
    assert reading.problems == ()


@few
@given(notes)
def test_pubtator_gives_places_and_relations_with_line_breaks_as_blanks(documents):
    reading = parse_pubtator("".join(map(pubtator_block, documents)), "f")
    assert reading.problems == ()
    for back, document in zip(reading.documents, documents, strict=True):
        assert (back.id, back.text) == (document.id, document.text.replace("\n", " "))
        assert [(each.start, each.end, each.type) for each in back.entities] == [
            (each.start, each.end, each.type) for each in document.entities
        ]
        assert [(each.head_concept, each.tail_concept) for each in back.relations] == [
            (each.head, each.tail) for each in document.relations
        ]


@few
@given(notes)
def test_columns_give_the_mentions_that_are_on_one_line_and_not_inside_another(documents):
    reading = parse_conll(foreign.conll(documents), "f", "f")
    assert reading.problems == ()
    for back, document in zip(reading.documents, documents, strict=True):
        assert (back.id, back.text) == (document.id, document.text)
        assert [(each.start, each.end, each.type) for each in back.entities] == [
            (each.start, each.end, each.type) for each in foreign.flat_mentions(document)
        ]


def test_parquet_gives_the_same_documents_with_their_pieces(tmp_path: Path):
    documents = annotated_documents(40)
    rows = [document_to_json(document) for document in documents]
    for name, content in (
        ("nested", rows),
        ("text", [{**row, "entities": json.dumps(row["entities"])} for row in rows]),
    ):
        pq.write_table(pa.Table.from_pylist(content), tmp_path / name)
        reading = read_files("parquet", [tmp_path / name])
        assert list(reading.documents) == documents
        assert reading.problems == ()


def triples(document: Document) -> tuple:
    """Mentions by place and relations by the places of their arguments."""
    place = {each.id: (each.start, each.end, each.type) for each in document.entities}
    return (
        document.id,
        document.text,
        sorted(place.values()),
        sorted((each.type, place[each.head], place[each.tail]) for each in document.relations),
    )
