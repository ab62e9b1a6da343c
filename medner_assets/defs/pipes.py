"""Run one of the project's own processes from an asset, over Dagster Pipes, on the engine of `engines.py`.

Its log lines appear in the run's log as they are written; how far it is stands in `progress.json` of its
scratch folder. A process that ends with 1 has said why in one line, and that line fails the asset.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from medner_assets.defs.command import Beside, Command
from medner_assets.defs.engines import engine
from medner_assets.defs.processes import has_trace, last_line
from medner_assets.environment import of_step
from medner_assets.errors import MednerError
from medner_assets.files import write_private


def run_process(
    context: dg.AssetExecutionContext,
    module: str,
    job: Mapping[str, Any],
    *,
    folder: Path,
    held: int,
    what: str,
    offline: bool,
    shares_host: bool = False,
    resources: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    beside: Sequence[Beside] = (),
) -> None:
    """Run `python -m <module> --job <folder>/job.json` and return when it has succeeded.

    job: what the process is to do, as JSON. folder: the step's own folder. held: the lock that the process
    keeps. what: names the work in messages. offline: nothing may be fetched from a hub.
    shares_host: whether it works on one GPU, see `cards.py`. resources: what the recipe asks of a batch
    system. arguments: more of them. beside: what runs with it as one job array, where the engine has them.
    Raises MednerError with the process's own line when it ended with 1, else with the place of its log.
    """
    argv = [*command_of(module, job, folder), *arguments]
    environment = of_step(offline=offline)
    code = engine()(
        Command(context, argv, environment, folder, held, what, shares_host, resources or {}, beside)
    )
    if code != 0:
        raise MednerError(explained(code, folder / "stderr.log", what))


def command_of(module: str, job: Mapping[str, Any], folder: Path) -> list[str]:
    """Write a job into its step's folder and return the command that does it."""
    file = folder / "job.json"
    write_private(file, json.dumps(job, indent=1, sort_keys=True))
    return [sys.executable, "-m", module, "--job", str(file)]


_QUOTES_NO_DOCUMENT = {
    "TypeError", "AttributeError", "ImportError", "ModuleNotFoundError", "RuntimeError", "IndexError",
    "OutOfMemoryError", "NotImplementedError", "FileNotFoundError", "PermissionError", "OSError",
    "MemoryError", "AssertionError", "NoMatchingPeftModuleError",
}  # fmt: skip
"""Errors of libraries about shapes, names and files. The message of any other may hold clinical text."""


def explained(code: int, log: Path, what: str) -> str:
    """Return the one line that says why a process failed. code: its exit code, negative for a signal."""
    said = last_line(log)
    if code == 1 and said and not has_trace(log):
        return said.removeprefix("Error: ")
    if code == -9:
        return f"{what} was killed by the system, most likely for want of memory: see {log}"
    if code == 1 and said and (reason := _reason(said)):
        return f"{what} broke ({reason}): its trace is in {log}"
    ended = f"ended with exit code {code}" if code >= 0 else f"was ended by signal {-code}"
    return f"{what} {ended}: its reason is in {log}"


def _reason(said: str) -> str:
    """Return what a trace ends with: the error, and its message where that can quote no document."""
    kind, _, message = said.partition(": ")
    name = kind.rpartition(".")[2]
    if not name.isidentifier() or not name.endswith(("Error", "Exception", "Interrupt")):
        return ""
    return f"{name}: {message[:200]}" if name in _QUOTES_NO_DOCUMENT and message else name
