"""The error browser's data: each test document with its gold and both versions' outcomes, packed into blocks.

A block is a JSON array of documents, deflated and base64-encoded, so that no text of a document can be read
as HTML.
Documents with most errors come first; what does not fit the size given is counted, and named by a query.
"""

import base64
import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.questions import as_text
from medner_assets.reporting.sections.errors import ERROR_CLASSES

CODES = ("correct", *ERROR_CLASSES)
"""Error classes by their number in the blocks."""
TEXT_SHOWN = 20_000
"""Characters of a text that the report carries; the rest is counted."""
ITEMS_SHOWN = 1_000
"""Outcomes of one version and task in one document that the report carries; the rest is counted."""
_BLOCK = 250_000
"""Characters of JSON a block; large enough to compress well, small enough to show the first one at once."""


@dataclass(frozen=True, slots=True)
class Cases:
    """All documents as JSON, most errors first, and the names that their numbers stand for."""

    documents: tuple[str, ...]
    entity_types: tuple[str, ...]
    relation_types: tuple[str, ...]

    def within(self, size: int) -> tuple[tuple[str, ...], int]:
        """Return packed blocks of at most `size` characters together, and how many leading documents they
        hold."""
        blocks: list[str] = []
        shown = 0
        for group in _groups(self.documents):
            block = _packed(group)
            size -= len(block) + 1
            if size < 0:
                fitting = _fitting(group, size + len(block) + 1)
                if fitting:
                    blocks.append(_packed(group[:fitting]))
                return tuple(blocks), shown + fitting
            blocks.append(block)
            shown += len(group)
        return tuple(blocks), shown


def left_out_sql(inputs: ReportInputs, shown: int) -> str:
    """Return the query that lists the documents after the first `shown`, with their errors."""
    names = [each.name for each in inputs.pair]
    return as_text("documents_left_out", versions=names, dataset=inputs.dataset, shown=shown)


def cases_of(inputs: ReportInputs) -> Cases:
    """Return the test documents with gold and the outcomes at stage final of every version that has any."""
    documents = inputs.tables["documents"].filter(pl.col("split") == "test")
    entities = _grouped(inputs.tables["gold_entities"].filter(pl.col("split") == "test"))
    relations = _grouped(inputs.tables["gold_relations"].filter(pl.col("split") == "test"))
    outcomes = [
        (_outcomes(inputs, "entity_outcomes", each.name), _outcomes(inputs, "relation_outcomes", each.name))
        for each in inputs.pair
    ]
    types = (
        _types(inputs, "gold_entities", "entity_outcomes"),
        _types(inputs, "gold_relations", "relation_outcomes"),
    )
    numbers = _numbered(types[0]), _numbered(types[1])
    errors: dict[str, int] = defaultdict(int)
    for pair in outcomes:
        for by_document in pair:
            for doc_id, rows in by_document.items():
                errors[doc_id] += sum(row["fp"] + row["fn"] for row in rows)
    ordered = sorted(
        documents.select("doc_id", "text").iter_rows(), key=lambda row: (-errors.get(row[0], 0), row[0])
    )
    documents_json = (
        _document(doc_id, text, entities.get(doc_id, []), relations.get(doc_id, []), outcomes, numbers)
        for doc_id, text in ordered
    )
    return Cases(tuple(documents_json), *types)


def _groups(documents: Sequence[str]) -> Iterator[Sequence[str]]:
    start = size = 0
    for place, document in enumerate(documents):
        size += len(document)
        if size > _BLOCK:
            yield documents[start : place + 1]
            start, size = place + 1, 0
    if start < len(documents):
        yield documents[start:]


def _fitting(documents: Sequence[str], size: int) -> int:
    """Return how many leading documents pack into `size` characters, found by halving."""
    low, high = 0, len(documents)
    while low < high:
        middle = (low + high + 1) // 2
        if len(_packed(documents[:middle])) + 1 <= size:
            low = middle
        else:
            high = middle - 1
    return low


def _packed(documents: Sequence[str]) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = ("[" + ",".join(documents) + "]").encode()
    return base64.b64encode(packer.compress(raw) + packer.flush()).decode()


def _document(
    doc_id: str,
    text: str,
    entities: Sequence[Mapping[str, Any]],
    relations: Sequence[Mapping[str, Any]],
    outcomes: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    numbers: tuple[Mapping[str, int], Mapping[str, int]],
) -> str:
    """Return one document as JSON: [id, text, characters left out, gold entities, gold relations, versions].

    Gold entity: [type, start, end, text if the offsets do not give it]; gold relation: [type, head, tail].
    Version:
    null, or [entity outcomes, relation outcomes, outcomes left out]; an outcome begins with [error, flags,
    gold or -1],
    flags tp + 2 fp + 4 fn, and goes on with what was predicted: [type, start, end, text] or [type, head,
    tail].
    """
    entity_types, relation_types = numbers
    place = {row["entity_id"]: index for index, row in enumerate(entities)}
    relation_place = {row["relation_id"]: index for index, row in enumerate(relations)}
    versions = []
    for of_entities, of_relations in outcomes:
        # No outcome at all: neither gold nor prediction, or a document that this version has not been
        # scored on.
        own = of_entities.get(doc_id, []), of_relations.get(doc_id, [])
        versions.append([
            [_entity(row, place, entity_types, text) for row in own[0][:ITEMS_SHOWN]],
            [_relation(row, relation_place, relation_types) for row in own[1][:ITEMS_SHOWN]],
            sum(max(len(rows) - ITEMS_SHOWN, 0) for rows in own),
        ])  # fmt: skip
    gold = [
        [entity_types[row["type"]], *_stretch(row["start"], row["end"], row["text"], text)]
        for row in entities
    ]
    links = [[relation_types[row["type"]], row["head_text"], row["tail_text"]] for row in relations]
    shown = text[:TEXT_SHOWN]
    content = [doc_id, shown, len(text) - len(shown), gold, links, versions]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _entity(
    row: Mapping[str, Any], place: Mapping[str, int], types: Mapping[str, int], text: str
) -> list[Any]:
    gold = place.get(row["entity_id"], -1)
    head = [CODES.index(row["error"]), row["tp"] + 2 * row["fp"] + 4 * row["fn"], gold]
    same = (row["predicted_type"], row["predicted_start"], row["predicted_end"]) == (
        row["gold_type"], row["gold_start"], row["gold_end"],
    )  # fmt: skip
    if row["predicted_type"] is None or (same and gold >= 0 and row["gold_start"] is not None):
        # Nothing predicted, or exactly the gold mention: a 1 tells the latter.
        return head if row["predicted_type"] is None else [*head, 1]
    stretch = _stretch(row["predicted_start"], row["predicted_end"], row["predicted_text"], text)
    return [*head, types[row["predicted_type"]], *stretch]


def _relation(row: Mapping[str, Any], place: Mapping[int, int], types: Mapping[str, int]) -> list[Any]:
    head = [
        CODES.index(row["error"]),
        row["tp"] + 2 * row["fp"] + 4 * row["fn"],
        place.get(row["relation_id"], -1),
    ]
    if row["predicted_type"] is None:
        return head
    return [*head, types[row["predicted_type"]], row["predicted_head"], row["predicted_tail"]]


def _stretch(start: int | None, end: int | None, mention: str | None, text: str) -> list[Any]:
    if start is None or end is None:
        return [-1, -1, mention]
    return [start, end] if text[start:end] == mention else [start, end, mention]


def _types(inputs: ReportInputs, gold: str, outcomes: str) -> tuple[str, ...]:
    names = set(inputs.tables[gold].filter(pl.col("split") == "test")["type"].unique())
    names |= set(_final(inputs, outcomes)["predicted_type"].unique())
    return tuple(sorted(name for name in names if name is not None))


def _numbered(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _final(inputs: ReportInputs, table: str) -> pl.DataFrame:
    return inputs.tables[table].filter((pl.col("stage") == "final") & (pl.col("split") == "test"))


def _outcomes(inputs: ReportInputs, table: str, version: str) -> dict[str, list[dict[str, Any]]]:
    return _grouped(_final(inputs, table).filter(pl.col("model_version") == version))


def _grouped(frame: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        found[row["doc_id"]].append(row)
    return found
