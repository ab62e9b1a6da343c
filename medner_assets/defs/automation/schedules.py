"""Schedules; all are stopped until someone starts them in the UI."""

from collections.abc import Callable, Iterator

import dagster as dg

from medner_assets import paths
from medner_assets.defs.automation.jobs import evaluate, train_and_evaluate_version
from medner_assets.defs.obstacles import obstacle_to
from medner_assets.defs.partitions import VERSIONS
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.shared import bring
from medner_assets.defs.state import state_of


@dg.schedule(
    job=train_and_evaluate_version,
    cron_schedule="0 2 * * 0",
    execution_timezone="UTC",
    description=(
        "Sundays at 2:00 UTC: makes each version anew that was trained before and whose recipe, data or base "
        "changed since. A version that would come out the same is skipped; the tick says why."
    ),
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
    description=(
        "Mondays to Saturdays at 3:00 UTC: evaluates each version that was trained. Completions of the same "
        "weights, data and decoding are reused; scores and reports are made anew."
    ),
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def nightly_evaluation(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Every other night, the evaluation of each version that was ever trained.

    Completions of the same weights, data and decoding are reused; scores and reports are made anew.
    """
    yield from _one_run_a_version(context, obstacle_to)


def nothing_to_train(version: str) -> str | None:
    """Return why training a version would change nothing, or is not possible; None: train it."""
    state = state_of(version, Warehouse.of_no_run())
    if state.obstacle is not None or "adapter" in state.reasons:
        return state.obstacle
    return "its adapter is of the present recipe, data and base"


def _one_run_a_version(
    context: dg.ScheduleEvaluationContext, skipped: Callable[[str], str | None]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run of each version that was ever trained, but those that `skipped` gives a reason for."""
    bring()
    trained = [key for key in VERSIONS.get_partition_keys() if paths.adapter(key).exists()]
    if not trained:
        yield dg.SkipReason(
            "no version has been trained yet: start the job train_and_evaluate_version, or run `medner train`"
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
