"""What an engine runs: one command of one step, what may run beside it, and the shape of an engine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg


@dataclass(frozen=True, slots=True)
class Beside:
    """A command that an engine with job arrays runs as another task of the same array. It tells Dagster
    nothing."""

    argv: Sequence[str]
    folder: Path
    """The folder of the step that it works for, which also is what names the work."""
    log: Path
    """Where it leaves what it said on standard error."""
    what: str
    is_own_work: bool
    """Whether it has a result of its own, which is waited for. Else it helps: nobody needs it any more when
    the first command has ended."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of one step. folder: the step's own, which is also what names the work."""

    context: dg.AssetExecutionContext
    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    held: int
    """The lock that must outlive this process where the command does; a remote one cannot keep it."""
    what: str
    shares_host: bool = False
    """Whether the command works on one GPU, so that it gets one of its own where the host has several."""
    resources: Mapping[str, str] = field(default_factory=dict)
    """What its recipe asks of a batch system, before what the environment does."""
    beside: Sequence[Beside] = ()
    """Only for an engine that `has_arrays`."""


Engine = Callable[[Command], int]
"""Runs a command and returns its exit code, negative for a signal; raises MednerError where it cannot."""
