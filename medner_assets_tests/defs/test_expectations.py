"""What was asked and what was expected, held against what was measured."""

from medner_assets.defs.checks.expectations import missed_expectations, missed_targets
from medner_assets.recipes.expectations import Band, Expectation, StageExpectation, TaskExpectation
from medner_assets.recipes.sources import Targets
from medner_assets.reporting.expectation import Measured, expectation_rows
from medner_assets.reporting.numbers import Number


def scores(entity_f1: float | None, relation_f1: float | None) -> dict:
    figures = {"entity": entity_f1, "relation": relation_f1}
    return {
        (stage, task): {"precision": value, "recall": value, "f1": value}
        for stage in ("raw", "final")
        for task, value in figures.items()
    }


def test_a_score_at_the_target_reaches_it():
    assert missed_targets(Targets(entity_f1=0.85, relation_f1=0.75), scores(0.85, 0.75)) == []


def test_a_score_below_its_target_is_told_with_both_numbers():
    assert missed_targets(Targets(), scores(0.9, 0.7)) == ["final relation f1 is 0.700, the target is 0.750"]


def test_a_score_that_is_not_defined_reaches_no_target():
    assert missed_targets(Targets(), scores(None, 0.9)) == [
        "final entity f1 is not defined, the target is 0.850"
    ]


STATED = Expectation(
    final=StageExpectation(
        relation=TaskExpectation(conservative=Band(f1=(0.6, 0.7)), error_shares={"duplicate": (0, 0.3)})
    )
)


def missed(f1: tuple[float | None, ...], duplicates: tuple[float | None, ...]) -> list[str]:
    measured = {
        ("final", "relation", figure): Measured(*(Number(value) for value in values))
        for figure, values in (("f1", f1), ("duplicate", duplicates))
    }
    return missed_expectations(expectation_rows(STATED, measured, "v"))


def test_results_clear_of_the_border_or_past_the_range_miss_nothing():
    assert missed((0.65, 0.6, 0.7), (0.1, 0.05, 0.2)) == []
    assert missed((0.95, 0.9, 0.99), (0.0, 0.0, 0.02)) == []


def test_a_result_on_the_wrong_side_of_the_border_is_told_with_its_interval():
    assert missed((0.5, 0.45, 0.55), (0.5, 0.4, 0.6)) == [
        "final relation F1 is 0.500 (95 % 0.450 to 0.550), the least expected is 0.600: not met",
        "final relation share of duplicate is 0.500 (95 % 0.400 to 0.600), the most expected is 0.300: "
        "not met",
    ]


def test_an_interval_that_crosses_the_border_or_is_not_there_cannot_tell():
    assert missed((0.65, 0.58, 0.72), (0.1, None, None)) == [
        "final relation F1 is 0.650 (95 % 0.580 to 0.720), the least expected is 0.600: cannot tell",
        "final relation share of duplicate is 0.100 without an interval, the most expected is 0.300: "
        "cannot tell",
    ]


def test_a_result_that_is_not_defined_is_no_score():
    assert missed((None, None, None), (0.1, 0.05, 0.2)) == [
        "final relation F1 is not defined, the least expected is 0.600: not measured"
    ]


def test_where_nothing_was_expected_nothing_is_missed():
    assert missed_expectations(expectation_rows(Expectation(), {}, "v")) == []
