"""Run assets through Dagster for the command line, on the instance that the UI shows.

Runs execute in this process: a step needs no start of its own, Ctrl-C ends what it started, and the pool's
slots are those that the daemon's runs wait for too.
"""

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from medner_assets import paths
from medner_assets.errors import MednerError
from medner_assets.interruption import Interruption
from medner_assets.progress_display import Display, own_stderr
from medner_assets.recipes.replicates import version_and_index

if TYPE_CHECKING:
    from dagster import DagsterEvent, DagsterInstance, JobDefinition
    from dagster._core.remote_origin import RemoteJobOrigin

LOCATION = "medner"
"""The code location's name in workspace.yaml."""

_ENDED_FROM_OUTSIDE = ("CANCELING", "CANCELED", "DELETED")
_FAILED_POLLS = 3

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

Metadata = dict[str, dict[str, Any]]
"""Asset → what its materialisation reported, plain values by name."""


def launch(
    assets: Sequence[str], partition: str | None = None, config: Mapping[str, Mapping[str, Any]] | None = None
) -> Metadata:
    """Materialise assets with their checks, in one run, for one partition; return what they reported.

    assets: names, in any order. config: asset → its configuration. Progress goes to standard error.
    Raises MednerError with the line of the step that failed; what the steps before it made stays.
    """
    with instance() as dagster, own_stderr() as console:
        watched = (
            [
                paths.work(partition, step) / "scratch" / "progress.json"
                for step in ("training", "generation", "annotation")
            ]
            if partition
            else []
        )
        display = Display(console, watched)
        with display.shown():
            return _execute(dagster, assets, partition, config or {}, display)


@contextmanager
def instance() -> "Iterator[DagsterInstance]":
    """Yield the project's Dagster instance, whatever the working directory and DAGSTER_HOME were.

    Runs whose process was killed are ended first, and give their places in the pool back. The daemon does
    the same where it runs (see `defs/run_launcher.py`); a command must not wait for it.
    """
    with opened() as dagster:
        from medner_assets.defs.instance import abandoned_runs

        for run in abandoned_runs(dagster):
            dagster.report_run_failed(run, "The process that executed this run was killed.")
            dagster.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        yield dagster


@contextmanager
def opened() -> "Iterator[DagsterInstance]":
    """Yield the project's Dagster instance as it is, to look at."""
    # dagster.yaml names its storage relative to the working directory of whoever starts it.
    paths.settle()
    os.chdir(paths.project())
    os.environ["DAGSTER_HOME"] = str(paths.project())
    # Dagster itself makes its folder readable by all where `dagster dev` was first.
    paths.private_folder(paths.DAGSTER_STORAGE).chmod(0o700)
    from dagster import DagsterInstance

    with readable_storage(), _told_once(), DagsterInstance.get() as dagster:
        yield dagster


@contextmanager
def _told_once() -> Iterator[None]:
    """Keep back what dagster-postgres says of each attempt to reach its database: the error says it once."""

    def is_wanted(record: logging.LogRecord) -> bool:
        return "Retrying failed database connection" not in str(record.msg)

    root = logging.getLogger()
    root.addFilter(is_wanted)
    try:
        yield
    finally:
        root.removeFilter(is_wanted)


@contextmanager
def readable_storage() -> Iterator[None]:
    """Tell in one line that a database of Dagster's is corrupt: what is in the warehouse does not need it."""
    from sqlalchemy.exc import DatabaseError

    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig)
        if "not a database" not in reason and "malformed" not in reason:
            raise
        raise MednerError(
            f"a database of {paths.DAGSTER_STORAGE / 'storage'} is corrupt ({reason}): restore that folder "
            "from a copy, or move it away to begin a new history of runs; adapters and tables stay"
        ) from None


def _execute(
    dagster: "DagsterInstance",
    assets: Sequence[str],
    partition: str | None,
    config: Mapping[str, Mapping[str, Any]],
    display: Display,
) -> Metadata:
    """Execute one run and return what its assets reported; raise MednerError when it failed."""
    from dagster import AssetKey
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run_iterator
    from dagster._core.utils import make_new_run_id

    from medner_assets.defs.compute_logs import not_mirrored
    from medner_assets.defs.partitions import LEFT_OUT, LEFT_OUT_DATASETS
    from medner_assets.defs.supervision import PROCESS_TAG, process_mark

    left_out = {**LEFT_OUT, **LEFT_OUT_DATASETS}
    keys = [AssetKey(name) for name in assets]
    job = _job_of_all_assets()
    run_id = make_new_run_id()
    tags = {PROCESS_TAG: process_mark(run_id, os.getpid())}
    if partition is not None:
        if reason := left_out.get(version_and_index(partition)[0]):
            raise MednerError(f"{partition} cannot be made here: {reason}")
        tags |= job.get_tags_for_partition_key(partition, selected_asset_keys=keys)
    run = dagster.create_run_for_job(
        job_def=job,
        run_id=run_id,
        run_config={**_QUIET, "ops": {name: {"config": dict(each)} for name, each in config.items()}},
        tags=tags,
        asset_selection=frozenset(keys),
        remote_job_origin=_origin(job),
    )
    failure, reported, interruption = None, Metadata(), Interruption()
    with not_mirrored(), interruption.awaited(_Ended(dagster, run.run_id)):
        for event in execute_run_iterator(InMemoryJob(job), run, dagster):
            reason = _told(event, assets, display)
            failure = failure or reason
            # Dagster handles signals by itself while a step runs.
            interruption.signalled |= _is_interrupted(event)
            if event.is_step_materialization and event.asset_key is not None:
                values = event.step_materialization_data.materialization.metadata
                reported[event.asset_key.to_user_string()] = {
                    name: each.value for name, each in values.items()
                }
    if interruption.terminated:
        what = "was terminated in the UI or exceeded its time limit"
        raise MednerError(f"run {run.run_id[:8]} {what}: finished steps are kept")
    if interruption.signalled:
        raise KeyboardInterrupt
    if _status(dagster, run.run_id) != "SUCCESS":
        raise MednerError(
            failure or f"run {run.run_id[:8]} ended without success: see it in the UI ({paths.UI})"
        )
    return reported


class _Ended:
    """Tells whether someone ended the run: in the UI, or the daemon after its longest time.

    Of its own accord a run fails a moment before its command ends: only a failure that stays counts.
    """

    def __init__(self, dagster: "DagsterInstance", run_id: str) -> None:
        self._dagster, self._run_id, self._failed = dagster, run_id, 0

    def __call__(self) -> bool:
        status = _status(self._dagster, self._run_id)
        self._failed += status == "FAILURE"
        return status in _ENDED_FROM_OUTSIDE or self._failed >= _FAILED_POLLS


def _status(dagster: "DagsterInstance", run_id: str) -> str:
    run = dagster.get_run_by_id(run_id)
    return run.status.value if run is not None else "DELETED"


@cache
def _job_of_all_assets() -> "JobDefinition":
    """Return the job that the UI runs when assets are picked by hand."""
    from medner_assets.definitions import defs

    return defs().resolve_implicit_global_asset_job_def()


def _told(event: "DagsterEvent", assets: Sequence[str], display: Display) -> str | None:
    """Show an event on the display; return why, when it ends the run."""
    step = (event.step_key or "").replace("_", " ")
    if event.is_step_start:
        display.started(step)
    elif event.is_step_success and event.step_key in assets:
        seconds = event.step_success_data.duration_ms / 1000
        display.finished(f"✓ {step} ({seconds:.1f} s)")
    elif event.event_type_value == "ASSET_CHECK_EVALUATION":
        return _blocked(event)
    elif event.is_step_failure and not _is_interrupted(event):
        display.finished(f"✗ {step}")
        return _reason(event)
    return None


def _blocked(event: "DagsterEvent") -> str | None:
    """Return what a check says that does not pass and blocks; the failure of its step only names it."""
    from dagster import AssetCheckSeverity

    check = event.asset_check_evaluation_data
    if check.passed or not check.blocking or check.severity is not AssetCheckSeverity.ERROR:
        return None
    return check.description or f"check {check.check_name} of {check.asset_key.to_user_string()} did not pass"


def _is_interrupted(event: "DagsterEvent") -> bool:
    from dagster._core.execution.plan.objects import ErrorSource

    return event.is_step_failure and event.step_failure_data.error_source is ErrorSource.INTERRUPT


def _reason(event: "DagsterEvent") -> str:
    """Return the one line of a failed step: its own words, else the innermost error's."""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return " ".join(data.user_failure_data.description.split())
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    message = error.message if error is not None else "no reason given"
    return f"{event.step_key}: {' '.join(message.split())}"


def _origin(job: "JobDefinition") -> "RemoteJobOrigin":
    """Return where the UI finds the job: in the code location of workspace.yaml."""
    from dagster._core.remote_origin import (
        ManagedGrpcPythonEnvCodeLocationOrigin,
        RemoteJobOrigin,
        RemoteRepositoryOrigin,
    )
    from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

    target = LoadableTargetOrigin(
        executable_path=sys.executable,
        module_name="medner_assets.definitions",
        working_directory=str(paths.project()),
    )
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job.name)
