"""Commands of a checkout on an engine, and what they leave: tables, weights, the last line of a refusal."""

import subprocess
import sys
import time
from collections.abc import Callable

import polars as pl

from medner_assets_tests.support.checkout import Checkout

SAME = ("completions", "predicted_entities", "predicted_relations", "metrics", "document_scores")
"""Tables that do not depend on the engine."""


def chain(checkout: Checkout, more: dict[str, str]) -> float:
    """Train and evaluate once; return the seconds."""
    began = time.monotonic()
    for command in ("train", "evaluate"):
        ran = run(checkout, more, command, "tiny-v1")
        if ran.returncode != 0:
            sys.exit(f"{command}: {ran.stderr}")
    return round(time.monotonic() - began, 1)


def started(checkout: Checkout, more: dict[str, str], *arguments: str) -> "subprocess.Popen[str]":
    """Start a command of the checkout."""
    return subprocess.Popen(
        [sys.executable, "-m", "medner_assets.cli", *arguments],
        cwd=checkout.root,
        env={**checkout.environment(), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(checkout: Checkout, more: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the checkout to its end."""
    process = started(checkout, more, *arguments)
    out, err = process.communicate(timeout=1200)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def one_line(ran: "subprocess.CompletedProcess[str]", reason: str) -> bool:
    """Tell whether a command was refused, its last line says why, and no line is of a trace."""
    lines = ran.stderr.strip().splitlines()
    return ran.returncode == 1 and reason in lines[-1] and "Traceback" not in ran.stderr


def rows(checkout: Checkout, table: str, version: str = "tiny-v1") -> pl.DataFrame:
    """The rows of a table but for times."""
    frame = checkout.rows(table, version)
    return frame.drop([name for name in ("seconds",) if name in frame.columns])


def weights(checkout: Checkout, version: str = "tiny-v1") -> bytes:
    """The file of an adapter's weights."""
    return (checkout.data / "adapters" / version / "adapter_model.safetensors").read_bytes()


def awaited(condition: Callable[[], object], seconds: float) -> float | bool:
    """Return after how many seconds something held, False if it did not in time."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if condition():
            return round(time.monotonic() - began, 1)
        time.sleep(0.2)
    return False
