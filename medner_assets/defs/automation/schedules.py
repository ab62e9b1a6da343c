"""Schedules; all are stopped until someone starts them in the UI."""

from collections.abc import Callable, Iterator

import dagster as dg

from medner_assets import paths
from medner_assets.defs.automation.freshness import is_recorded
from medner_assets.defs.automation.jobs import evaluate, version_chain
from medner_assets.defs.partitions import VERSIONS
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.completions import adapter_for
from medner_assets.defs.versions.handover import inputs_of
from medner_assets.errors import MednerError
from medner_assets.modeling.requirements import missing_requirements
from medner_assets.recipes.loading import load_base_model, load_version


@dg.schedule(
    job=version_chain,
    cron_schedule="0 2 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def weekly_retrain(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Every Sunday, the whole chain of each version whose recipe, data or base changed since it was trained.

    A version that would come out the same is skipped; the tick says why.
    """
    yield from _one_run_a_version(context, nothing_to_train)


@dg.schedule(
    job=evaluate,
    cron_schedule="0 3 * * 1-6",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def nightly_evaluation(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Every other night, the evaluation of each version that was ever trained.

    Completions of the same weights, data and decoding are reused; scores and reports are made anew.
    """
    yield from _one_run_a_version(context, cannot_run)


def nothing_to_train(version: str) -> str | None:
    """Return why training a version would change nothing, or is not possible; None: train it."""
    lacking = cannot_run(version)
    if lacking is not None:
        return lacking
    warehouse = Warehouse()
    try:
        finished = adapter_for(inputs_of(version, warehouse))
        if not is_recorded(warehouse, version, finished):
            return None
    except MednerError:  # it says which of the reasons for training anew it is; here any of them will do
        return None
    return "its adapter is of the present recipe, data and base"


def cannot_run(version: str) -> str | None:
    """Return why a version cannot be run here: its recipe is broken, or its base is missing; None: it can."""
    try:
        base = load_version(version).base_model
        return missing_requirements(base, load_base_model(base))
    except MednerError as error:
        return str(error)


def _one_run_a_version(
    context: dg.ScheduleEvaluationContext, skipped: Callable[[str], str | None]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run of each version that was ever trained, but those that `skipped` gives a reason for."""
    trained = [key for key in VERSIONS.get_partition_keys() if paths.adapter(key).exists()]
    if not trained:
        yield dg.SkipReason(
            "no version has been trained yet: run `medner train` or the job version_chain first"
        )
        return
    reasons = {key: reason for key in trained if (reason := skipped(key)) is not None}
    told = "; ".join(f"{key}: {reason}" for key, reason in reasons.items())
    if len(reasons) == len(trained):
        yield dg.SkipReason(told)
        return
    if reasons:
        context.log.info(f"skipped {told}")
    tick = f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M}"
    for key in trained:
        if key not in reasons:
            yield dg.RunRequest(run_key=f"{tick}/{key}", partition_key=key)
