"""Commands that run assets: train, evaluate, promote, and the datasets that they need."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from medner_assets import paths
from medner_assets.commands.audit_beside import audited_beside, leaves_cores_idle
from medner_assets.commands.base import require_base
from medner_assets.defs.engines import has_arrays
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.shared import bring
from medner_assets.defs.sources import is_current, source_state
from medner_assets.defs.state import CHAIN, state_of
from medner_assets.defs.versions.finished import DESCRIPTION
from medner_assets.defs.versions.handover import doubts_of, inputs_of, require_adapters
from medner_assets.errors import MednerError
from medner_assets.launching import launch
from medner_assets.recipes.loading import load_dataset, load_version
from medner_assets.recipes.replicates import is_replicate, names_of, replicate_name


def ensure_dataset(name: str) -> bool:
    """Build and audit a dataset unless it is as its recipe and files state; return whether it was built."""
    if is_ready(name):
        return False
    launch(["dataset", "dataset_audit"], name)
    return True


def is_ready(name: str) -> bool:
    """Tell whether a dataset is built and audited as its recipe and files state."""
    warehouse = Warehouse.of_no_run()
    state = source_state(load_dataset(name), paths.corpora())
    if warehouse.store().has("documents", name) and warehouse.store().has("audits", name):
        documents = warehouse.read("documents", name)
        audited = warehouse.read("audits", name)["dataset_version"].unique().to_list()
        version = documents["dataset_version"][0]
        return audited == [version] and is_current(name, state, version)
    return False


@contextmanager
def built(name: str) -> Iterator[None]:
    """Build a dataset if need be before the block runs, and audit it: before the block as well, or beside it
    where the block leaves cores of this machine idle."""
    if is_ready(name) or not leaves_cores_idle():
        ensure_dataset(name)
        yield
        return
    launch(["dataset"], name)
    with audited_beside(name):
        yield


def train(version: str, *, force: bool, warn: Callable[[str], None], replicates: int = 1) -> bool:
    """Train a version, or its first replicates, after its dataset if need be; return whether any was trained.

    A replicate that fails does not keep the others from being trained; the first failure is raised at the
    end. warn: takes each setting that makes little sense, before training starts. Raises KeyboardInterrupt
    with what is kept when the user interrupts it, and MednerError, before anything is trained, for more
    replicates than the recipe declares.
    """
    recipe = load_version(version)
    require_adapters(version, recipe)
    if is_replicate(version) and replicates > 1:
        raise MednerError(f"{version} is one replicate: name its version to train several")
    if replicates > recipe.replicates:
        load_version(replicate_name(version, replicates))  # raises, and says what to change
    require_base(recipe.base)
    names, trained = names_of(version, replicates), False
    with built(recipe.dataset), each_tried() as tried:
        for line in doubts_of(inputs_of(version, Warehouse.of_no_run())):
            warn(line)
        began = time.time()
        for place, name in enumerate(names):
            # The run of the first that is to be trained trains the others too where the engine or a GPU can
            # do that; their runs find their adapters.
            again = force and not (place and (has_arrays() or _made_since(began, name)))
            config = {"force": again, "together": list(names[place + 1 :])}
            with tried():
                try:
                    reported = launch(["recipe", "adapter"], name, {"adapter": config})
                except KeyboardInterrupt:
                    raise KeyboardInterrupt(kept_of(name)) from None
                trained |= bool(reported["adapter"]["trained"])
    return trained


def _made_since(moment: float, version: str) -> bool:
    """Tell whether the adapter of a version was written after a moment, seconds since the epoch."""
    try:
        return (paths.adapter(version) / DESCRIPTION).stat().st_mtime >= moment
    except OSError:
        return False


def kept_of(version: str) -> str:
    """Return what an interrupted training has kept, and how to go on."""
    scratch = paths.work(version, "training") / "scratch"
    steps = [int(folder.name.rpartition("-")[2]) for folder in scratch.glob("checkpoints/checkpoint-*")]
    if not steps:
        return f"before the first checkpoint: `medner train {version}` starts again"
    return f"`medner train {version}` resumes training from the checkpoint at step {max(steps)}"


def evaluate(version: str) -> None:
    """Run a version's completions to its report, those of its trained replicates before, and the leaderboard.

    A replicate that fails is missing from the report, which says so; its failure is raised at the end.
    """
    bring()
    recipe = load_version(version)
    others = () if is_replicate(version) else names_of(version, recipe.replicates)[1:]
    trained = recipe.system == "lora"
    if not trained:
        ensure_dataset(recipe.dataset)
    # What is never trained has its recipe recorded here.
    chain = CHAIN[2:] if trained else ("recipe", *CHAIN[2:])
    others = tuple(name for name in others if not trained or paths.adapter(name).exists())
    with each_tried() as tried:
        for place, name in enumerate(others):
            with tried():
                if state_of(name, Warehouse.of_no_run()).stale:
                    # One process writes the completions of all; their runs find them.
                    together = [*others[place + 1 :], version]
                    launch(chain[:-1], name, {"completions": {"together": together}})
        with tried():
            launch(chain[:-1] if is_replicate(version) else chain, version)
            launch(["leaderboard"])


@contextmanager
def each_tried() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Yield a context that keeps a MednerError for later; the first of them is raised when all were tried."""
    failures: list[MednerError] = []

    @contextmanager
    def tried() -> Iterator[None]:
        try:
            yield
        except MednerError as error:
            failures.append(error)

    yield tried
    if failures:
        raise failures[0]


def promote(version: str, reason: str) -> str:
    """Let a version serve its dataset, with a reason for the history; return what it does from now on."""
    dataset = load_version(version).dataset
    launch(["champion"], config={"champion": {"version": version, "reason": reason}})
    launch(["leaderboard"])
    return f"{version} serves {dataset}"
