"""What was asked and what was expected, held against what was measured."""

from medner_assets.defs.checks.expectations import missed_expectations, missed_targets
from medner_assets.recipes.settings import Band, Expectation, StageExpectation, TaskExpectation
from medner_assets.recipes.sources import Targets


def scores(entity_f1: float | None, relation_f1: float | None) -> dict:
    figures = {"entity": entity_f1, "relation": relation_f1}
    return {
        (stage, task): {"precision": value, "recall": value, "f1": value}
        for stage in ("raw", "final")
        for task, value in figures.items()
    }


def expecting(low: float, high: float, stage: str = "final") -> Expectation:
    band = StageExpectation(relation=TaskExpectation(conservative=Band(f1=(low, high))))
    return Expectation(**{stage: band})


def test_a_score_at_the_target_reaches_it():
    assert missed_targets(Targets(entity_f1=0.85, relation_f1=0.75), scores(0.85, 0.75)) == []


def test_a_score_below_its_target_is_told_with_both_numbers():
    assert missed_targets(Targets(), scores(0.9, 0.7)) == ["final relation f1 is 0.700, the target is 0.750"]


def test_a_score_that_is_not_defined_reaches_no_target():
    assert missed_targets(Targets(), scores(None, 0.9)) == [
        "final entity f1 is not defined, the target is 0.850"
    ]


def test_a_score_within_the_conservative_range_meets_the_expectation():
    assert missed_expectations(expecting(0.6, 0.7), scores(0.9, 0.6)) == []


def test_a_score_above_its_range_misses_nothing():
    assert missed_expectations(expecting(0.6, 0.7), scores(0.9, 0.95)) == []


def test_a_score_below_its_range_misses_the_expectation_of_that_stage():
    assert missed_expectations(expecting(0.6, 0.7, "raw"), scores(0.9, 0.5)) == [
        "raw relation f1 is 0.500, the least expected is 0.600"
    ]


def test_where_nothing_was_expected_nothing_is_missed():
    assert missed_expectations(Expectation(), scores(0.0, 0.0)) == []
