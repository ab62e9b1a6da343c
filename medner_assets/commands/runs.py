"""Commands that run assets: train, evaluate, promote, and the datasets that they need."""

from medner_assets import paths
from medner_assets.defs.automation.jobs import CHAIN
from medner_assets.defs.datasets.sources import is_current, source_state
from medner_assets.defs.resources import Warehouse
from medner_assets.launching import launch
from medner_assets.recipes.loading import load_dataset, load_version


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


def train(version: str, *, force: bool) -> bool:
    """Train the adapter of a version, after its dataset if need be; return whether anything was trained."""
    ensure_dataset(load_version(version).dataset)
    reported = launch(["recipe", "adapter"], version, {"adapter": {"force": force}})
    return bool(reported["adapter"]["trained"])


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
