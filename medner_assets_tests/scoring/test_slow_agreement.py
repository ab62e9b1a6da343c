"""The fast implementation against the slow one of slow.py, on documents made to be awkward."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from medner_assets.scoring.gold import gold_frames
from medner_assets_tests.support.building import evaluate
from medner_assets_tests.support.generated import SYMMETRIC, corpora, near_misses
from medner_assets_tests.support.slow_scorer import SlowDocument

STAGES = (("raw", True), ("final", False))


def slow_documents(corpus):
    for document, (entities, relations) in corpus:
        frames = gold_frames([document], symmetric_types=SYMMETRIC)
        # A type is symmetric where a directed document's gold says so.
        stated = {
            relation.type
            for other, _ in corpus
            if other.directed
            for relation in other.relations
            if relation.type in SYMMETRIC
        }
        yield SlowDocument(
            document.text,
            document.level.value,
            document.directed,
            stated,
            frames.entities.rename({"entity_id": "id"}).to_dicts(),
            frames.relations.to_dicts(),
            entities.to_dicts(),
            relations.to_dicts(),
        )


@given(corpora())
@settings(max_examples=20, deadline=None)
def test_scores_are_those_of_the_slow_set_implementation(corpus):
    tables = evaluate([d for d, _ in corpus], [p for _, p in corpus], symmetric=SYMMETRIC)
    for slow, (document, _) in zip(slow_documents(corpus), corpus, strict=True):
        for stage, count_duplicates in STAGES:
            for scheme in ("text", "span", "overlap", "strict", "boundaries"):
                row = tables["document_scores"].filter(
                    (pl.col("stage") == stage)
                    & (pl.col("scheme") == scheme)
                    & (pl.col("doc_id") == document.id)
                )
                assert row.select("tp", "fp", "fn").row(0) == slow.score(scheme, count_duplicates), (
                    stage,
                    scheme,
                )


@given(corpora())
@settings(max_examples=20, deadline=None)
def test_error_classes_are_those_of_the_slow_implementation(corpus):
    assert_same_classes(corpus)


@given(st.tuples(near_misses("d1"), near_misses("d2"), near_misses("d3")))
@settings(max_examples=20, deadline=None)
def test_near_misses_are_explained_as_the_slow_implementation_explains_them(corpus):
    assert_same_classes(corpus)


def assert_same_classes(corpus):
    tables = evaluate([d for d, _ in corpus], [p for _, p in corpus], symmetric=SYMMETRIC)
    for slow, (document, _) in zip(slow_documents(corpus), corpus, strict=True):
        for stage, count_duplicates in STAGES:
            for task in ("entity", "relation"):
                rows = tables[f"{task}_outcomes"].filter(
                    (pl.col("stage") == stage) & (pl.col("doc_id") == document.id)
                )
                fast = {
                    error: [tp, fp, fn]
                    for error, tp, fp, fn in rows.group_by("error")
                    .agg(pl.col("tp", "fp", "fn").sum())
                    .iter_rows()
                    if tp or fp or fn
                }
                assert fast == getattr(slow, f"{task}_errors")(count_duplicates), (stage, task)
