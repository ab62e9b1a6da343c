"""What Dagster's instance tells of runs, their processes and the daemon. Looks only."""

import dagster as dg

from medner_assets.defs.supervision import is_alive, mark_of, pid_of

LATEST_BEAT_SECONDS = 120.0
"""A daemon tells that it lives every 30 seconds; Dagster itself takes it for alive for half an hour."""


def unfinished_runs(dagster: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Return the runs that are under way or about to be."""
    statuses = (
        dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    )  # fmt: skip
    return list(dagster.get_runs(filters=dg.RunsFilter(statuses=list(statuses))))


def abandoned_runs(dagster: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Return the unfinished runs whose process is gone."""
    marked = [(run, mark_of(run)) for run in unfinished_runs(dagster)]
    return [run for run, mark in marked if mark is not None and not is_alive(mark)]


def processes_of_runs(dagster: dg.DagsterInstance) -> dict[int, str]:
    """Return the process that executes a run on this host → the run's id, of all unfinished runs."""
    numbers = {run.run_id: pid_of(mark_of(run) or "") for run in unfinished_runs(dagster)}
    return {pid: run_id for run_id, pid in numbers.items() if pid is not None}


def waiting_runs(dagster: dg.DagsterInstance) -> int:
    """Return how many runs are queued: only a daemon starts them."""
    return dagster.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))


def runs_of(dagster: dg.DagsterInstance, partition: str) -> list[str]:
    """Return the ids of all runs of a partition."""
    filters = dg.RunsFilter(tags={"dagster/partition": partition})
    return [run.run_id for run in dagster.get_runs(filters=filters)]


def started_automation(dagster: dg.DagsterInstance) -> list[str]:
    """Return the schedules and sensors that someone started."""
    return sorted(
        state.instigator_name for state in dagster.all_instigator_state() if state.status.value == "RUNNING"
    )


def last_beat(dagster: dg.DagsterInstance) -> float | None:
    """Return when a daemon last told that it lives, in seconds since 1970; None: none ever did."""
    beats = dagster.get_daemon_statuses().values()
    return max((beat.last_heartbeat.timestamp for beat in beats if beat.last_heartbeat), default=None)
