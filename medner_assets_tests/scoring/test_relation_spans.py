"""Scheme `span` of relations: SpERT's rule, against an independent implementation and published cases."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from medner_assets.schema import Document, Entity, Level, Relation
from medner_assets.scoring.external import scored_submission
from medner_assets.scoring.submissions import (
    BY_STRINGS,
    SubmittedDocument,
    SubmittedEntity,
    SubmittedRelation,
    submitted_document,
)
from medner_assets_tests.support.generated import SYMMETRIC, answers, documents
from medner_assets_tests.support.slow_scorer import norm

CASE = Path(__file__).parents[2].parent / "shared" / "cases" / "scoring" / "drug_combo"
needs_case = pytest.mark.skipif(not CASE.exists(), reason="no ../shared/cases/scoring beside the checkout")


def spert(gold: set[object], predicted: set[object]) -> tuple[int, int, int]:
    """Return (tp, fp, fn) as SpERT's evaluator counts: over the union of both sides' distinct tuples."""
    union = [(each in gold, each in predicted) for each in gold | predicted]
    return union.count((True, True)), union.count((False, True)), union.count((True, False))


def tuple_of(kind: str, head: object, tail: object, undirected: bool) -> object:
    return (kind, frozenset([head, tail]) if undirected else (head, tail))


@given(documents(level=Level.MENTION), answers())
@settings(max_examples=80, deadline=None)
def test_relations_by_places_are_counted_as_spert_counts_them(document: Document, line: dict[str, Any]):
    answer = submitted_document(line, "w")
    by_id = {each.id: (each.type, each.start, each.end) for each in document.entities}
    gold = {
        tuple_of(
            r.type, by_id[r.head or ""], by_id[r.tail or ""], not document.directed or r.type in SYMMETRIC
        )
        for r in document.relations
    }
    predicted, placed = set(), False
    for r in answer.relations:
        ends = [each for each in (r.head, r.tail) if isinstance(each, SubmittedEntity) and each.span]
        nodes: list[object] = [(each.type, *each.span) for each in ends]  # type: ignore[misc]
        if len(nodes) < 2:
            nodes = [("no place", norm(text), kind) for text, kind in r.strings if text is not None]
        placed |= len(ends) == 2
        predicted.add(tuple_of(r.type, *nodes, not document.directed or r.type in SYMMETRIC))
    result = scored_submission([document], [answer], symmetric=SYMMETRIC, resamples=20).to_json()
    row = result["relation"]["span"]
    if not placed:
        assert row is None
        return
    assert (row["tp"], row["fp"], row["fn"]) == spert(gold, predicted)


def drugs(file: str, *, pairs: bool) -> dict[int, list[tuple[str, int, int]]]:
    """Return document → (label, drug, drug): relations of two drugs, or every pair of each relation."""
    found: dict[int, list[tuple[str, int, int]]] = {}
    for line in (CASE / file).read_text().splitlines():
        row = json.loads(line) if line.strip() else {"doc_id": 0, "drug_idxs": [], "relation_label": ""}
        if pairs or len(row["drug_idxs"]) == 2:
            own = found.setdefault(row["doc_id"], [])
            own += [(row["relation_label"], *pair) for pair in combinations(row["drug_idxs"], 2)]
    return found


def counted(*, pairs: bool, labelled: bool) -> dict[str, float]:
    gold, predicted = (drugs(f"unittest_{side}.jsonl", pairs=pairs) for side in ("gold", "pred"))
    text = " ".join(f"d{i}" for i in range(4))
    documents, answers = [], []
    for id_ in sorted(set(gold) | set(predicted)):
        entities = [Entity(f"T{i}", "Drug", 3 * i, 3 * i + 2, f"d{i}") for i in range(4)]
        said = [SubmittedEntity(each.id, each.type, each.text, (each.start, each.end)) for each in entities]  # type: ignore[arg-type]
        of = [
            Relation(label if labelled else "any", f"T{head}", f"T{tail}")
            for label, head, tail in gold.get(id_, [])
        ]
        documents.append(Document(str(id_), text, tuple(entities), tuple(of), split="test"))
        relations = [
            SubmittedRelation(label if labelled else "any", said[tail], said[head])
            for label, head, tail in predicted.get(id_, [])
        ]
        answers.append(SubmittedDocument("w", str(id_), tuple(said), tuple(relations)))
    types = ["POS", "NEG", "COMB", "any"]
    result = scored_submission(documents, answers, symmetric=types, resamples=20).to_json()
    row: dict[str, float] = result["relation"]["span"]
    return row


@needs_case
def test_the_published_case_has_the_counts_of_sperts_own_evaluator():
    # What spert/evaluator.py (lavis-nlp/spert) prints of all pairs of each combination: 46.15, 40.0, 42.86.
    row = counted(pairs=True, labelled=True)
    assert (row["tp"], row["fp"], row["fn"]) == (6, 7, 9)
    assert row["precision"] == pytest.approx(0.4615384615384615)
    assert row["recall"] == pytest.approx(0.40)
    assert row["f1"] == pytest.approx(0.42857142857142857)


@needs_case
def test_the_published_case_has_the_numbers_of_its_own_evaluation_where_relations_have_two_arguments():
    # What leaderboard/eval.py (allenai/drug-combo-extraction) gives, exact match, any combination.
    row = counted(pairs=False, labelled=False)
    assert row["f1"] == pytest.approx(0.375)
    assert row["precision"] == pytest.approx(0.42857142857142855)
    assert row["recall"] == pytest.approx(0.3333333333333333)


def test_one_pair_of_strings_at_two_places_is_two_relations_by_places_and_one_by_strings():
    text = "aspirin rash aspirin rash"
    spots = [(0, 7), (8, 12), (13, 20), (21, 25)]
    kinds = ["Drug", "Effect", "Drug", "Effect"]
    entities = tuple(
        Entity(f"T{i}", kind, *spot, text[slice(*spot)])
        for i, (kind, spot) in enumerate(zip(kinds, spots, strict=True))
    )
    gold = Document("d", text, entities, (Relation("causes", "T0", "T1"), Relation("causes", "T2", "T3")))
    said = [SubmittedEntity(e.id, e.type, e.text, (e.start, e.end)) for e in entities]  # type: ignore[arg-type]
    relations = tuple(
        SubmittedRelation("causes", said[head], said[tail]) for head, tail in ((0, 1), (2, 3), (0, 3))
    )
    answer = SubmittedDocument("w", "d", tuple(said), relations)
    result = scored_submission([gold], [answer], resamples=20).to_json()["relation"]
    assert [result["span"][key] for key in ("tp", "fp", "fn")] == [2, 1, 0]
    assert [result["strict"][key] for key in ("tp", "fp", "fn")] == [1, 0, 0]


def test_relations_that_name_strings_only_have_no_places():
    line = {
        "id": "d", "relations": [{"head": "a", "tail": "b", "type": "causes"}],
        "entities": [
            {"id": "a", "type": "Drug", "text": "aspirin", "start": 0, "end": 7},
            {"id": "b", "type": "Effect", "text": "rash", "start": 8, "end": 12},
        ],
    }  # fmt: skip
    gold = submitted_as_gold("aspirin rash", line)
    named = submitted_document(line, "w")
    strings = submitted_document(line | {BY_STRINGS: True}, "w")
    assert scored_submission([gold], [named], resamples=20).to_json()["relation"]["span"]["tp"] == 1
    assert scored_submission([gold], [strings], resamples=20).to_json()["relation"]["span"] is None


def submitted_as_gold(text: str, line: dict[str, list[dict[str, Any]]]) -> Document:
    entities = tuple(Entity(e["id"], e["type"], e["start"], e["end"], e["text"]) for e in line["entities"])
    relations = tuple(Relation(r["type"], r["head"], r["tail"]) for r in line["relations"])
    return Document("d", text, entities, relations)
