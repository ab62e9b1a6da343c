"""The error browser's data: what it holds, what it leaves out, and that it names what it leaves out."""

import base64
import hashlib
import json
import re
import zlib
from typing import Any

import duckdb
import polars as pl

from medner_assets.recipes.sources import Targets
from medner_assets.reporting.cases import ITEMS_SHOWN, TEXT_SHOWN, cases_of, left_out_sql
from medner_assets.reporting.inputs import ReportInputs, inputs_from_frames
from medner_assets.reporting.page import page_html
from medner_assets_tests.support.story import DATASET, NEW, OLD, TEXTS, story, table


def unpacked(block: str) -> list[Any]:
    return json.loads(zlib.decompress(base64.b64decode(block), -15))


def documents_of(report: ReportInputs) -> list[Any]:
    blocks, _ = cases_of(report).within(10**7)
    return [document for block in blocks for document in unpacked(block)]


def inputs(**changed: pl.DataFrame) -> ReportInputs:
    return inputs_from_frames(NEW, OLD, DATASET, story() | changed, Targets())


def many(documents: int, text: str = "") -> ReportInputs:
    """Documents of growing errors: document n has n spurious entities; their texts do not compress."""
    names = [f"n{number:04d}" for number in range(documents)]
    filler = [hashlib.sha512(name.encode()).hexdigest() for name in names]
    return inputs(
        documents=table("documents", [
            {"dataset": DATASET, "doc_id": name, "split": "test", "text": text + extra}
            for name, extra in zip(names, filler, strict=True)
        ]),
        entity_outcomes=table("entity_outcomes", [
            {"model_version": NEW, "stage": "final", "split": "test", "evaluation_id": "e", "doc_id": name,
             "error": "spurious", "tp": 0,
             "fp": 1, "fn": 0, "predicted_type": "Drug", "predicted_text": f"x{copy}"}
            for number, name in enumerate(names) for copy in range(number % 7)
        ]),
    )  # fmt: skip


def test_documents_come_with_most_errors_first_and_every_one_is_there():
    assert [document[0] for document in documents_of(inputs())] == ["d3", "d1", "d2"]


def test_a_document_carries_gold_and_what_each_version_made_of_it():
    document = next(each for each in documents_of(inputs()) if each[0] == "d3")
    cases = cases_of(inputs())
    _, text, cut, entities, relations, (old, new) = document
    drug, disease, effect = (cases.entity_types.index(each) for each in ("Drug", "Disease", "Effect"))
    treats = cases.relation_types.index("treats")
    assert (text, cut) == (TEXTS["d3"], 0)
    assert entities == [[drug, 0, 7], [disease, 17, 25]]
    assert relations == [[treats, "Insulin", "diabetes"]]
    # [error, flags tp + 2 fp + 4 fn, gold, 1: exactly the gold mention], or what was predicted instead.
    assert old[0] == [[0, 1, 0, 1], [3, 6, 1, effect, 17, 25]]
    assert new[0] == [[0, 1, 0, 1], [0, 1, 1, 1]]
    assert new[1] == [[6, 6, 0, treats, "diabetes", "Insulin"]]


def test_a_prediction_that_is_not_in_the_text_carries_its_own_string():
    document = next(each for each in documents_of(inputs()) if each[0] == "d2")
    assert document[5][1][0] == [
        [2, 2, -1, cases_of(inputs()).entity_types.index("Drug"), -1, -1, "paracetamol"]
    ]


def test_the_page_keeps_its_size_and_the_query_names_exactly_what_is_left_out():
    report = many(400)
    room = 20_000
    limit = len(page_html(report, max_bytes=0).encode()) + room
    page = page_html(report, max_bytes=limit)
    assert limit - room / 2 < len(page.encode()) <= limit
    shown = int(re.search(r"<strong>(\d+) of 400 documents are in this file", page)[1])
    block = re.search(r'id="browser-blocks">(.*?)</script>', page, re.DOTALL)[1]
    there = [document[0] for line in block.split() for document in unpacked(line)]
    warehouse = duckdb.connect()
    for name, frame in report.tables.items():
        warehouse.from_arrow(frame.to_arrow()).create(name)
    listed = [row[0] for row in warehouse.execute(left_out_sql(report, shown)).fetchall()]
    assert 0 < shown == len(there) < 400
    assert sorted(listed + there) == sorted(report.tables["documents"]["doc_id"])


def test_a_very_long_text_is_cut_and_the_rest_counted():
    report = many(1, text="word " * 100_000)
    (document,) = documents_of(report)
    assert len(document[1]) == TEXT_SHOWN
    assert document[2] == report.tables["documents"]["text"].str.len_chars()[0] - TEXT_SHOWN


def test_more_outcomes_than_anyone_can_read_are_counted():
    rows = [
        {"model_version": NEW, "stage": "final", "split": "test", "evaluation_id": "e", "doc_id": "d1",
         "error": "duplicate", "tp": 0,
         "fp": 1, "fn": 0, "predicted_type": "Drug", "predicted_text": "x"}
    ] * (ITEMS_SHOWN + 5)  # fmt: skip
    document = documents_of(inputs(entity_outcomes=table("entity_outcomes", rows)))[0]
    assert len(document[5][1][0]) == ITEMS_SHOWN
    assert document[5][1][2] == 5
