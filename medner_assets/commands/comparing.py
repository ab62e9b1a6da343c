"""`medner compare`: a version against its baseline, or against any other version of its dataset."""

from pathlib import Path

from medner_assets import paths
from medner_assets.defs.reporting.evaluations import compared
from medner_assets.defs.reporting.gathering import publish, report_inputs
from medner_assets.defs.resources import Warehouse
from medner_assets.errors import MednerError
from medner_assets.launching import launch
from medner_assets.recipes.loading import load_version
from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.report import render_html, report_name


def compare(version: str, baseline: str | None) -> tuple[ReportInputs, Path]:
    """Return the rows of a comparison and the path of its report, both made anew.

    baseline: None: the one that the recipe names; its comparison is the asset's and goes through Dagster.
    Any other is compared here, and leaves the table `comparisons` as it is. Raises MednerError when one of
    the two is not evaluated, or they are of different datasets.
    """
    recipe = load_version(version)
    other = baseline or recipe.baseline
    if other is None:
        raise MednerError(f"{version} names no baseline: say which with --baseline")
    warehouse = Warehouse()
    if load_version(other).dataset != recipe.dataset:
        raise MednerError(
            f"{version} is of dataset {recipe.dataset} and {other} of {load_version(other).dataset}: "
            "only versions of one dataset can be compared"
        )
    comparisons = compared(warehouse, version, other)
    inputs = report_inputs(warehouse, version, other, recipe.dataset, comparisons)
    if other == recipe.baseline:
        launch(["comparison_report"], version)
        return inputs, paths.reports() / report_name(version, other)
    return inputs, publish(report_name(version, other), render_html(inputs))


def last_comparison(version: str) -> tuple[ReportInputs, Path]:
    """Return the rows of the comparison that stands in the warehouse, and the path of its report."""
    recipe, warehouse = load_version(version), Warehouse()
    inputs = report_inputs(
        warehouse, version, recipe.baseline, recipe.dataset, warehouse.read("comparisons", version)
    )
    return inputs, paths.reports() / report_name(version, recipe.baseline)
