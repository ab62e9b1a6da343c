"""F1 by version with the spread of its trainings, as the leaderboard's page shows it."""

import polars as pl

from medner_assets.reporting.leaderboard import leaderboard_rows
from medner_assets.reporting.spread import TrainingSpread, spread_chart, spreads
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
