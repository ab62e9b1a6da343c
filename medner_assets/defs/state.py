"""What there is of a version, what of it is stale, and why: one value. Looks only; launches nothing.

Assets, schedules and the command line read it, so that "up to date" means one thing. An asset is stale when
what stands of it is not what a run would make of the version's files now; what follows a stale asset is stale
too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from medner_assets import paths
from medner_assets.defs.datasets.data import data_of
from medner_assets.defs.identity import submission_id
from medner_assets.defs.obstacles import obstacle_to
from medner_assets.defs.reporting.evaluations import recipes_compared, scores_of
from medner_assets.defs.reporting.pairs import pair_rows
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.sources import is_current, source_state
from medner_assets.defs.versions.completion_rows import existing
from medner_assets.defs.versions.ensemble import voters_of
from medner_assets.defs.versions.finished import FinishedAdapter
from medner_assets.defs.versions.generation import generation_of
from medner_assets.defs.versions.handover import VersionInputs, adapter_or_reason, inputs_of
from medner_assets.defs.versions.submitted import digest_of
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_dataset, load_version, recipe_hash
from medner_assets.recipes.replicates import is_replicate
from medner_assets.recipes.version import VersionRecipe
from medner_assets.reporting.report import report_name

CHAIN = ("recipe", "adapter", "completions", "predictions", "metrics", "comparison_report")
"""Every asset of a version, in order."""


@dataclass(frozen=True, slots=True)
class VersionState:
    """A version as it stands."""

    version: str
    obstacle: str | None = None
    """Why nothing of it can be made here, in one line: a broken recipe, an unusable dataset, no base."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why an asset has to be made anew, in one line. `recipe` and `adapter` are always looked at, of the
    others only those up to the first that is stale."""

    @property
    def stale(self) -> tuple[str, ...]:
        """The assets that have to be made anew, in order; empty: none.

        Raises MednerError with the obstacle where there is one.
        """
        if self.obstacle is not None:
            raise MednerError(self.obstacle)
        chain = CHAIN[:-1] if is_replicate(self.version) else CHAIN
        first = min((chain.index(asset) for asset in self.reasons), default=len(chain))
        return chain[first:]


def state_of(version: str, warehouse: Warehouse) -> VersionState:
    """Return the state of a version: reads its recipe, its tables, and all bytes of its base and adapter."""
    obstacle = obstacle_to(version)
    if obstacle is not None:
        return VersionState(version, obstacle)
    reasons: dict[str, str] = {}
    recipe, store = load_version(version), warehouse.store()
    if not store.has("recipes", version):
        reasons["recipe"] = "its recipe was never recorded"
    elif warehouse.read("recipes", version)["recipe_hash"][0] != recipe_hash(recipe):
        reasons["recipe"] = "its recipe changed"
    if not store.has("documents", recipe.dataset):
        return VersionState(
            version, None, reasons | {"adapter": f"dataset {recipe.dataset} is not built yet"}
        )
    built = warehouse.read("documents", recipe.dataset)["dataset_version"][0]
    if not is_current(recipe.dataset, source_state(load_dataset(recipe.dataset), paths.corpora()), built):
        changed = f"recipe or files of dataset {recipe.dataset} changed since it was built"
        return VersionState(version, None, reasons | {"adapter": changed})
    try:
        if recipe.system == "predictions":
            generation = submission_id(digest_of(version, recipe), data_of(recipe.dataset, warehouse).version)
        elif recipe.system == "ensemble":
            generation = voters_of(version, recipe, data_of(recipe.dataset, warehouse), warehouse).id
        else:
            if recipe.system == "lora":
                finished, why = present_adapter(inputs_of(version, warehouse), warehouse)
                if finished is None:
                    return VersionState(version, None, reasons | {"adapter": str(why)})
            generation = generation_of(version, recipe, warehouse).id
    except MednerError as error:
        return VersionState(version, str(error))
    if not reasons:
        reasons |= _evaluation(version, recipe, generation, warehouse)
    return VersionState(version, None, reasons)


def present_adapter(inputs: VersionInputs, warehouse: Warehouse) -> tuple[FinishedAdapter | None, str | None]:
    """Return the adapter that is of these inputs and stands in the tables, or None and why there is none."""
    try:
        finished, reason = adapter_or_reason(inputs)
    except MednerError as error:  # a folder that other hands changed: training says so too
        return None, str(error)
    if finished is None:
        return None, reason
    # A run may have died between the folder and the tables.
    is_recorded = all(
        warehouse.store().has(table, inputs.version) and warehouse.read(table, inputs.version).equals(frame)
        for table, frame in finished.tables().items()
    )
    return (finished, None) if is_recorded else (None, "the tables do not describe its adapter")


def _evaluation(version: str, recipe: VersionRecipe, generation: str, warehouse: Warehouse) -> dict[str, str]:
    """Return the first asset behind the adapter that is stale, with its reason; {} if none is.

    generation: the id that its completions must have.
    """
    store = warehouse.store()
    if existing(warehouse, recipe, version, generation) is None:
        return {"completions": "there are no completions of its present adapter, data, decoding and windows"}
    try:
        own = scores_of(warehouse, version)["evaluation_id"][0]
    except MednerError as error:
        return {"predictions": str(error)}
    if not store.has("metrics", version) or set(warehouse.read("metrics", version)["evaluation_id"]) != {own}:
        return {"metrics": "its metrics are of another evaluation"}
    if is_replicate(version):
        return {}
    baseline = recipe.baseline
    report = paths.reports() / report_name(version, baseline)
    if not report.exists() or own not in report.read_text(encoding="utf-8"):
        return {"comparison_report": "there is no report of its present evaluation"}
    try:
        is_compared = _is_compared(warehouse, version, baseline, own)
    except MednerError as error:
        return {"comparison_report": f"its baseline: {error}"}
    if not is_compared:
        return {"comparison_report": "its comparison is of other evaluations"}
    return {}


def _is_compared(warehouse: Warehouse, version: str, baseline: str | None, own: str) -> bool:
    """Tell whether the comparison is of the present evaluations of the version and its baseline."""
    pairs = ["evaluation_id", "baseline_evaluation_id"]
    written = pair_rows(warehouse, version, baseline).select(pairs).unique().rows()
    if baseline is None or not warehouse.store().has("document_scores", baseline):
        return written == []
    of_recipes = recipes_compared(warehouse, version, baseline)
    kept = pair_rows(warehouse, version, baseline, "recipe_comparisons")
    replicates = ["evaluation_ids", "baseline_evaluation_ids"]
    return written == [(own, scores_of(warehouse, baseline)["evaluation_id"][0])] and kept.select(
        replicates
    ).equals(of_recipes.select(replicates))
