"""The run launcher that dagster.yaml names: Dagster's own, which also knows whether a run's process lives.

So the daemon ends the record of a run whose process was killed, whoever started it, and gives its place in
the pool back; and "Terminate" in the UI also ends a run that a command executes.
"""

import time
from collections.abc import Mapping
from typing import Any, Self

from dagster import DagsterRun
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._serdes import ConfigurableClassData

from medner_assets.defs.supervision import is_alive, mark_of

_UNMARKED_SECONDS = 120.0
"""A run marks itself when its first step begins, seconds after its start."""


class Launcher(DefaultRunLauncher):
    """Starts runs in the code server, as Dagster does by default."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> Self:
        """Return the launcher as dagster.yaml states it; it has no settings."""
        return cls(inst_data=inst_data)

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether the daemon may ask: yes."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Tell whether the process that a run is marked with still runs."""
        mark = mark_of(run)
        if mark is not None:
            lives = is_alive(mark)
        else:
            record = self._instance.get_run_record_by_id(run.run_id)
            began = record.start_time if record is not None else None
            lives = began is None or time.time() - began < _UNMARKED_SECONDS
        if lives:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "the process of this run is gone: start it again")

    def terminate(self, run_id: str) -> bool:
        """End a run; a run of the command line sees within a second that it is to end."""
        run = self._instance.get_run_by_id(run_id)
        if (
            run is not None
            and not run.is_finished
            and GRPC_INFO_TAG not in run.tags
            and mark_of(run) is not None
        ):
            self._instance.report_run_canceling(run)
            return True
        return bool(super().terminate(run_id))
