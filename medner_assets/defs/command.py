"""What an engine runs: one command of one step, and the shape of an engine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg


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


Engine = Callable[[Command], int]
"""Runs a command and returns its exit code, negative for a signal; raises MednerError where it cannot."""
