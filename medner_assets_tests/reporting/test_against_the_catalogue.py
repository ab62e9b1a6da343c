"""Numbers of reports and leaderboard against the catalogue that analysts ask, over the same Parquet files."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from medner_assets.recipes.sources import Targets
from medner_assets.reporting.inputs import inputs_from_frames
from medner_assets.reporting.leaderboard import leaderboard_rows
from medner_assets.reporting.report import render_html
from medner_assets.tables import TABLES
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.store import Store
from medner_assets_tests.reporting.test_report import Page
from medner_assets_tests.support.story import DATASET, NEW, OLD, story, table

ON_STRINGS = {"dataset": DATASET, "dataset_version": "content", "probe": "all_pairs", "figure": "f1_strings",
              "setting": "gold_entities", "value": 0.7}  # fmt: skip


def tables() -> dict[str, pl.DataFrame]:
    """The story, the comparison of the other direction, all-pairs on strings, and who serves."""
    made = story()
    turned = made["comparisons"].with_columns(
        model_version=pl.lit(OLD), baseline=pl.lit(NEW), difference=-pl.col("difference"),
        evaluation_id="baseline_evaluation_id", baseline_evaluation_id="evaluation_id",
    )  # fmt: skip
    served = [{"dataset": DATASET, "sequence": at, "version": name} for at, name in enumerate((OLD, NEW), 1)]
    return made | {
        "comparisons": pl.concat([made["comparisons"], turned]),
        "audits": pl.concat([made["audits"], table("audits", [ON_STRINGS])]),
        "promotions": table("promotions", served),
    }


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The views over the tables as they lie on disk."""
    root: Path = tmp_path_factory.mktemp("data") / "warehouse"
    store = Store(root)
    store.initialise()
    for name, frame in tables().items():
        key = TABLES[name].partition
        for (value,), rows in frame.group_by(key):
            store.replace({name: rows.drop(key)}, str(value))
    connection = connect(root)
    connection.execute("set threads = 1")
    return connection


@pytest.mark.slow
@pytest.mark.parametrize(("version", "baseline"), [(NEW, OLD), (OLD, NEW)])
def test_every_number_of_any_pair_is_what_the_catalogue_answers(catalogue, version, baseline):
    report = render_html(inputs_from_frames(version, baseline, DATASET, tables(), Targets()))
    numbers = {(sql, exact): shown for sql, exact, shown in Page(report).numbers}
    assert len(numbers) > 250
    assert any("from comparisons" in sql and exact for sql, exact in numbers)
    for (sql, exact), shown in numbers.items():
        rows = catalogue.sql(sql).fetchall()
        found = rows[0][0] if rows else None
        assert (found is None) == (exact == ""), f"{shown}: {sql}"
        assert found is None or found == pytest.approx(float(exact), rel=1e-12), f"{shown}: {sql}"


def test_the_leaderboard_of_dagster_has_the_numbers_of_the_view(catalogue):
    columns = {
        "dataset": "dataset", "model_version": "model_version", "documents": "documents",
        "relation_f1": "relation_f1", "relation_low": "relation_f1_low", "relation_high": "relation_f1_high",
        "entity_f1": "entity_f1", "entity_low": "entity_f1_low", "entity_high": "entity_f1_high",
        "all_pairs_f1": "all_pairs_f1", "train_seconds": "train_seconds", "adapter_bytes": "adapter_bytes",
        "trainable_parameters": "trainable_parameters", "champion": "serves",
    }  # fmt: skip
    shown = [
        tuple(value if isinstance(value, str) else value.value for value in map(row.get, columns))
        for row in leaderboard_rows(tables()).rows
    ]
    asked = f"select {', '.join(columns.values())} from leaderboard order by relation_f1 desc"
    assert shown == catalogue.sql(asked).fetchall()


def test_a_score_is_held_against_all_pairs_on_strings_as_it_was_scored_itself(catalogue):
    assert catalogue.sql("select distinct all_pairs_f1 from leaderboard").fetchall() == [(0.7,)]
    asked = "select f1 from baselines where probe = 'all_pairs'"
    assert catalogue.sql(asked).fetchall() == [(0.7,)]
    page = Page(render_html(inputs_from_frames(NEW, OLD, DATASET, tables(), Targets()))).text
    assert "predicting every type-compatible pair of the gold entities scores 70.0" in page
