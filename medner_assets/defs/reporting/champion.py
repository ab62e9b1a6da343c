"""The asset `champion`: which version serves each dataset, and why."""

from datetime import UTC, datetime

import dagster as dg
import polars as pl
from pydantic import Field

from medner_assets import paths
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.evaluation.metrics import metrics
from medner_assets.defs.evaluation.reads import note_trial, tried_against
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.identity import combined
from medner_assets.defs.partitions import THAT_CAN_RUN, readable_versions
from medner_assets.defs.reporting.evaluations import compared, is_evaluated, recipes_compared, scores_of
from medner_assets.defs.reporting.gathering import rows_of
from medner_assets.defs.reporting.promotions import EMPTY, history_markdown, promoted, serving
from medner_assets.defs.resources import Warehouse
from medner_assets.errors import MednerError
from medner_assets.locks import exclusive
from medner_assets.recipes.loading import load_dataset, load_version
from medner_assets.recipes.replicates import is_replicate, version_and_index
from medner_assets.reporting.promotion import PromotionDecision, decide_promotion


class Promotion(dg.Config):
    """What a run of `champion` decides."""

    version: str | None = Field(
        None, description="Promote this version; none: apply the rule to every dataset."
    )
    reason: str = Field("", description="Why, in words; needed with a version.")


@dg.asset(
    deps=[dg.AssetDep(metrics, partition_mapping=THAT_CAN_RUN)],
    group_name="reporting",
    kinds={"parquet"},
    owners=["team:evaluation"],
    code_version="1",
    metadata=table_metadata("promotions"),
)
@clear_failures()
def champion(config: Promotion, warehouse: Warehouse) -> dg.MaterializeResult:
    """Version that serves each dataset, with the history of promotions and rollbacks.

    Without a version in the run's configuration, the rule decides: a version takes over when the lower end
    of its gain in relation F1 is above 0, and that of entity F1 above minus the dataset's margin. Intervals
    hold for both together and for all candidates that were tried since the champion was chosen. Recipes are
    compared where both sides were trained several times, else adapters; what serves is the version's own
    adapter, never the best replicate.
    """
    undecided: list[str] = []
    with exclusive(paths.data() / "work" / "promotions.lock", "a promotion"):
        if config.version is not None:
            promote(warehouse, config.version, config.reason)
        else:
            for dataset, candidates in evaluated_versions(warehouse).items():
                undecided += apply_rule(warehouse, dataset, candidates)
    store = warehouse.store()
    histories = {dataset: store.read("promotions", dataset) for dataset in store.keys("promotions")}
    shown = history_markdown(histories)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(combined(shown)),
        metadata={
            "dagster/row_count": sum(history.height for history in histories.values()),
            "champions": dg.MetadataValue.md(shown),
            "not decided": dg.MetadataValue.md("\n".join(f"- {line}" for line in undecided) or "nothing"),
        },
    )


def promote(warehouse: Warehouse, version: str, reason: str) -> None:
    """Let a version serve its dataset; raise MednerError when it is not evaluated or serves already."""
    if is_replicate(version):
        raise MednerError(
            f"{version} is a replicate: promote {version_and_index(version)[0]}, so that no one serves the "
            "replicate that the test split happens to favour"
        )
    recipe = load_version(version)
    if recipe.system != "lora":
        raise MednerError(f"{version} is of system {recipe.system}: only an adapter can serve a dataset")
    dataset = recipe.dataset
    add(warehouse, dataset, version, reason, automatic=False)


def evaluated_versions(warehouse: Warehouse) -> dict[str, list[str]]:
    """Return dataset → its evaluated versions, the one trained first first."""
    recipes = {name: recipe for name, recipe in readable_versions().items() if is_evaluated(warehouse, name)}
    trained = rows_of(warehouse, "adapters", recipes).sort("finished_at", "model_version")["model_version"]
    return {
        dataset: [name for name in trained if recipes[name].dataset == dataset]
        for dataset in sorted({recipe.dataset for recipe in recipes.values()})
    }


def apply_rule(warehouse: Warehouse, dataset: str, candidates: list[str]) -> list[str]:
    """Let each candidate in turn take over from whoever serves then, where the rule says so.

    Returns why candidates were not promoted, or could not be compared, a line each.
    """
    undecided = []
    for candidate in candidates:
        current = serving(history_of(warehouse, dataset))
        try:
            scores_of(warehouse, candidate)
            decision = decided(warehouse, dataset, candidate, current, candidates)
        except MednerError as error:  # told, and the other candidates and datasets go on
            undecided.append(f"{dataset}, {candidate}: {error}")
            continue
        if decision.promote:
            add(warehouse, dataset, candidate, decision.reason, automatic=True)
        elif candidate != current:
            undecided.append(f"{dataset}, {candidate}: {decision.reason}")
    return undecided


def decided(
    warehouse: Warehouse, dataset: str, candidate: str, champion: str | None, candidates: list[str]
) -> PromotionDecision:
    """Decide on one candidate and note that it was tried: its place widens the intervals."""
    margin = load_dataset(dataset).margin
    nothing = pl.DataFrame(), pl.DataFrame()
    if champion is None or candidate == champion:
        return decide_promotion(candidate, champion, *nothing, margin=margin)
    adapters, recipes = (
        compared(warehouse, candidate, champion),
        recipes_compared(warehouse, candidate, champion),
    )
    sequence = int(history_of(warehouse, dataset)["sequence"].max())  # type: ignore[arg-type]
    rests_on = combined(*_evaluations(adapters, recipes))
    others = [name for name in candidates if name != champion]
    tried = tried_against(warehouse, others, dataset, sequence)
    place = note_trial(warehouse, candidate, dataset, sequence, rests_on, tried)
    return decide_promotion(candidate, champion, adapters, recipes, margin=margin, place=place)


def _evaluations(adapters: pl.DataFrame, recipes: pl.DataFrame) -> list[str]:
    """Return all evaluations that a comparison rests on."""
    found = {*adapters["evaluation_id"], *adapters["baseline_evaluation_id"]}
    for side in ("evaluation_ids", "baseline_evaluation_ids"):
        found |= {each for ids in recipes[side] for each in ids}
    return sorted(found)


def history_of(warehouse: Warehouse, dataset: str) -> pl.DataFrame:
    """Return the promotions of a dataset, oldest first."""
    if not warehouse.store().has("promotions", dataset):
        return EMPTY
    return warehouse.read("promotions", dataset).sort("sequence")


def add(warehouse: Warehouse, dataset: str, version: str, reason: str, *, automatic: bool) -> None:
    """Write one more promotion of a dataset."""
    history = promoted(
        history_of(warehouse, dataset),
        version,
        automatic=automatic,
        reason=reason,
        evaluation_id=scores_of(warehouse, version)["evaluation_id"][0],
        decided_at=datetime.now(UTC),
    )
    warehouse.replace({"promotions": history}, dataset)
