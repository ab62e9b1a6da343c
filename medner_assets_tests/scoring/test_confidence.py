"""Calibration on dev, calibration error, risk over coverage, votes: on literal items."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medner_assets.errors import MednerError
from medner_assets.scoring.confidence.calibration import (
    FEWEST_OF_TASK,
    FEWEST_OF_TYPE,
    Calibration,
    CalibrationCurve,
    thresholds,
)
from medner_assets.scoring.confidence.items import sure_items
from medner_assets.scoring.confidence.measures import Items, differences, measured
from medner_assets.scoring.confidence.rows import with_confidence
from medner_assets.scoring.confidence.votes import majority, voted
from medner_assets_tests.support.rows import frame, metric

EVERY_TENTH_WRONG = [n % 10 != 0 for n in range(FEWEST_OF_TASK)]


def items(probabilities, right, *, kind="Drug", before=None):
    """Items of one document each."""
    return pl.DataFrame(
        {
            "split": "test", "doc_id": [f"d{n}" for n in range(len(right))], "type": kind,
            "probability": [float(each) for each in probabilities],
            "model_probability": [float(each) for each in before or probabilities],
            "right": [bool(each) for each in right],
        }
    )  # fmt: skip


def of(rows):
    ids = sorted(set(rows["doc_id"]))
    return Items.of(rows, pl.DataFrame({"doc_id": ids, "group_id": ids}))


def test_the_calibration_error_is_the_mean_distance_of_probability_and_share_in_bins():
    # Bins of a fifteenth: 0.95 with 3 of 4 right, 0.5 with 0 of 2.
    found = measured(of(items([0.95] * 4 + [0.5] * 2, [1, 1, 1, 0, 0, 0])), None, seed=1)
    assert found.ece.value == pytest.approx((4 * abs(0.95 - 0.75) + 2 * 0.5) / 6)
    assert found.ece.low <= found.ece.value <= found.ece.high
    assert [(point.at, point.figure.value, point.items) for point in found.reliability] == [
        (pytest.approx(0.5), 0.0, 2), (pytest.approx(0.95), 0.75, 4),
    ]  # fmt: skip


def test_the_area_under_risk_is_the_mean_risk_of_answering_the_surest_first():
    found = measured(of(items([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 1])), None, seed=1)
    assert [point.figure.value for point in found.risk] == pytest.approx([0, 1 / 2, 1 / 3, 1 / 4])
    assert found.aurc.value == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert [(point.at, point.items, point.threshold) for point in found.risk][1] == (0.5, 2, 0.8)


def test_where_calibration_made_two_equal_the_models_own_probability_ranks_them():
    rows = items([0.8, 0.8, 0.8], [0, 1, 1], before=[0.1, 0.9, 0.5])
    assert [point.figure.value for point in measured(of(rows), None, seed=1).risk] == pytest.approx(
        [0, 0, 1 / 3]
    )


def test_probabilities_that_are_too_high_are_calibrated_to_the_share_that_is_right():
    dev = items([0.99] * FEWEST_OF_TASK, EVERY_TENTH_WRONG)
    calibration = Calibration.fitted("g", {"entity": dev})
    test = calibration.applied("entity", items([0.99, 0.5, 1.0], [1, 1, 1]))
    assert test["probability"].to_list() == pytest.approx([0.9] * 3)
    found = measured(of(calibration.applied("entity", dev)), calibration.tasks["entity"], seed=1)
    assert found.ece.value == pytest.approx(0, abs=1e-9)
    assert found.ece_before.value == pytest.approx(0.09)


def test_no_end_of_a_curve_is_surer_than_its_items_can_be():
    curve = CalibrationCurve.fitted(np.linspace(0, 1, 98), np.arange(98) > 48)
    assert curve.at(np.array([0.0, 1.0])).tolist() == pytest.approx([1 / 100, 99 / 100])


def test_a_dev_split_too_small_keeps_the_models_probabilities_and_says_so():
    dev = items([0.99] * (FEWEST_OF_TASK - 1), EVERY_TENTH_WRONG[1:])
    calibration = Calibration.fitted("g", {"entity": dev, "relation": dev.clear()})
    rows = items([0.7, 0.2], [1, 0])
    assert calibration.applied("entity", rows).equals(rows)
    assert calibration.applied("relation", rows).equals(rows)
    assert calibration.said()[0].startswith(
        f"entity: {FEWEST_OF_TASK - 1} items predicted on dev, fewer than"
    )
    assert "not calibrated" in calibration.said()[1]


def test_a_type_has_its_own_curve_where_there_is_enough_and_its_tasks_where_it_was_never_predicted_on_dev():
    many = items([0.9] * FEWEST_OF_TYPE, [n % 2 for n in range(FEWEST_OF_TYPE)], kind="Effect")
    calibration = Calibration.fitted("g", {"entity": pl.concat([many, items([0.9] * 100, [1] * 100)])})
    assert sorted(calibration.tasks["entity"].types) == ["Effect"]
    rows = pl.concat([items([0.9], [1], kind=kind) for kind in ("Effect", "Drug", "Gene")])
    found = calibration.applied("entity", rows)["probability"].to_list()
    assert found == pytest.approx([0.5, 250 / 400, 250 / 400])


def test_a_probability_that_was_not_kept_stays_null():
    calibration = Calibration.fitted("g", {"entity": items([0.9] * FEWEST_OF_TASK, EVERY_TENTH_WRONG)})
    rows = items([0.9, 0.9], [1, 1]).with_columns(model_probability=pl.Series([None, 0.9], dtype=pl.Float64))
    assert calibration.applied("entity", rows)["probability"].to_list() == [None, pytest.approx(0.9)]


def test_a_threshold_is_the_least_probability_whose_answers_are_so_precise():
    found = thresholds(np.array([0.9, 0.9, 0.8, 0.7, 0.6]), np.array([1, 1, 0, 1, 1]), (0.8, 0.99, 1.0))
    assert [(each.probability, each.coverage) for each in found] == [(0.6, 1.0), (0.9, 0.4), (0.9, 0.4)]
    assert thresholds(np.array([0.9]), np.array([False]), (0.9,))[0].probability is None


def test_equal_probabilities_are_answered_together():
    found = thresholds(np.array([0.9, 0.9]), np.array([True, False]), (0.9,))
    assert found[0].probability is None


def test_a_calibration_is_read_back_from_its_file_as_it_was_and_another_file_is_refused_in_one_line():
    calibration = Calibration.fitted("g", {"entity": items([0.9] * FEWEST_OF_TASK, EVERY_TENTH_WRONG)})
    assert Calibration.parsed(calibration.model_dump_json(), "calibration.json") == calibration
    for text in ("", "[]", json.dumps({"generation_id": "g", "tasks": {"entity": {"items": "x"}}})):
        with pytest.raises(MednerError, match=r"^calibration\.json: .*: remove it and evaluate again$"):
            Calibration.parsed(text, "calibration.json")


def test_two_versions_are_compared_on_the_same_groups():
    rights = [n % 4 != 0 for n in range(80)]
    bold, honest = items([0.99] * 80, rights), items([0.75] * 80, rights)
    found = differences(of(honest), of(bold), seed=1)
    assert found["ece"].value == pytest.approx(0.0 - 0.24)
    assert found["ece"].high < 0
    assert found["aurc"].value == pytest.approx(0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=40))
def test_a_curve_never_falls_and_keeps_the_mean(pairs):
    probability, right = (np.array(column) for column in zip(*pairs, strict=True))
    curve = CalibrationCurve.fitted(probability.astype(float), right)
    found = curve.at(np.sort(probability))
    assert (np.diff(found) >= -1e-12).all()
    assert 1 / (len(pairs) + 2) - 1e-9 <= found.mean() <= 1 - 1 / (len(pairs) + 2) + 1e-9


def predictions(*lines):
    """Predicted mentions (doc, ordinal, type, text, probability) at final."""
    columns = ("doc_id", "ordinal", "type", "text", "probability")
    frame = pl.DataFrame(list(lines), schema=columns, orient="row").with_columns(
        split=pl.lit("test"), stage=pl.lit("final"), model_probability=pl.col("probability")
    )
    return frame.with_columns(pl.col("ordinal").cast(pl.Int64))


def test_lines_that_say_the_same_are_one_item_with_the_largest_probability():
    predicted = predictions(("d", 0, "Drug", "Aspirin", 0.3), ("d", 1, "Drug", "aspirin", 0.8))
    outcomes = pl.DataFrame(
        {
            "split": "test",
            "stage": ["final"] * 2,
            "doc_id": "d",
            "ordinal": [0, 1],
            "tp": [1, 0],
            "fp": [0, 0],
        }
    )
    found = sure_items("entity", predicted, outcomes)
    assert found.rows() == [("test", "d", "Drug", 0.8, 0.8, True)]


def test_votes_count_the_trainings_that_say_the_same_and_probabilities_are_their_mean():
    first = predictions(("d", 0, "Drug", "Aspirin", 0.9), ("d", 1, "Effect", "rash", 0.6))
    second = predictions(("d", 0, "Drug", "aspirin", 0.6), ("d", 1, "Drug", "rash", 0.3))
    third = predictions(("d", 0, "Drug", "aspirin", 0.3))
    found = voted("entity", [first, second, third])
    assert found.select("ordinal", "type", "text", "votes").rows() == [
        (0, "Drug", "Aspirin", 3), (1, "Effect", "rash", 1), (2, "Drug", "rash", 1),
    ]  # fmt: skip
    assert found["probability"].to_list() == pytest.approx([0.6, 0.2, 0.1])
    assert majority(found, 3)["text"].to_list() == ["Aspirin"]
    assert majority(found, 2).height == 1  # half of the votes is no majority


def test_a_mean_over_trainings_of_which_one_kept_no_probability_is_null():
    kept = predictions(("d", 0, "Drug", "aspirin", 0.9))
    lost = kept.with_columns(probability=pl.lit(None, pl.Float64), model_probability=pl.lit(None, pl.Float64))
    assert voted("entity", [kept, lost])["probability"].to_list() == [None]


def test_a_version_without_probabilities_has_no_figures_and_its_metrics_stay_null():
    nothing = items([], [])
    metrics = frame("metrics", [metric("entity", 0.5), metric("relation", 0.5)])
    documents = pl.DataFrame({"doc_id": ["d"], "group_id": ["d"]})
    found = with_confidence(
        {"metrics": metrics}, dict.fromkeys(("entity", "relation"), nothing), documents, None, 1
    )
    assert found["metrics"].equals(metrics)
    assert metrics["ece"].null_count() == 2
    assert found["confidence"].is_empty()


def test_figures_stand_on_the_headline_row_at_final_alone():
    metrics = frame(
        "metrics", [metric("entity", 0.5), metric("entity", 0.5, stage="raw"), metric("relation", 0.5)]
    )
    rows = items([0.9, 0.9, 0.2], [1, 1, 0])
    documents = pl.DataFrame({"doc_id": ["d0", "d1", "d2"], "group_id": ["d0", "d1", "d2"]})
    found = with_confidence(
        {"metrics": metrics}, {"entity": rows, "relation": rows.clear()}, documents, None, 1
    )
    assert found["metrics"]["ece"].to_list() == [pytest.approx((2 * 0.1 + 0.2) / 3), None, None]
    assert set(found["confidence"]["figure"]) == {
        "ece", "ece_before", "aurc", "reliability", "reliability_before", "risk"
    }  # fmt: skip
