"""What `medner train` says, and leaves running, when one of two processes that train together fails."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil

from medner_assets.modeling.requirements import visible_gpus

if TYPE_CHECKING:
    from benchmarks.two_gpus import Project

FILL = """
import sys, torch
card, leave = torch.device("cuda", int(sys.argv[1])), int(sys.argv[2])
free, _ = torch.cuda.mem_get_info(card)
kept = torch.empty(max(0, free - leave), dtype=torch.uint8, device=card)
print("filled", flush=True)
sys.stdin.read()
"""


def faults(project: "Project") -> dict[str, Any]:
    """Return, per fault: exit status, last line, and the processes that were left."""
    found = {
        "a rank dies": outcome(project, kill=True),
        "NCCL cannot start": outcome(project, NCCL_SOCKET_IFNAME="absent0", NCCL_IB_DISABLE="1"),
    }
    if len(visible_gpus()) > 1:
        for leave in (3 << 30, 256 << 20):
            with filled(1, leave):
                found[f"{leave >> 20} MiB free on one card"] = outcome(project, seconds=60)
    return found


def outcome(
    project: "Project", *, kill: bool = False, seconds: float = 150, **environment: str
) -> dict[str, Any]:
    """Start the training, kill its second process if asked, and say how it ended.

    A training that is still running after `seconds` is taken as one that works, and interrupted.
    """
    said = project.checkout.root / "said"
    said.write_text("")
    process = project.start("train", "faulty", **environment)
    interrupted = False
    began = time.monotonic()
    while process.poll() is None:
        second = [each for each in ranks_of(project) if each.environ().get("RANK") == "1"]
        if kill and second and stepped(project):
            second[0].send_signal(signal.SIGKILL)
            kill = False
        if time.monotonic() - began > seconds:
            interrupted = True
            process.send_signal(signal.SIGINT)
            process.wait(60)
        time.sleep(0.5)
    took = time.monotonic() - began
    time.sleep(2)
    lines = said.read_text(errors="replace").strip().splitlines()
    return {
        "exit": process.returncode,
        "interrupted_while_training": interrupted and stepped(project),
        "seconds": round(took, 1),
        "last_line": lines[-1].replace(str(project.checkout.root), ".") if lines else "",
        "left": [" ".join(each.cmdline())[:200] for each in ranks_of(project)],
    }


def stepped(project: "Project") -> bool:
    """Return whether the training has begun its steps."""
    return any((project.data / "work" / "faulty").rglob("progress.json"))


def ranks_of(project: "Project") -> list[psutil.Process]:
    """Return the processes that train for this project."""
    found = []
    for each in psutil.process_iter():
        try:
            if "medner_assets.modeling.training.train" in each.cmdline() and each.environ().get(
                "MEDNER_DATA"
            ) == str(project.data):
                found.append(each)
        except psutil.Error:
            continue
    return found


@contextmanager
def filled(card: int, leave: int) -> Iterator[None]:
    """Hold all memory of a card but `leave` bytes, for the length of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", FILL, str(card), str(leave)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ.copy(),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        if process.stdout.readline() != "filled\n":
            raise RuntimeError(f"card {card} could not be filled")
        yield
    finally:
        process.stdin.close()
        process.wait(30)
