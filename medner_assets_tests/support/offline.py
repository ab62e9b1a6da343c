"""Watch over every Python process below a command: nothing may call out of this machine.

A hook of Python's own, put on PYTHONPATH as `sitecustomize`, so that all child processes have it too. What is
not this machine is refused and noted; a name that is looked up is noted as well.
"""

import os
import shutil
import subprocess
from pathlib import Path

_HOOK = """
import os, sys

_NOTE, _HERE = os.environ["MEDNER_CALLS"], ("127.", "::1", "localhost", "0.0.0.0", "::")

def _hook(event, arguments):
    if event not in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        return
    address = arguments[0] if event in ("socket.getaddrinfo", "socket.gethostbyname") else arguments[1]
    host = address[0] if isinstance(address, tuple) else address
    if host is None or isinstance(address, (str, bytes)) and event.startswith(("socket.con", "socket.send")):
        return  # a socket in the file system
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name.startswith(_HERE):
        return
    with open(_NOTE, "a") as note:
        note.write(f"{event} {name} {' '.join(sys.orig_argv)[:200]}\\n")
    raise OSError(f"{event} {name}: nothing may call out")

sys.addaudithook(_hook)
"""


def offline(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """Return an environment whose Python processes cannot call out; `folder` holds the hook and the notes."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_HOOK)
    path = os.pathsep.join(part for part in (str(folder), environment.get("PYTHONPATH", "")) if part)
    return {**environment, "PYTHONPATH": path, "MEDNER_CALLS": str(folder / "calls.txt")}


def calls(folder: Path) -> list[str]:
    """Return what was called or looked up, a line each."""
    note = folder / "calls.txt"
    return note.read_text().splitlines() if note.exists() else []


def without_network() -> list[str]:
    """Return what starts a command without a network but loopback; empty where not allowed."""
    start = [
        "unshare",
        "--user",
        "--map-root-user",
        "--net",
        "sh",
        "-c",
        'ip link set lo up; exec "$@"',
        "sh",
    ]
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return []
    tried = subprocess.run([*start, "true"], capture_output=True, check=False)
    return start if tried.returncode == 0 else []
