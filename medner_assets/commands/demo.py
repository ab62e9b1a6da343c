"""`medner demo`: two versions on the embedded base, from nothing to their comparison."""

from pathlib import Path

from rich.console import Console

from medner_assets import paths
from medner_assets.commands.compare import last_comparison
from medner_assets.commands.runs import ensure_dataset
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.state import state_of
from medner_assets.launching import launch
from medner_assets.recipes.loading import load_version
from medner_assets.reporting.inputs import ReportInputs
from medner_assets.warehouse.analyst_file import refresh

VERSIONS = ("tiny-v1", "tiny-v2")
NEXT = (
    ("medner versions", "every version with its scores"),
    ("medner sql", "the questions that SQL answers"),
    ("echo 'She took ibuprofen for migraine.' | medner predict tiny-v2", "a text of yours"),
    (paths.UI, "the graph, on 127.0.0.1:3000"),
)


def demo(console: Console) -> tuple[ReportInputs, Path]:
    """Make both versions, reusing what is there, and return the comparison and the path of its report.

    console: on standard error, where each step says what it does.
    """
    for dataset in dict.fromkeys(load_version(name).dataset for name in VERSIONS):
        console.print(f"dataset {dataset}", style="bold")
        if not ensure_dataset(dataset):
            console.print("  is up to date")
    for name in VERSIONS:
        console.print(f"version {name}", style="bold")
        stale = state_of(name, Warehouse.of_no_run()).stale
        if stale:
            launch(stale, name)
        else:
            console.print("  is up to date: same recipe, data, base and scorer")
    launch(["leaderboard"])
    if message := refresh().message:
        console.print(message, soft_wrap=True, highlight=False)
    return last_comparison(VERSIONS[-1])
