"""Expected figures against the tables: the shares that are counted, and the intervals that judge them."""

import math

import polars as pl
import pytest

from medner_assets.recipes.expectations import Band, Expectation, StageExpectation, TaskExpectation
from medner_assets.reporting.expectation import ExpectationRow, Outcome
from medner_assets.reporting.questions import Questions
from medner_assets.reporting.sections.expectations import EXPECTATION_TABLES, expectations_section
from medner_assets_tests.support.story import DATASET, NEW, empty, table

COMMON = {"model_version": NEW, "dataset": DATASET, "stage": "raw", "split": "test"}


def rows_of(duplicates: list[int], predicted: list[int]) -> tuple[ExpectationRow, ...]:
    """One group a document: its predicted relations, the first of them duplicates, and one missed."""
    outcomes, scores = [], []
    for number, (copies, items) in enumerate(zip(duplicates, predicted, strict=True)):
        own = COMMON | {"doc_id": f"d{number}"}
        outcomes.append(own | {"error": "missing"})
        outcomes += [
            own | {"ordinal": at, "error": "duplicate" if at < copies else "correct"} for at in range(items)
        ]
        scores.append(
            own | {"task": "relation", "scheme": "strict", "group_id": f"g{number}", "tp": items - copies,
                   "fp": copies, "fn": 1}
        )  # fmt: skip
    tables: dict[str, pl.DataFrame] = {name: empty()[name] for name in EXPECTATION_TABLES} | {
        "relation_outcomes": table("relation_outcomes", outcomes),
        "document_scores": table("document_scores", scores),
    }
    relation = TaskExpectation(conservative=Band(precision=(0.5, 0.7)), error_shares={"duplicate": (0, 0.3)})
    with Questions(tables) as ask:
        stated = Expectation(raw=StageExpectation(relation=relation))
        return expectations_section(ask, stated, NEW)


def test_a_share_counts_what_is_predicted_and_its_interval_is_wilsons_at_the_effective_size():
    from scipy import stats

    duplicates, predicted = [0, 1, 2, 1, 0] * 6, [4, 3, 5, 2, 6] * 6
    precision, share = rows_of(duplicates, predicted)
    groups, items, value = 30, sum(predicted), sum(duplicates) / sum(predicted)
    residuals = (x - value * n for x, n in zip(duplicates, predicted, strict=True))
    variance = groups / (groups - 1) * sum(each**2 for each in residuals) / items**2
    size, t = value * (1 - value) / variance, stats.t.ppf(0.975, groups - 1)
    centre = (value + t**2 / (2 * size)) / (1 + t**2 / size)
    half = t / (1 + t**2 / size) * math.sqrt(value * (1 - value) / size + t**2 / (4 * size**2))
    assert share.measured.value.value == pytest.approx(value)
    assert share.measured.low.value == pytest.approx(centre - half, abs=1e-4)
    assert share.measured.high.value == pytest.approx(centre + half, abs=1e-4)
    # Here what is no duplicate is right: the two intervals are each other's mirror.
    assert precision.measured.low.value == pytest.approx(1 - (share.measured.high.value or 0))


@pytest.mark.parametrize(
    ("duplicates", "expected"),
    [([0], Outcome.MET), ([0, 1], Outcome.MET), ([0, 2], Outcome.CANNOT_TELL), ([4, 3], Outcome.NOT_MET)],
)
def test_shares_on_both_sides_of_what_was_expected(duplicates: list[int], expected: Outcome):
    *_, share = rows_of((duplicates * 20)[:20], [4] * 20)
    assert share.conservative.outcome is expected


def test_fewer_than_twenty_groups_or_nothing_predicted_say_nothing():
    few = rows_of([0] * 19, [4] * 19)
    assert {row.conservative.outcome for row in few} == {Outcome.CANNOT_TELL}
    none = rows_of([0] * 30, [0] * 30)
    assert {row.conservative.outcome for row in none} == {Outcome.NOT_MEASURED}
