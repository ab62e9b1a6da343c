"""A dataset's audit beside the training that needs the dataset: `python -m
medner_assets.commands.audit_beside DATASET`.

An audit takes a core for seconds to minutes and no GPU; a training on a GPU, or on another machine, leaves
cores idle here.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from medner_assets.environment import engine_name, of_child
from medner_assets.errors import MednerError
from medner_assets.interruption import dies_with
from medner_assets.launching import launch
from medner_assets.modeling.requirements import visible_gpus
from medner_assets.terminal import user_errors

_LEAST_CORES = 3
"""The training's process keeps one busy, and the run that supervises it another."""


def leaves_cores_idle() -> bool:
    """Tell whether a training that is started now computes elsewhere than on this machine's cores."""
    if (os.cpu_count() or 1) < _LEAST_CORES:
        return False
    return engine_name() != "local" or bool(visible_gpus())


@contextmanager
def audited_beside(dataset: str) -> Iterator[None]:
    """Audit a dataset that is built, in a run and a process of its own while the block runs.

    Raises MednerError, once the block has succeeded, where the audit failed. An audit is ended with a block
    that raises, and asked for again by the next training.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "medner_assets.commands.audit_beside", dataset],
        env=of_child(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=dies_with(os.getpid()),
    )
    try:
        yield
        said = process.communicate()[1].strip()
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate()
    if process.returncode:
        reason = said.splitlines()[-1] if said else f"it ended with {process.returncode}"
        raise MednerError(f"{dataset} was not audited: {reason.removeprefix('Error: ')}")
    click.echo(said, err=True)


def main() -> None:
    """Audit the dataset that is named."""
    with user_errors():
        launch(["dataset_audit"], sys.argv[1])


if __name__ == "__main__":
    main()
