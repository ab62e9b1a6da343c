"""Sensors; all are stopped until someone starts them in the UI."""

import json

import dagster as dg

from medner_assets import paths
from medner_assets.defs.automation.jobs import datasets, train_and_evaluate_version
from medner_assets.defs.obstacles import obstacle_to
from medner_assets.defs.partitions import DATASETS, readable_versions
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.shared import bring
from medner_assets.defs.sources import is_current, source_state
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_dataset, recipe_hash

HOUR, MINUTE = 3600, 60


@dg.sensor(
    job=train_and_evaluate_version,
    minimum_interval_seconds=5 * MINUTE,
    description=(
        "Every 5 minutes: makes each version whose recipe has no adapter yet, once, where its base and its "
        "corpus are here. The tick says which versions wait, and for what."
    ),
    default_status=dg.DefaultSensorStatus.STOPPED,
)
def untrained_versions(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Ask for the chain of each version whose recipe has no adapter yet and which can be made here.

    A recipe is asked for once; a run that failed is not repeated until its recipe changes.
    """
    bring()
    asked = dict(json.loads(context.cursor or "{}"))
    requests, waiting = [], []
    for name, recipe in readable_versions().items():
        digest = recipe_hash(recipe)
        if recipe.system != "lora" or paths.adapter(name).exists() or asked.get(name) == digest:
            continue
        lacking = obstacle_to(name)
        if lacking is not None:
            waiting.append(f"{name}: {lacking}")
            continue
        asked[name] = digest
        requests.append(dg.RunRequest(run_key=f"{name}/{digest}", partition_key=name))
    if not requests:
        return dg.SkipReason("; ".join(waiting) or "every version has its adapter, or was asked for")
    return dg.SensorResult(run_requests=requests, cursor=json.dumps(asked, sort_keys=True))


@dg.sensor(
    job=datasets,
    minimum_interval_seconds=HOUR,
    description=(
        "Every hour: builds and audits each dataset anew that was built before and whose recipe or corpus "
        "files changed since."
    ),
    default_status=dg.DefaultSensorStatus.STOPPED,
)
def changed_corpora(
    context: dg.SensorEvaluationContext, warehouse: Warehouse
) -> dg.SensorResult | dg.SkipReason:
    """Ask for each dataset that was built before and whose recipe or corpus files changed since.

    Only names, sizes and times of files are looked at. A state is asked for once.
    """
    asked = dict(json.loads(context.cursor or "{}"))
    requests, troubles = [], []
    for name in DATASETS.get_partition_keys():
        if not warehouse.store().has("documents", name):
            continue
        try:
            state = source_state(load_dataset(name), paths.corpora())
        except MednerError as error:
            troubles.append(str(error))
            continue
        mark = f"{state.recipe_hash}/{state.files}"
        version = warehouse.read("documents", name)["dataset_version"][0]
        if state.missing or is_current(name, state, version) or asked.get(name) == mark:
            continue
        asked[name] = mark
        requests.append(dg.RunRequest(run_key=f"{name}/{mark}", partition_key=name))
    if not requests:
        return dg.SkipReason("; ".join(troubles) or "no dataset's recipe or corpus files changed")
    return dg.SensorResult(run_requests=requests, cursor=json.dumps(asked, sort_keys=True))


# By the name that Dagster would give it, so that what someone started stays started.
follow_inputs = dg.AutomationConditionSensorDefinition(
    "default_automation_condition_sensor",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.STOPPED,
    description=(
        "Every 30 seconds: makes predictions, metrics, reports and the leaderboard anew when what they are "
        "made from changed. Starts nothing that needs the GPU."
    ),
)
