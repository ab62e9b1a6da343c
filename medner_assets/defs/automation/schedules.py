"""Schedules; all are stopped until someone starts them in the UI."""

from collections.abc import Iterator

import dagster as dg

from medner_assets import paths
from medner_assets.defs.automation.jobs import evaluate, version_chain
from medner_assets.defs.partitions import VERSIONS


@dg.schedule(
    job=version_chain,
    cron_schedule="0 2 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def weekly_retrain(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Every Sunday, the whole chain of each version that was ever trained.

    A version whose recipe, data and base are unchanged is not trained again; its run says so.
    """
    yield from _one_run_a_version(context)


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
    yield from _one_run_a_version(context)


def _one_run_a_version(
    context: dg.ScheduleEvaluationContext,
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    trained = [key for key in VERSIONS.get_partition_keys() if paths.adapter(key).exists()]
    if not trained:
        yield dg.SkipReason("no version was ever trained: run `medner train` or the job version_chain first")
    tick = f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M}"
    for key in trained:
        yield dg.RunRequest(run_key=f"{tick}/{key}", partition_key=key)
