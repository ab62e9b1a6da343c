"""The asset `comparison_report`: a version held against its baseline, its targets and its own expectation."""

import dagster as dg
import polars as pl

from medner_assets import paths
from medner_assets.defs.conditions import WHEN_INPUTS_CHANGE
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.evaluation.metrics import metrics
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.identity import combined
from medner_assets.defs.partitions import BASELINE_TO_REPORT, FROM_FILES, VERSIONS
from medner_assets.defs.reporting.evaluations import compared_pair, scores_of
from medner_assets.defs.reporting.gathering import report_inputs
from medner_assets.defs.reporting.pairs import keep_pair
from medner_assets.defs.reporting.publishing import publish
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.beside import publish_beside
from medner_assets.defs.versions.finished import trained_as_of
from medner_assets.recipes.loading import load_base_model, load_dataset, load_version
from medner_assets.recipes.replicates import is_replicate, version_and_index
from medner_assets.recipes.version import VersionRecipe
from medner_assets.reporting.leaderboard import LEADERBOARD_TABLES, leaderboard_rows
from medner_assets.reporting.model_card import model_card
from medner_assets.reporting.report import render_html, render_markdown, report_name
from medner_assets.scoring.schemes import HEADLINES
from medner_assets.web.reports import address_of


@dg.asset(
    partitions_def=VERSIONS,
    deps=[dg.AssetDep(metrics, partition_mapping=BASELINE_TO_REPORT), FROM_FILES],
    group_name="reporting",
    kinds={"html", "markdown", "parquet"},
    owners=["team:evaluation"],
    code_version="1",
    automation_condition=WHEN_INPUTS_CHANGE,
    metadata=table_metadata("comparisons", "recipe_comparisons", "confidence_comparisons"),
)
@clear_failures()
def comparison_report(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Report of a version against its baseline with paired intervals and tests: one HTML file, and Markdown.

    From the same data, the model card: README.md of the adapter's folder, in Hugging Face format.
    A version without a baseline, or whose baseline is not evaluated yet, is reported without a comparison,
    and the report says so. It covers the replicates of both sides; a replicate alone has no report.
    """
    version = context.partition_key
    if is_replicate(version):
        return part_of_another(version)
    recipe = load_version(version)
    own = scores_of(warehouse, version)["evaluation_id"][0]
    pair = compared_pair(warehouse, version, recipe.baseline)
    rows = keep_pair(warehouse, version, recipe.baseline, pair)
    comparisons, of_recipes = pair["comparisons"], pair["recipe_comparisons"]
    inputs = report_inputs(warehouse, version, recipe.baseline, recipe.dataset, comparisons)
    card = None
    if recipe.system == "lora":
        scored = inputs.tables["completions"].filter(pl.col("model_version") == version)["weights_hash"][0]
        base, dataset = load_base_model(recipe.base), load_dataset(recipe.dataset)
        trained = trained_as_of(paths.adapter(version), scored)
        card = publish_beside(version, scored, "README.md", model_card(inputs, base, dataset, trained))
    # Last: a report that names the present evaluations says that all before it was written too.
    report = publish(report_name(version, recipe.baseline), render_html(inputs))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(combined(own, *compared_evaluations(comparisons, of_recipes))),
        metadata={
            "dagster/row_count": rows,
            **{part: dg.MetadataValue.md(text) for part, text in render_markdown(inputs).items()},
            "report": dg.MetadataValue.path(report),
            "report in the browser": dg.MetadataValue.url(address_of(report)),
            "model card": dg.MetadataValue.path(card) if card else _no_card(recipe),
            **differences(comparisons, "these adapters"),
            **differences(of_recipes, "these recipes"),
            **over_trainings(warehouse, version),
        },
    )


def _no_card(recipe: VersionRecipe) -> str:
    return "none: the adapter was trained anew" if recipe.system == "lora" else f"none: {recipe.system}"


def part_of_another(replicate: str) -> dg.MaterializeResult:
    """Return what a replicate has in place of a report: the name of its version, whose report covers it."""
    version = version_and_index(replicate)[0]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            "dagster/row_count": 0,
            "report": f"none of its own: the report of {version} covers its replicates",
        },
    )


def compared_evaluations(comparisons: pl.DataFrame, of_recipes: pl.DataFrame) -> list[str]:
    """Return the evaluations that a report compares its own with: the baseline's, and all replicates'."""
    found = set(comparisons["baseline_evaluation_id"].unique())
    for side in ("evaluation_ids", "baseline_evaluation_ids"):
        found |= {each for ids in of_recipes[side] for each in ids}
    return sorted(found)


def over_trainings(warehouse: Warehouse, version: str) -> dict[str, float | int]:
    """Return mean, SD and count of a version's trainings for Dagster's plots: one point a version each.

    Without an SD where it was trained once.
    """
    store = warehouse.store()
    rows = leaderboard_rows({table: store.read(table) for table in LEADERBOARD_TABLES}).by("model_version")
    if version not in rows:
        return {}
    row = rows[version]
    figures = {
        f"{task} F1, {what} of its trainings": row[f"{task}_{column}"].value
        for task, _ in HEADLINES
        for what, column in (("mean", "mean"), ("SD", "sd"))
    }
    count = row["trainings"].value
    return {
        "trainings": int(count or 0),
        **{name: value for name, value in figures.items() if value is not None},
    }


def differences(comparisons: pl.DataFrame, of: str) -> dict[str, float | str]:
    """Return what was found on the headline metrics, for the plots and the run's page.

    of: these adapters, or these recipes: a number stands under what it speaks of.
    """
    return {
        f"{row['task']} f1 {name}, {of}": row[column]
        for row in comparisons.filter(pl.col("verdict").is_not_null()).iter_rows(named=True)
        for column, name in (
            ("difference", "difference"),
            ("p_adjusted", "adjusted p"),
            ("verdict", "verdict"),
        )
        if row[column] is not None
    }
