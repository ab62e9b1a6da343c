"""Commands that run assets: train, evaluate, promote, and the datasets that they need."""

import json
from collections.abc import Callable

import polars as pl

from medner_assets import paths
from medner_assets.defs.automation.jobs import CHAIN
from medner_assets.defs.datasets.sources import is_current, source_state
from medner_assets.defs.resources import Warehouse
from medner_assets.launching import launch
from medner_assets.modeling.requirements import base_folder
from medner_assets.recipes.loading import load_base_model, load_dataset, load_version
from medner_assets.recipes.sanity import doubts


def ensure_dataset(name: str) -> bool:
    """Build and audit a dataset unless it is as its recipe and files state; return whether it was built."""
    warehouse = Warehouse()
    state = source_state(load_dataset(name), paths.corpora())
    if warehouse.store().has("documents", name) and warehouse.store().has("audits", name):
        documents = warehouse.read("documents", name)
        audited = warehouse.read("audits", name)["dataset_version"].unique().to_list()
        version = documents["dataset_version"][0]
        if audited == [version] and is_current(name, state, version):
            return False
    launch(["dataset", "dataset_audit"], name)
    return True


def train(version: str, *, force: bool, warn: Callable[[str], None]) -> bool:
    """Train the adapter of a version, after its dataset if need be; return whether anything was trained.

    warn: takes each setting that makes little sense, before training starts. Raises KeyboardInterrupt with
    what is kept when the user interrupts it.
    """
    ensure_dataset(load_version(version).dataset)
    for line in doubts_of(version):
        warn(line)
    try:
        reported = launch(["recipe", "adapter"], version, {"adapter": {"force": force}})
    except KeyboardInterrupt:
        raise KeyboardInterrupt(kept_of(version)) from None
    return bool(reported["adapter"]["trained"])


def doubts_of(version: str) -> list[str]:
    """Return what is doubtful in the settings of a version on its dataset and base, a sentence each."""
    recipe = load_version(version)
    base = load_base_model(recipe.base_model)
    folder = base_folder(base)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) if folder else {}
    documents = Warehouse().read("documents", recipe.dataset)
    return doubts(recipe, base, documents.filter(pl.col("split") == "train").height, config)


def kept_of(version: str) -> str:
    """Return what an interrupted training has kept, and how to go on."""
    scratch = paths.work(version, "training") / "scratch"
    steps = [int(folder.name.rpartition("-")[2]) for folder in scratch.glob("checkpoints/checkpoint-*")]
    if not steps:
        return f"before the first checkpoint: `medner train {version}` starts again"
    return f"`medner train {version}` resumes training from the checkpoint at step {max(steps)}"


def evaluate(version: str) -> None:
    """Run a version's completions to its report, and the leaderboard."""
    load_version(version)
    launch(CHAIN[2:], version)
    launch(["leaderboard"])


def promote(version: str, reason: str) -> str:
    """Let a version serve its dataset, with a reason for the history; return what it does from now on."""
    dataset = load_version(version).dataset
    launch(["champion"], config={"champion": {"version": version, "reason": reason}})
    launch(["leaderboard"])
    return f"{version} serves {dataset}"
