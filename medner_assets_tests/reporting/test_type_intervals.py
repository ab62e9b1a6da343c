"""Intervals of type rows are computed in SQL; the scorer's own function says what they must be."""

import numpy as np
import pytest

from medner_assets.reporting.questions import Questions
from medner_assets.scoring.statistics.logit import logit_t_intervals
from medner_assets_tests.support.story import DATASET, NEW, table

COUNTS = {
    "many": [(3, 1, 0), (2, 0, 2), (0, 1, 1), (5, 0, 0), (1, 2, 1), (4, 1, 1)],
    "few": [(2, 1, 0), (1, 0, 2), (2, 0, 1), (0, 0, 0), (0, 0, 0), (0, 0, 0)],
    "two": [(0, 0, 0), (0, 0, 0), (4, 1, 0), (1, 0, 2), (0, 0, 0), (0, 0, 0)],
    "all right": [(1, 0, 0), (2, 0, 0), (1, 0, 0), (3, 0, 0), (0, 0, 0), (0, 0, 0)],
    "all wrong": [(0, 1, 1), (0, 0, 2), (0, 1, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)],
}
"""Type → tp, fp, fn of each group; a group has two documents, of which the second holds nothing."""


def asked(counts):
    at = {"model_version": NEW, "evaluation_id": "e", "dataset": DATASET, "split": "test", "stage": "final"}
    outcomes, scores = [], []
    for group in range(6):
        doc = {**at, "doc_id": f"d{group}"}
        for tail in ("", "b"):
            scores.append({**doc, "doc_id": f"d{group}{tail}", "group_id": f"g{group}", "task": "entity",
                           "scheme": "text", "tp": 0, "fp": 0, "fn": 0})  # fmt: skip
        for kind, of_groups in counts.items():
            tp, fp, fn = of_groups[group]
            both = {"gold_type": kind, "predicted_type": kind, "tp": 1, "fp": 0, "fn": 0}
            extra = {"gold_type": None, "predicted_type": kind, "tp": 0, "fp": 1, "fn": 0}
            lost = {"gold_type": kind, "predicted_type": None, "tp": 0, "fp": 0, "fn": 1}
            outcomes += [{**doc, **each} for each in [both] * tp + [extra] * fp + [lost] * fn]
    tables = {"entity_outcomes": table("entity_outcomes", outcomes),
              "document_scores": table("document_scores", scores)}  # fmt: skip
    with Questions(tables) as ask:
        return ask.table("by_type", ("type", "model_version"), versions=[NEW], task="entity").by("type")


def test_a_types_interval_is_that_of_the_scorer():
    rows = asked(COUNTS)
    expected = logit_t_intervals(np.array(list(COUNTS.values())).swapaxes(0, 1))
    for kind, (low, high) in zip(COUNTS, expected, strict=True):
        row = rows[kind]
        assert (row["f1_low"].value, row["f1_high"].value) == pytest.approx((low, high), abs=0.001), kind
        assert row["f1_low"].value <= row["f1"].value <= row["f1_high"].value


def test_a_type_that_one_group_holds_has_no_interval():
    for counts in ((3, 1, 0), (2, 0, 0), (0, 0, 2)):
        row = asked({"one": [counts, *[(0, 0, 0)] * 5]})["one"]
        assert row["f1"].value is not None
        assert (row["f1_low"].value, row["f1_high"].value) == (None, None)
