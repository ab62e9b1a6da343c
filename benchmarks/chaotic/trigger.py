"""Kill -9 from within, at one moment of one phase; put on PYTHONPATH as `sitecustomize` by `kills.py`.

MEDNER_CHAOS names the phase and how many of its moments pass first: `reporting:7`. A moment is a file below
the data folder that is opened, renamed, made or removed by the main thread: just before it happens, the
process is gone. MEDNER_CHAOS_NOTE names the file that then says where it was.
"""

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

_EVENTS = ("open", "os.rename", "os.mkdir", "os.remove", "os.link")
_ASSETS = {
    "dataset": "building", "dataset_audit": "building",
    "recipe": "handing over", "adapter": "handing over", "completions": "handing over",
    "predictions": "scoring", "metrics": "scoring",
    "comparison_report": "reporting", "leaderboard": "reporting", "champion": "reporting",
}  # fmt: skip


def _asset(frame: FrameType | None) -> str | None:
    """Return the asset whose function is on the stack."""
    while frame is not None:
        code = frame.f_code
        if code.co_name in _ASSETS and "medner_assets/defs" in code.co_filename:
            return code.co_name
        frame = frame.f_back
    return None


def _install(wanted: str, left: int, data: str, note: str) -> None:
    passed = [0]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _EVENTS or not arguments or not isinstance(arguments[0], (str, bytes, os.PathLike)):
            return
        name = os.fsdecode(arguments[0])
        if not name.startswith(data) or name.endswith((".log", ".pyc")) or "/dagster/" in name:
            return
        if threading.current_thread() is not threading.main_thread():
            return
        asset = _asset(sys._getframe())
        if asset is None:
            return
        phase = "publishing" if event in ("os.rename", "os.link") else _ASSETS[asset]
        if phase != wanted:
            return
        passed[0] += 1
        if passed[0] > left:
            where = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(where, f"{phase} {asset} {event} {name.rpartition(os.sep)[2]}".encode())
            os.close(where)
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if "MEDNER_CHAOS" in os.environ and "modeling" not in " ".join(sys.orig_argv):
    _phase, _, _count = os.environ["MEDNER_CHAOS"].partition(":")
    _install(_phase, int(_count), os.environ["MEDNER_DATA"], os.environ["MEDNER_CHAOS_NOTE"])
