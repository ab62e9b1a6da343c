"""What the named questions answer on a few literal rows; every number here is computed by hand."""

from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest

from medner_assets.paths import SQL
from medner_assets.reporting.expectation import outcome
from medner_assets_tests.support.rows import answers, entity, metric, put, relation


def asked(root: Path, name: str, **parameters: str) -> list[tuple[Any, ...]]:
    return answers(root, (SQL / "queries" / f"{name}.sql").read_text(), parameters)


def test_how_many_duplicates_counts_lines_and_documents_stage_by_stage(root: Path):
    mention = {"doc_id": "a", "type": "Drug", "text": "a"}
    put(root, "predicted_entities", "v1", mention, mention, {**mention, "split": "dev"})
    put(root, "predicted_entities", "v2", mention)
    put(
        root,
        "entity_outcomes",
        "v1",
        entity("duplicate", "Drug a", None),
        entity("correct", "Drug a", "Drug a"),
    )
    line = {"type": "treats", "head_text": "a", "tail_text": "b"}
    raw = [{**line, "doc_id": doc, "stage": "raw"} for doc in ("a", "a", "a", "b", "b")]
    put(root, "predicted_relations", "v1", *raw, {**line, "doc_id": "a"}, {**line, "doc_id": "b"})
    duplicate = relation("duplicate", "a treats b", None, stage="raw")
    other = {**duplicate, "doc_id": "b"}
    put(
        root, "relation_outcomes", "v1", duplicate, duplicate, other, relation("spurious", "a treats b", None)
    )
    assert asked(root, "how_many_duplicates", version="v1") == [
        ("entity", "final", 2, 1, 0.5, 1, 1),
        ("relation", "raw", 5, 3, 0.6, 2, 2),
        ("relation", "final", 2, 0, 0.0, 0, 0),
    ]


def test_relation_type_bias_puts_the_greatest_bias_first_whichever_way_it_goes(root: Path):
    put(root, "documents", "d", {"doc_id": "t", "split": "train"})
    kinds = ["treats", "causes", "causes", "causes", "prevents", "prevents", "prevents", "prevents"]
    put(root, "gold_relations", "d", *({"doc_id": "t", "split": "train", "type": kind} for kind in kinds))
    put(root, "metrics", "v1", metric("relation", 0.5))
    put(
        root, "relation_outcomes", "v1",
        relation("correct", "a treats b", "a treats b"), relation("spurious", "c prevents d", None),
    )  # fmt: skip
    found = asked(root, "relation_type_bias", version="v1")
    assert [(row[0], row[4], row[6], row[8]) for row in found] == [
        ("causes", 0.0, 0.375, -0.375), ("treats", 0.5, 0.125, 0.375), ("prevents", 0.5, 0.5, 0.0),
    ]  # fmt: skip


def silent(doc_id: str, fn: int, tp: int = 0, stage: str = "final") -> dict[str, object]:
    return {
        "doc_id": doc_id, "group_id": doc_id, "task": "relation", "scheme": "strict", "stage": stage,
        "tp": tp, "fp": 0, "fn": fn,
    }  # fmt: skip


def test_documents_without_prediction_tells_wrongly_silent_from_rightly(root: Path):
    put(
        root, "document_scores", "v1",
        silent("a", 2), silent("b", 0), silent("c", 0, tp=1), silent("d", 1),
        silent("a", 2, tp=1, stage="raw"),
    )  # fmt: skip
    assert asked(root, "documents_without_prediction") == [
        ("d", "v1", "raw", 1, 0, 0, 0.0, 0), ("d", "v1", "final", 4, 3, 2, 0.5, 3),
    ]  # fmt: skip


def test_silent_documents_are_those_that_should_speak_worst_first(root: Path):
    put(
        root,
        "document_scores",
        "v1",
        silent("a", 1),
        silent("b", 0),
        silent("c", 3),
        silent("d", 1, stage="raw"),
    )
    assert [row[:2] for row in asked(root, "silent_documents", version="v1")] == [("c", 3), ("a", 1)]


def test_wrong_direction_gives_the_share_of_each_type_that_is_turned_round(root: Path):
    put(
        root, "relation_outcomes", "v1",
        relation("correct", "a treats b", "a treats b"),
        relation("direction", "d treats c", "c treats d"),
        relation("correct", "e causes f", "e causes f"),
        relation("missing", None, "g treats h"),
    )  # fmt: skip
    assert asked(root, "wrong_direction", version="v1") == [
        ("final", "treats", 2, 1, 0.5, "d → c"), ("final", "causes", 1, 0, 0.0, None),
    ]  # fmt: skip


def test_loss_by_epoch_sets_both_versions_side_by_side_with_the_gap_to_eval(root: Path):
    def step(n: int, kind: str, loss: float) -> dict[str, object]:
        return {"step": n, "epoch": n / 2, "kind": kind, "loss": loss, "seconds": 30.0 * n}

    put(root, "training_log", "v1", step(1, "train", 1.0), step(2, "train", 0.6), step(2, "eval", 0.9))
    put(
        root, "training_log", "v2",
        step(1, "train", 1.0), step(2, "train", 0.8), step(2, "eval", 0.7),
        step(3, "train", 0.4), step(3, "eval", 9.0),
        step(4, "train", 0.2), step(4, "eval", 0.5), step(4, "end", 0.6),
    )  # fmt: skip
    assert asked(root, "loss_by_epoch", version="v2", baseline="v1") == [
        ("v1", 1, 2, 0.8, 0.9, 0.1, None, 1.0),
        ("v2", 1, 2, 0.9, 0.7, -0.2, None, 1.0),
        ("v2", 2, 4, 0.3, 0.5, 0.2, -0.6, 2.0),
    ]


def test_training_cost_holds_what_a_version_gains_against_what_it_needs(root: Path):
    adapter = {
        "backend": "peft",
        "device": "cpu",
        "epochs": 3.0,
        "steps": 30,
        "peak_memory_bytes": 2_000_000_000,
    }
    small = {
        **adapter,
        "train_seconds": 60.0,
        "adapter_bytes": 1_000_000,
        "trainable_parameters": 1,
        "total_parameters": 100,
    }
    put(root, "adapters", "v1", small)
    put(
        root,
        "adapters",
        "v2",
        {**small, "train_seconds": 150.0, "adapter_bytes": 2_000_000, "trainable_parameters": 2},
    )
    put(root, "metrics", "v2", metric("relation", 0.6), metric("entity", 0.9))
    put(root, "completions", "v2", {"doc_id": "a", "seconds": 0.5}, {"doc_id": "b", "seconds": 1.5})
    assert asked(root, "training_cost", version="v2", baseline="v1") == [
        ("v1", "peft", "cpu", 3.0, 30, 1.0, 1.0, 1, 0.01, 2.0, None, None, None),
        ("v2", "peft", "cpu", 3.0, 30, 2.5, 2.0, 2, 0.02, 2.0, 1.0, 0.9, 0.6),
    ]


def test_better_or_luck_shows_the_headline_metrics_first(root: Path):
    row = {
        "baseline": "v1",
        "baseline_f1": 0.4,
        "version_f1": 0.5,
        "difference": 0.1,
        "low": 0.02,
        "high": 0.18,
    }
    put(
        root, "comparisons", "v2",
        {**row, "task": "relation", "scheme": "boundaries", "p_value": 0.2},
        {**row, "task": "relation", "scheme": "strict", "p_value": 0.01, "p_adjusted": 0.02,
         "verdict": "better"},
        {**row, "task": "relation", "scheme": "strict", "stage": "raw", "p_value": 0.5},
        {**row, "task": "relation", "scheme": "strict", "baseline": "v0", "p_value": 0.5},
    )  # fmt: skip
    found = asked(root, "better_or_luck", version="v2", baseline="v1")
    assert [(row[1], row[4], row[8], row[9]) for row in found] == [
        ("strict", 0.1, 0.02, "better"), ("boundaries", 0.1, None, None),
    ]  # fmt: skip


def two_versions(root: Path) -> None:
    for version in ("v1", "v2"):
        put(root, "metrics", version, metric("relation", 0.5))
    put(
        root, "entity_outcomes", "v1",
        entity("correct", "Drug a", "Drug a", entity_id="T1"),
        entity("missing", None, "Drug b", entity_id="T2"),
        entity("missing", None, "Disease c", entity_id="T3"),
    )  # fmt: skip
    put(
        root, "entity_outcomes", "v2",
        entity("type", "Disease a", "Drug a", entity_id="T1"),
        entity("correct", "Drug b", "Drug b", entity_id="T2"),
        entity("correct", "Disease c", "Disease c", entity_id="T3"),
    )  # fmt: skip


def test_error_shift_subtracts_the_baseline_class_by_class(root: Path):
    two_versions(root)
    assert asked(root, "error_shift", version="v2", baseline="v1") == [
        ("entity", "missing", 2, 0, -2), ("entity", "type", 0, 1, 1),
    ]  # fmt: skip


def test_lost_and_gained_nets_each_type(root: Path):
    two_versions(root)
    assert asked(root, "lost_and_gained", version="v2", baseline="v1") == [
        ("entity", "Drug", 1, 1, 0), ("entity", "Disease", 1, 0, 1),
    ]  # fmt: skip


def test_what_it_lost_shows_how_the_version_fails_on_what_the_baseline_had(root: Path):
    two_versions(root)
    assert asked(root, "what_it_lost", version="v2", baseline="v1") == [
        ("entity", "type", "a", "Drug", "a", "Disease", "a")
    ]


def test_what_to_fix_first_puts_the_costliest_class_first(root: Path):
    put(
        root, "relation_outcomes", "v1",
        relation("correct", "a treats b", "a treats b"),
        relation("spurious", "c treats d", None),
        relation("missing", None, "e treats f"), relation("missing", None, "g treats h"),
    )  # fmt: skip
    # As it is 2 / (2 + 1 + 2); nothing missing 6 / (6 + 1); nothing spurious 2 / (2 + 2).
    assert asked(root, "what_to_fix_first", version="v1") == [
        ("relation", "missing", 2, 0.4, 0.8571, 0.4571), ("relation", "spurious", 1, 0.4, 0.5, 0.1),
    ]  # fmt: skip


def test_postprocessing_steps_come_in_the_order_of_the_recipe(root: Path):
    put(root, "recipes", "v1", {"setting": "postprocessing", "value": '["fix_direction", "deduplicate"]'})
    stages = {"raw": 0.4, "fix_direction": 0.5, "deduplicate": 0.7, "final": 0.7}
    put(
        root, "metrics", "v1",
        *(metric("relation", f1, stage=stage) for stage, f1 in stages.items()),
        *(metric("relation", 0.9, stage=stage, scheme="boundaries") for stage in stages),
    )  # fmt: skip
    found = asked(root, "postprocessing_steps", version="v1")
    assert [(row[1], row[7], row[8]) for row in found] == [
        ("raw", None, 0.0), ("fix_direction", 0.1, 0.1), ("deduplicate", 0.2, 0.3), ("final", 0.0, 0.3),
    ]  # fmt: skip


def test_hardest_texts_shows_what_the_documents_say_worst_first(root: Path):
    texts = {"a": "A" * 300, "b": "Short.", "c": "Right.", "d": "Loud."}
    put(root, "documents", "d", *({"doc_id": doc, "text": text} for doc, text in texts.items()))
    loud = {**silent("d", 0), "fp": 3}
    put(
        root,
        "document_scores",
        "v1",
        silent("a", 1),
        silent("b", 2),
        silent("c", 0, tp=1),
        silent("gone", 5),
        loud,
    )
    found = asked(root, "hardest_texts", dataset="d")
    assert [(row[1], row[4], row[5], row[7]) for row in found] == [
        ("d", 3, 0, "Loud."), ("b", 0, 2, "Short."), ("a", 0, 1, "A" * 200),
    ]  # fmt: skip


def test_short_and_long_gives_the_headline_scores_of_each_quarter(root: Path):
    put(root, "documents", "d", *({"doc_id": doc, "characters": n} for n, doc in enumerate("abcd")))
    put(root, "document_scores", "v1", *(silent(doc, 1, tp=n) for n, doc in enumerate("abcd")))
    found = asked(root, "short_and_long", version="v1")
    assert [(row[1], row[2], row[6]) for row in found] == [
        (1, 0, 0.0),
        (2, 1, 0.5),
        (3, 2, 0.6667),
        (4, 3, 0.75),
    ]


def test_unreadable_lines_counts_reasons_and_cut_completions(root: Path):
    reasons = {"a": "stop", "b": "length", "c": "stop", "d": "stop"}
    put(root, "completions", "v1", *({"doc_id": d, "finish_reason": why} for d, why in reasons.items()))
    put(
        root, "rejected_lines", "v1",
        *({"doc_id": doc, "line_number": n, "reason": "no type"} for n, doc in enumerate("aab")),
    )  # fmt: skip
    assert asked(root, "unreadable_lines", version="v1") == [
        ("line: no type", 3, 2, 0.5), ("completion cut at its length limit", 1, 1, 0.25),
    ]  # fmt: skip


def test_better_than_trivial_says_whether_the_whole_interval_lies_above(root: Path):
    put(root, "metrics", "v1", metric("relation", 0.52), metric("entity", 0.9))
    put(root, "metrics", "v2", metric("relation", 0.6), metric("entity", 0.9))
    put(root, "audits", "d", {"probe": "all_pairs", "figure": "f1", "setting": "gold_entities", "value": 0.5})
    put(root, "adapters", "v1", {"train_seconds": 90.0})
    found = asked(root, "better_than_trivial")
    assert [(row[1], row[7], row[8], row[10]) for row in found] == [
        ("v2", 0.1, True, None), ("v1", 0.02, False, 1.5),
    ]  # fmt: skip


def test_expected_and_reached_holds_each_stated_range_against_the_interval(root: Path):
    stated = {
        "expectation.raw.entity.conservative.f1": "[0.9, 0.92]",
        "expectation.raw.entity.optimistic.f1": "[0.8, 0.85]",
        "expectation.final.entity.conservative.f1": "[0.9, 0.92]",
        "expectation.final.relation.optimistic.f1": "[0.69, 0.75]",
        "expectation.final.relation.conservative.precision": "null",
        "expectation.final.relation.error_shares.duplicate": "[0, 0.3]",
        "expectation.final.relation.confidence": "0.7",
        "expectation.reasons": '["because"]',
        "lora.rank": "32",
    }
    put(root, "recipes", "v1", *({"setting": setting, "value": value} for setting, value in stated.items()))
    put(root, "metrics", "v1", metric("relation", 0.6), metric("entity", 0.925, stage="raw"))
    groups = [f"d{number}" for number in range(30)]
    put(root, "document_scores", "v1", *(silent(doc, fn=1, tp=3) for doc in groups))
    outcomes = [
        relation("correct", "a treats b", "a treats b", doc_id=doc) for doc in groups for _ in range(3)
    ]
    copies = [relation("duplicate", "a treats b", None, doc_id=doc) for doc in groups[:3]]
    put(root, "relation_outcomes", "v1", *outcomes, *copies)
    assert asked(root, "expected_and_reached", version="v1") == [
        ("entity", "raw", "f1", "conservative", 0.9, 0.92, 0.925, 0.875, 0.975, "cannot tell"),
        ("entity", "raw", "f1", "optimistic", 0.8, 0.85, 0.925, 0.875, 0.975, "exceeded"),
        ("entity", "final", "f1", "conservative", 0.9, 0.92, None, None, None, "not measured"),
        ("relation", "final", "duplicate", "error_shares", 0.0, 0.3, 0.0323, 0.0111, 0.0898, "met"),
        ("relation", "final", "f1", "optimistic", 0.69, 0.75, 0.6, 0.55, 0.65, "not met"),
    ]


@pytest.mark.parametrize(
    ("band", "measure"), [("conservative", "precision"), ("optimistic", "f1"), ("error_shares", "duplicate")]
)
def test_the_query_and_the_report_judge_alike(band: str, measure: str):
    """Every order of the ends of an interval and of a range, and results without an interval or a value."""
    grid, query = (0.1, 0.2, 0.3, 0.4), (SQL / "queries" / "expected_and_reached.sql").read_text()
    results: list[tuple[float | None, float | None, float | None]] = [(0.25, None, None), (None, None, None)]
    results += [(0.25, low, high) for low in grid for high in grid if low <= high]
    with duckdb.connect() as connection:
        connection.execute("create table recipes (model_version text, setting text, value text)")
        connection.execute(
            "create table figures (model_version text, stage text, task text, figure text, value double, "
            "low double, high double)"
        )
        for number, (result, bounds) in enumerate(product(results, ((0.2, 0.3), (0.1, 0.4), (0.3, 0.3)))):
            version = f"v{number}"
            setting = f"expectation.raw.entity.{band}.{measure}"
            connection.execute("insert into recipes values (?, ?, ?)", [version, setting, str([*bounds])])
            connection.execute(
                "insert into figures values (?, 'raw', 'entity', ?, ?, ?, ?)", [version, measure, *result]
            )
            (row,) = connection.execute(query, {"version": version}).fetchall()
            value, *interval = result
            expected = outcome(
                value, (interval[0], interval[1]), bounds, less_is_better=band == "error_shares"
            )
            assert row[-1] == expected, (result, bounds)
