"""Where Dagster keeps what steps print: its own files, and the terminal only where nobody else uses it.

Dagster mirrors a step's output to the terminal by two helper processes per stream. Beside a command of ours
that is of no use: the command shows the run itself, and on Ctrl-C the helpers print their traces.
"""

import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from dagster._core.execution.compute_logs import redirect_to_file
from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._serdes import ConfigurableClassData
from dagster._utils import ensure_file, touch_file

_mirrored = ContextVar("mirrored", default=True)


@contextmanager
def not_mirrored() -> Iterator[None]:
    """Keep what steps print in files only, for the length of the block."""
    token = _mirrored.set(False)
    try:
        yield
    finally:
        _mirrored.reset(token)


class ComputeLogs(LocalComputeLogManager):
    """Dagster's local compute logs, which `not_mirrored` keeps off the terminal."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "ComputeLogs":
        """Return the manager that dagster.yaml describes."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Generator[CapturedLogContext, None, None]:
        """Write standard output and standard error of the block to the files of `log_key`."""
        if _mirrored.get():
            with super().capture_logs(log_key) as context:
                yield context
            return
        out, error = (
            self.get_captured_local_path(log_key, "out" if kind is ComputeIOType.STDOUT else "err")
            for kind in (ComputeIOType.STDOUT, ComputeIOType.STDERR)
        )
        ensure_file(out)
        ensure_file(error)
        with redirect_to_file(sys.stdout, out), redirect_to_file(sys.stderr, error):
            yield CapturedLogContext(log_key)
        touch_file(self.complete_artifact_path(log_key))
