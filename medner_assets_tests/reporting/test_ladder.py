"""The report's ladder: trivial readers, its versions and the dataset's other systems on one scale."""

import polars as pl

from medner_assets.recipes.sources import Targets
from medner_assets.reporting.contents import contents_of
from medner_assets.reporting.inputs import inputs_from_frames
from medner_assets.reporting.report import render_html
from medner_assets.reporting.sections.ladder import LadderSection
from medner_assets_tests.support.story import DATASET, NEW, OLD, story


def with_others(**scores: float) -> dict[str, pl.DataFrame]:
    """Return the story with further versions of the dataset, by name and F1 of both tasks at stage final."""
    tables = story()
    own = tables["metrics"].filter(pl.col("model_version") == NEW, pl.col("stage") == "final")
    more = [
        own.with_columns(
            model_version=pl.lit(name), f1=pl.lit(f1), f1_low=pl.lit(f1 - 0.05), f1_high=pl.lit(f1 + 0.05)
        )
        for name, f1 in scores.items()
    ]
    told = {"model_version": "asked", "setting": "system", "value": "prompted", "recipe_hash": "h"}
    recipes = pl.DataFrame([told], schema=tables["recipes"].schema)
    return tables | {
        "metrics": pl.concat([tables["metrics"], *more]), "recipes": pl.concat([tables["recipes"], recipes])
    }  # fmt: skip


def ladder(tables: dict[str, pl.DataFrame]) -> LadderSection:
    return contents_of(inputs_from_frames(NEW, OLD, DATASET, tables, Targets())).ladder


def test_other_systems_stand_between_the_versions_by_their_score_with_their_runs():
    found = ladder(with_others(**{"asked": 0.3, "asked.r2": 0.4}))
    steps = {step.name: step for step in found.steps["relation"]}
    scores = [step.f1.value or 0 for step in found.steps["relation"]]
    assert scores == sorted(scores, reverse=True)
    assert (steps[OLD].kind, steps[NEW].kind, steps["asked"].kind) == ("s0", "s1", "other")
    assert steps["asked"].told == "a base that is asked"
    assert [steps["asked"].f1.value, steps["asked"].low.value, steps["asked"].high.value] == [0.3, 0.25, 0.35]
    runs = steps["asked"].trainings
    assert runs is not None
    assert (str(runs["trainings"]), str(runs["f1_mean"]), str(runs["f1_sd"])) == ("2", "35.0", "7.1")
    assert steps[NEW].trainings is None
    assert "rung" in {step.kind for step in found.steps["relation"]}


def test_of_many_versions_the_best_stand_on_it_and_the_others_are_counted():
    found = ladder(with_others(**{f"v{n}": n / 100 for n in range(10, 30)}))
    names = [step.name for step in found.steps["entity"] if step.kind == "other"]
    assert names == [f"v{n}" for n in range(29, 17, -1)]
    assert found.hidden == {"entity": 8, "relation": 8}


def test_the_page_shows_the_ladder_without_an_audit_where_there_are_other_systems():
    tables = with_others(asked=0.3)
    page = render_html(inputs_from_frames(NEW, OLD, DATASET, tables | {"audits": tables["audits"].clear()}))
    assert "The dataset was not audited" in page
    assert '<span class="key other"></span>asked' in page
    alone = story() | {"audits": tables["audits"].clear()}
    assert 'class="ladder"' not in render_html(inputs_from_frames(NEW, OLD, DATASET, alone))
