"""Which assets of a version are not what a run would make of its files now. Looks only; launches nothing."""

from medner_assets import paths
from medner_assets.defs.automation.jobs import CHAIN
from medner_assets.defs.identity import generation_id
from medner_assets.defs.reporting.evaluations import recipes_compared, scores_of
from medner_assets.defs.reporting.pairs import pair_rows
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.completions import adapter_for, existing
from medner_assets.defs.versions.finished import FinishedAdapter
from medner_assets.defs.versions.handover import inputs_of
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import recipe_hash
from medner_assets.recipes.replicates import is_replicate
from medner_assets.reporting.report import report_name


def outdated(version: str) -> tuple[str, ...]:
    """Return the assets of a version's chain that have to be made anew, in order; empty: none.

    Raises MednerError when the version cannot be made at all: a broken recipe, a dataset or base that is
    missing.
    """
    warehouse = Warehouse()
    inputs = inputs_of(version, warehouse)
    store = warehouse.store()
    if not store.has("recipes", version) or warehouse.read("recipes", version)["recipe_hash"][0] != (
        recipe_hash(inputs.recipe)
    ):
        return CHAIN
    try:
        finished = adapter_for(inputs)
    except MednerError:  # it says which of the reasons for training anew it is; here any of them will do
        return CHAIN[1:]
    if not is_recorded(warehouse, version, finished):
        return CHAIN[1:]
    generation = generation_id(finished.weights_hash, inputs.data.version, inputs.recipe)
    if existing(warehouse, version, generation) is None:
        return CHAIN[2:]
    try:
        own = scores_of(warehouse, version)["evaluation_id"][0]
    except MednerError:  # likewise
        return CHAIN[3:]
    if not store.has("metrics", version) or set(warehouse.read("metrics", version)["evaluation_id"]) != {own}:
        return CHAIN[4:]
    if is_replicate(version):
        return ()
    baseline = inputs.recipe.baseline
    report = paths.reports() / report_name(version, baseline)
    if not report.exists() or own not in report.read_text(encoding="utf-8"):
        return CHAIN[5:]
    return () if _is_compared(warehouse, version, baseline, own) else CHAIN[5:]


def is_recorded(warehouse: Warehouse, version: str, finished: FinishedAdapter) -> bool:
    """Tell whether the tables describe the adapter that is there: a run may have died between the two."""
    return all(
        warehouse.store().has(table, version) and warehouse.read(table, version).equals(frame)
        for table, frame in finished.tables().items()
    )


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
