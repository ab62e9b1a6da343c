"""What is said of a gain: whose it is, and what one training against several says."""

import polars as pl
import pytest

from medner_assets.recipes.sources import Targets
from medner_assets.reporting.attribution import shared_stage
from medner_assets.reporting.contents import Contents, contents_of
from medner_assets.reporting.inputs import inputs_from_frames
from medner_assets.reporting.numbers import plain
from medner_assets_tests.support.story import DATASET, NEW, OLD, story


def contents(**changed: pl.DataFrame) -> Contents:
    return contents_of(inputs_from_frames(NEW, OLD, DATASET, story() | changed, Targets()))


def compared_before_postprocessing() -> pl.DataFrame:
    made = story()["comparisons"]
    raw = made.filter(task="relation").with_columns(stage=pl.lit("raw"), difference=pl.lit(0.4))
    return pl.concat([made, raw])


@pytest.mark.parametrize(
    ("steps", "baseline_steps", "stage"),
    [
        (["deduplicate"], [], "raw"),
        (["deduplicate", "fix_direction"], ["deduplicate"], "deduplicate"),
        (["drop_ungrounded", "deduplicate"], ["deduplicate", "drop_ungrounded"], "raw"),
        (["deduplicate"], ["deduplicate"], "final"),
        ([], [], "final"),
    ],
)
def test_adapters_are_compared_at_the_last_stage_that_both_reached_by_the_same_steps(
    steps, baseline_steps, stage
):
    assert shared_stage(steps, baseline_steps) == stage


def test_a_gain_is_split_into_that_of_the_adapters_and_that_of_the_steps():
    said = contents(comparisons=compared_before_postprocessing()).attribution
    assert plain(said or ()) == (
        "Of the difference in relation F1, +40.0 points are the adapters' (without post-processing, both "
        "under the same steps), and +10.0 points come from the steps past it, duplicates counted once."
    )


def test_under_the_same_steps_the_whole_difference_is_that_of_the_adapters():
    steps = pl.when(pl.col("setting") == "postprocessing").then(pl.lit("[]")).otherwise("value")
    said = contents(recipes=story()["recipes"].with_columns(value=steps)).attribution
    assert plain(said or ()) == (
        "Both go through the same post-processing: the difference is that of the adapters."
    )


def test_without_a_comparison_nothing_is_attributed():
    assert contents(comparisons=story()["comparisons"].clear()).attribution is None
    # The stage before post-processing was not compared: what the adapters did is not known.
    assert contents().attribution is None


def test_one_training_against_a_replicated_baseline_is_named_a_screen():
    made = story()
    other = made["metrics"].filter(model_version=OLD).with_columns(model_version=pl.lit(f"{OLD}.r2"))
    other = other.with_columns(f1=pl.col("f1") + 0.1)
    adapter = made["adapters"].filter(model_version=OLD).with_columns(model_version=pl.lit(f"{OLD}.r2"))
    found = contents(
        metrics=pl.concat([made["metrics"], other]), adapters=pl.concat([made["adapters"], adapter])
    )
    assert plain(found.verdict.limits or ()) == (
        f"A screen: one training of {NEW} against 2 of {OLD}, whose relation F1 varies by 7.1 points (SD) "
        "from training to training. It says nothing of the recipes until both are trained several times."
    )
    assert found.verdict.headline.startswith(f"This adapter of {NEW}, against this adapter of {OLD}")
    assert found.verdict.recipes == ()


def test_texts_that_left_the_machine_are_told_first():
    recipes = story()["recipes"]
    asked = {"system": "endpoint", "endpoint.url": "https://api.example.org/v1"}
    rows = [
        {**recipes.row(0, named=True), "model_version": NEW, "setting": key, "value": value}
        for key, value in asked.items()
    ]
    warnings = contents(
        recipes=pl.concat([recipes, pl.DataFrame(rows, schema=recipes.schema)])
    ).verdict.warnings
    assert f"sent to api.example.org, another machine, by {NEW}." in plain(warnings[0])


def test_one_training_each_says_nothing_of_the_recipes():
    assert plain(contents().verdict.limits or ()) == ("One training each: it says nothing of the recipes.")
