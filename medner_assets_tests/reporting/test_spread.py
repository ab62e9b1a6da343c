"""F1 by version with the spread of its trainings, as the leaderboard's page shows it."""

import polars as pl

from medner_assets.reporting.leaderboard import leaderboard_rows
from medner_assets.reporting.numbers import Number, Unit
from medner_assets.reporting.spread import TrainingSpread, rungs, spread_chart, spreads
from medner_assets.tables import TABLES


def metrics(*rows: tuple[str, str, float]) -> pl.DataFrame:
    """Return rows of `metrics`. rows: version, task, F1."""
    schemes = {"entity": "text", "relation": "strict"}
    every = {"dataset": "d", "dataset_version": "1", "split": "test", "stage": "final", "documents": 20}
    filled = [
        {
            **every,
            "model_version": name,
            "evaluation_id": name,
            "task": task,
            "scheme": schemes[task],
            "f1": f1,
        }
        for name, task, f1 in rows
    ]
    return pl.DataFrame(filled, schema={"model_version": pl.String, **TABLES["metrics"].schema})


def tables(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    declared = {"model_version": ["v1"], "setting": ["replicates"], "value": ["3"], "recipe_hash": ["h"]}
    recipes = pl.DataFrame(declared, schema={"model_version": pl.String, **TABLES["recipes"].schema})
    empty = {
        name: pl.DataFrame(schema={TABLES[name].partition: pl.String, **TABLES[name].schema})
        for name in ("adapters", "audits", "promotions")
    }
    return {"metrics": rows, "recipes": recipes, **empty}


def test_a_version_is_one_row_with_mean_sd_and_count_of_its_trainings():
    rows = metrics(
        *(("v1" + suffix, "relation", f1) for suffix, f1 in (("", 0.40), (".r2", 0.44), (".r3", 0.48))),
        *(("v1" + suffix, "entity", 0.8) for suffix in ("", ".r2", ".r3")),
        ("v2", "relation", 0.5), ("v2", "entity", 0.9),
    )  # fmt: skip
    board = leaderboard_rows(tables(rows))
    found = {each.version: each for each in spreads(rows, board.rows, "d", "relation")}
    assert found["v1"].scores == (0.40, 0.44, 0.48)
    assert found["v1"].told == "44.0 ± 4.0 (3 trainings)"
    assert found["v2"].told == "50.0 (1 training)"
    assert found["v2"].sd is None


def test_the_picture_has_a_dot_a_training_and_says_the_numbers_in_words():
    rows = [TrainingSpread("v1", (0.4, 0.48), 0.44, 0.0566), TrainingSpread("<v2>", (0.5,), 0.5, None)]
    picture = str(spread_chart("relation F1", rows, "relation"))
    assert picture.count("<circle") == 3
    assert "44.0 ± 5.7 (2 trainings)" in picture
    assert "&lt;v2&gt;" in picture
    assert spread_chart("none", [], "relation") == ""


def test_trivial_readers_stand_among_the_versions_with_their_intervals():
    f1, low, high = (Number(value, Unit.SHARE) for value in (0.45, 0.41, 0.49))
    readers = [
        {"dataset": of, "probe": probe, "task": task, "f1": f1, "f1_low": low, "f1_high": high}
        for of, probe, task in (
            ("d", "all_pairs", "relation"), ("d", "dictionary_ner", "entity"), ("e", "all_pairs", "relation")
        )
    ]  # fmt: skip
    found = rungs(readers, "d", "relation")
    assert [each.told for each in found] == ["45.0 (trivial)"]
    better = TrainingSpread("v1", (0.5,), 0.5, None, 0.44, 0.56)
    worse = TrainingSpread("v0", (0.2,), 0.2, None)
    picture = str(spread_chart("relation F1", [worse, *found, better], "relation"))
    places = [picture.index(f">{name}<") for name in ("v1", "all type-compatible pairs", "v0")]
    assert places == sorted(places)
    assert picture.count("<circle") == 2
    assert picture.count('class="iso"') == 2
    assert picture.count("line thin s0") == 1
