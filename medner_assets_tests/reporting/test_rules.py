"""Expectation against result, the decision rules, the promotion rule, and the place on the ladder."""

from dataclasses import replace

import polars as pl
import pytest

from medner_assets.recipes.expectations import Band, Expectation, StageExpectation, TaskExpectation
from medner_assets.recipes.sources import Targets
from medner_assets.reporting.contents import TargetRow, contents_of
from medner_assets.reporting.decisions import DecisionFigures, State, next_steps
from medner_assets.reporting.expectation import Measured, Outcome, expectation_rows, outcome
from medner_assets.reporting.inputs import inputs_from_frames
from medner_assets.reporting.numbers import Number, Unit, plain
from medner_assets.reporting.promotion import decide_promotion
from medner_assets.reporting.sections.baselines import Place
from medner_assets.scoring.statistics.spending import level_of, widening
from medner_assets_tests.support.story import DATASET, NEW, OLD, story, table


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.50, 0.56, Outcome.NOT_MET), (0.50, 0.57, Outcome.CANNOT_TELL), (0.56, 0.70, Outcome.CANNOT_TELL),
     (0.57, 0.60, Outcome.MET), (0.57, 0.90, Outcome.MET), (0.62, 0.70, Outcome.MET),
     (0.63, 0.70, Outcome.EXCEEDED), (None, None, Outcome.CANNOT_TELL)],
)  # fmt: skip
def test_a_score_is_judged_by_the_side_of_the_lower_end_on_which_its_interval_lies(low, high, expected):
    assert outcome(0.6, (low, high), (0.57, 0.62)) is expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.31, 0.50, Outcome.NOT_MET), (0.30, 0.50, Outcome.CANNOT_TELL), (0.20, 0.31, Outcome.CANNOT_TELL),
     (0.10, 0.30, Outcome.MET), (0.00, 0.20, Outcome.MET), (0.00, 0.04, Outcome.EXCEEDED)],
)  # fmt: skip
def test_a_share_of_errors_is_judged_by_the_upper_end(low, high, expected):
    assert outcome(0.2, (low, high), (0.05, 0.3), less_is_better=True) is expected


def test_nothing_stated_is_neither_met_nor_missed_and_nothing_measured_is_said():
    assert outcome(0.5, (0.4, 0.6), None) is Outcome.NOT_STATED
    assert outcome(None, (None, None), (0.1, 0.2)) is Outcome.NOT_MEASURED


def test_each_stated_figure_is_held_against_its_result():
    stated = Expectation(
        raw=StageExpectation(
            relation=TaskExpectation(
                conservative=Band(f1=(0.57, 0.62)),
                optimistic=Band(f1=(0.70, 0.80)),
                confidence=0.7,
                error_shares={"duplicate": (0, 0.3)},
            )
        ),
        final=StageExpectation(entity=TaskExpectation(conservative=Band(recall=(0.8, 0.9)))),
    )
    score, share = (Measured(*(Number(value, Unit.SHARE) for value in values))
                    for values in ((0.66, 0.63, 0.69), (0.82, 0.7, 0.9)))  # fmt: skip
    measured = {("raw", "relation", "f1"): score, ("raw", "relation", "duplicate"): share}
    rows = expectation_rows(stated, measured, "v2")
    assert [(row.stage, row.task, row.label) for row in rows] == [
        ("raw", "relation", "F1"), ("raw", "relation", "share of duplicate"), ("final", "entity", "recall"),
    ]  # fmt: skip
    assert [(row.conservative.outcome, row.optimistic.outcome) for row in rows] == [
        (Outcome.EXCEEDED, Outcome.NOT_MET),
        (Outcome.NOT_MET, Outcome.NOT_STATED),
        (Outcome.NOT_MEASURED, Outcome.NOT_STATED),
    ]
    assert (str(rows[0].conservative.low), str(rows[0].confidence)) == ("57.0", "70.0")
    assert (str(rows[1].conservative.high), str(rows[1].measured.value)) == ("30.0", "82.0")


def evidence(raw: float | None, final: float | None = None) -> DecisionFigures:
    return DecisionFigures(
        relation_raw=Number(raw, Unit.SHARE),
        relation_final=Number(raw if final is None else final, Unit.SHARE),
        target=Number(0.75, Unit.SHARE),
        gains={"deduplicate": Number(0.052, Unit.POINTS)},
        cut_completions=Number(0.01, Unit.SHARE),
    )


RECIPE = {"postprocessing": '["deduplicate"]', "training.epochs": "7", "lora.rank": "32",
          "training.relation_loss_weight": "2.0", "decoding.grammar": "false"}  # fmt: skip


@pytest.mark.parametrize(
    ("f1", "rule"),
    [
        (0.70, "for 70 % or more"),
        (0.699, "for 60 to 70 %"),
        (0.60, "for 60 to 70 %"),
        (0.599, "less than 60 %"),
    ],
)
def test_the_rule_that_fires_is_that_of_the_relation_f1(f1: float, rule: str):
    assert rule in plain(next_steps(evidence(f1), RECIPE).rule)


def test_without_a_score_no_rule_fires():
    decision = next_steps(evidence(None), RECIPE)
    assert plain(decision.rule) == "no relation F1 yet, so no rule fires"
    assert [plain(step.text) for step in decision.steps] == ["Finish the evaluation"]


def test_steps_that_the_recipe_takes_already_are_done_and_say_what_they_gained():
    steps = {plain(step.text): step.state for step in next_steps(evidence(0.55), RECIPE).steps}
    assert steps["Remove duplicates (`deduplicate`): worth nothing at `final`, which counts items once"] is (
        State.DONE
    )
    assert steps["Train 10 epochs or more (`training.epochs` is 7)"] is State.OPEN
    assert steps["Use LoRA rank 64 (`lora.rank` is 32)"] is State.OPEN
    assert steps["Weigh relation tokens more (`training.relation_loss_weight` is 2.0)"] is State.DONE
    assert steps["Reach the target: relation F1 55.0 % is 20.0 points short of 75.0 %"] is State.OPEN


def test_the_target_is_reached_by_the_score_after_post_processing():
    steps = {plain(step.text): step.state for step in next_steps(evidence(0.72, final=0.76), RECIPE).steps}
    assert steps["Reach the target: relation F1 76.0 %, target 75.0 %"] is State.DONE


@pytest.mark.parametrize("f1", [0.2, 0.65, 0.8])
def test_labels_that_do_not_follow_the_text_ask_for_no_training(f1: float):
    decision = next_steps(replace(evidence(f1), labels_follow_text=False), RECIPE)
    assert "do not follow the text" in plain(decision.rule)
    assert not any("epochs" in plain(step.text) or "rank" in plain(step.text) for step in decision.steps)


def test_a_target_that_is_met_asks_for_no_training_and_one_that_is_missed_does():
    met = next_steps(evidence(0.55, final=0.76), RECIPE)
    assert plain(met.rule) == (
        "the target of relation F1 is met, by 1.0 points: more training is asked for by no rule"
    )
    assert not any("epochs" in plain(step.text) for step in met.steps)
    assert any("epochs" in plain(step.text) for step in next_steps(evidence(0.55, final=0.74), RECIPE).steps)


def comparisons(
    relation: float | None, entity: float | None, stage: str = "final", **changed
) -> pl.DataFrame:
    """Differences with a standard error of 1 point, on 200 groups."""
    rows = [
        {"model_version": NEW, "baseline": OLD, "dataset": DATASET, "stage": stage, "task": task,
         "scheme": scheme, "difference": difference, "standard_error": 0.01, "critical": 2.24,
         "verdict": "not distinguishable", "documents": 200, "groups": 200} | changed
        for task, scheme, difference in (("relation", "strict", relation), ("entity", "text", entity))
        if difference is not None
    ]  # fmt: skip
    return table("comparisons", rows)


def recipes(relation: float, entity: float) -> pl.DataFrame:
    rows = [
        {"model_version": NEW, "baseline": OLD, "dataset": DATASET, "task": task, "difference": difference,
         "standard_error": 0.01, "critical": 2.6, "degrees": 12.0, "verdict": "not distinguishable",
         "trainings": 5, "baseline_trainings": 4, "groups": 200}
        for task, difference in (("relation", relation), ("entity", entity))
    ]  # fmt: skip
    return table("recipe_comparisons", rows)


NOTHING = table("recipe_comparisons", [])


def decide(
    rows: pl.DataFrame, of_recipes: pl.DataFrame = NOTHING, place: int = 1, champion: str | None = OLD
):
    return decide_promotion(NEW, champion, rows, of_recipes, margin=0.01, place=place)


@pytest.mark.parametrize(
    ("relation", "entity", "promote"),
    [
        (0.0225, 0.02, True),
        (0.0223, 0.02, False),  # the lower end of relations is not above 0
        (0.03, 0.0125, True),
        (0.03, 0.0123, False),  # entities may cost more than the margin of a point
        (0.03, -0.06, False),
        (-0.03, 0.03, False),
    ],
)
def test_a_version_is_promoted_when_relations_gain_for_sure_and_entities_stay_within_the_margin(
    relation: float, entity: float, promote: bool
):
    decision = decide(comparisons(relation, entity))
    assert decision.promote is promote
    assert "these adapters (one training each: it says nothing of the recipes)" in decision.reason


def test_the_first_candidate_is_judged_by_the_printed_interval_and_later_ones_by_wider_ones():
    first, fifth = (decide(comparisons(0.03, 0.02), place=place) for place in (1, 5))
    assert "relation F1 +3.0 points (95 % +0.8 to +5.2)" in first.reason
    assert first.promote
    assert not fifth.promote
    assert "adjusted for 5 candidates since the champion was chosen (alpha spending)" in fifth.reason


def test_recipes_speak_where_both_were_trained_several_times():
    decision = decide(comparisons(0.03, 0.02), recipes(0.025, 0.02))
    assert not decision.promote
    assert "these recipes (5 trainings and 4)" in decision.reason
    assert decide(comparisons(0.0, 0.0), recipes(0.03, 0.02)).promote


def test_few_groups_promote_nothing():
    decision = decide(comparisons(0.3, 0.3, verdict="no verdict", groups=4))
    assert not decision.promote
    assert "only 4 groups" in decision.reason


def test_nothing_is_promoted_on_a_comparison_that_is_not_there():
    for missing in (comparisons(0.03, None), comparisons(0.03, 0.03, stage="raw")):
        decision = decide(missing)
        assert not decision.promote
        assert "was not compared" in decision.reason
    assert not decide(comparisons(0.03, 0.03), champion="another").promote


def test_the_first_version_is_promoted_and_the_champion_not_again():
    assert decide(comparisons(None, None), champion=None).promote
    assert not decide(comparisons(0.03, 0.03), champion=NEW).promote


def test_levels_of_all_candidates_together_are_the_promised_error():
    assert sum(level_of(place) for place in range(1, 2_000)) == pytest.approx(0.05, abs=1e-4)
    assert float(widening(1, 12.0)) == 1.0
    assert float(widening(2, 12.0)) > 1.0


def placed(f1: float, **figures: tuple[str, float]) -> Place:
    audits = [
        {"dataset": DATASET, "probe": probe, "figure": figure, "setting": "gold_entities", "value": value}
        for probe, (figure, value) in figures.items()
    ]
    tables = story() | {"audits": table("audits", audits)}
    contents = contents_of(inputs_from_frames(NEW, OLD, DATASET, tables, Targets()))
    return contents.baselines.place(Number(f1))


def test_a_score_stands_below_all_pairs_or_within_what_needs_no_reading_or_above_it():
    audit = {"all_pairs": ("f1", 0.4), "without_reading": ("f1", 0.5)}
    assert [placed(f1, **audit) for f1 in (0.39, 0.4, 0.5, 0.51)] == [
        Place.BELOW, Place.INSIDE, Place.INSIDE, Place.ABOVE,
    ]  # fmt: skip
    assert placed(0.45) is Place.UNKNOWN


def test_all_pairs_is_taken_as_versions_are_scored_where_the_audit_did_so():
    tables = story()
    strings = {"dataset": DATASET, "probe": "all_pairs", "figure": "f1_strings", "setting": "gold_entities",
               "value": 0.6}  # fmt: skip
    tables["audits"] = pl.concat([tables["audits"], table("audits", [strings])])
    contents = contents_of(inputs_from_frames(NEW, OLD, DATASET, tables, Targets()))
    assert contents.baselines.all_pairs.value == 0.6
    assert any(f"{NEW} is below a trivial baseline" in plain(line) for line in contents.verdict.warnings)


@pytest.mark.parametrize(("verdict", "told"), [("nearly-free-given-entities", True), ("learnable", False)])
def test_where_relations_follow_from_entities_the_warning_says_where_the_score_is_lost(verdict, told):
    tables = story()
    rows = [
        {"dataset": DATASET, "probe": "all_pairs", "figure": "f1_strings", "setting": "gold_entities",
         "value": 0.98},
    ]  # fmt: skip
    audits = tables["audits"].with_columns(
        detail=pl.when(pl.col("figure") == "verdict").then(pl.lit(verdict)).otherwise(pl.col("detail"))
    )
    tables["audits"] = pl.concat([audits, table("audits", rows)])
    contents = contents_of(inputs_from_frames(NEW, OLD, DATASET, tables, Targets()))
    lines = [each for each in map(plain, contents.verdict.warnings) if "baseline: relation F1" in each]
    assert lines
    assert all(("follow from entities almost by themselves" in line) == told for line in lines)


def test_a_target_inside_the_interval_is_not_called_clear():
    row = TargetRow(
        "relation", Number(0.75), (Number(0.76), Number(0.9), Number(0.7), Number(None)),
        (Number(0.72), Number(0.85), Number(0.6), Number(None)), (Number(0.8), Number(0.95), Number(0.74),
        Number(None)),
    )  # fmt: skip
    assert [row.met(place) for place in range(4)] == [
        "met, within the interval",
        "met",
        "missed",
        "not measured",
    ]
