"""`medner compare`: a version against its baseline, or against any other version of its dataset."""

from pathlib import Path

from medner_assets import paths
from medner_assets.defs.reporting.evaluations import compared_pair, is_evaluated, scores_of
from medner_assets.defs.reporting.gathering import report_inputs
from medner_assets.defs.reporting.pairs import keep_pair, pair_rows
from medner_assets.defs.reporting.publishing import publish
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.shared import bring
from medner_assets.errors import MednerError
from medner_assets.launching import launch
from medner_assets.recipes.loading import load_version
from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.report import render_html, report_name


def compare(version: str, baseline: str | None) -> tuple[ReportInputs, Path]:
    """Return the rows of a comparison and the path of its report, both made anew.

    baseline: None: the one that the recipe names; its comparison is the asset's and goes through Dagster.
    Any other is compared here, and its rows stand beside those of the asset. Where one of the two is not
    evaluated, the report says so and shows the rest. Raises MednerError when there is nothing of the version
    to show, its scores are outdated, or the two are of different datasets.
    """
    bring()
    recipe = load_version(version)
    other = baseline or recipe.baseline
    if other is None:
        raise MednerError(f"{version} names no baseline: give one with --baseline")
    if load_version(other).dataset != recipe.dataset:
        raise MednerError(
            f"{version} is of dataset {recipe.dataset} and {other} of {load_version(other).dataset}: "
            "only versions of one dataset can be compared"
        )
    if other == version:
        raise MednerError(f"{version} cannot be compared with itself: name another baseline")
    warehouse = Warehouse.of_no_run()
    whole = [is_evaluated(warehouse, name) for name in (version, other)]
    if not whole[0] and not warehouse.store().has("adapters", version):
        scores_of(warehouse, version)  # raises, and says what to run
    elif other == recipe.baseline and whole[0]:
        launch(["comparison_report"], version)
        return last_comparison(version)
    elif all(whole):
        keep_pair(warehouse, version, other, compared_pair(warehouse, version, other))
    inputs = report_inputs(warehouse, version, other, recipe.dataset, pair_rows(warehouse, version, other))
    return inputs, publish(report_name(version, other), render_html(inputs))


def last_comparison(version: str) -> tuple[ReportInputs, Path]:
    """Return the rows of the comparison that stands in the warehouse, and the path of its report."""
    recipe, warehouse = load_version(version), Warehouse.of_no_run()
    rows = pair_rows(warehouse, version, recipe.baseline)
    inputs = report_inputs(warehouse, version, recipe.baseline, recipe.dataset, rows)
    return inputs, paths.reports() / report_name(version, recipe.baseline)
