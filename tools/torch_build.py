"""Which build of torch `make setup` installs, and how large it is.

The public index has one torch for each platform: on Linux the CUDA build. PyTorch's own CPU index has a build
that is a fourteenth of its size. Standard library only: this runs before anything is installed.
"""

import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
OWN = "default"
"""The value of TORCH_INDEX that asks for pip's own index."""

DEADLINE_S = 5.0
"""How long the CPU index may take to answer, from the first byte sent to the last one read."""
_LONGEST_PAGE = 20_000_000

MEASURED = "2.13.0"
"""The torch whose sizes these are, with all that it needs, as `pip install --dry-run` names each file's."""
SIZES = {"cpu": "0.2 GB", "Linux-x86_64": "2.7 GB", "Darwin": "0.1 GB"}


@dataclass(frozen=True)
class Choice:
    """What pip is given for torch: options, and the line that says why."""

    options: tuple[str, ...]
    line: str


@dataclass(frozen=True)
class Machine:
    """What the choice depends on. `gpu`: the first GPU that nvidia-smi lists, None where it lists none."""

    system: str
    processor: str
    tag: str
    gpu: str | None


def this_machine() -> Machine:
    """Describe the machine and the Python that run this."""
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    return Machine(platform.system(), platform.machine(), tag, first_gpu())


def first_gpu() -> str | None:
    """Return the name of the first GPU that `nvidia-smi -L` lists; None where there is none."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return None
    try:
        asked = subprocess.run([command, "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"^GPU \d+: (.+?)(?: \(UUID.*)?$", asked.stdout, re.MULTILINE)
    return found.group(1) if found and asked.returncode == 0 else None


def choose(
    version: str,
    override: str,
    machine: Machine,
    lacks: Callable[[str, str, Machine], str | None] | None = None,
) -> Choice:
    """Choose where torch comes from.

    version: the pinned one, e.g. `2.13.0`. override: TORCH_INDEX, empty where the user leaves the choice.
    lacks: says why an index cannot serve this machine (see `what_lacks`), None if it can.
    """
    own_size = _size_of_own(machine)
    if override == OWN:
        return Choice((), f"torch {version} from pip's own index ({own_size}): TORCH_INDEX={OWN} asks for it")
    if override:
        return Choice(_only(override), f"torch {version} from {override}: TORCH_INDEX names it")
    if machine.system == "Darwin":
        return Choice((), f"torch {version} from pip's own index ({own_size}): this is a Mac")
    if machine.gpu is not None:
        return Choice(
            (), f"torch {version} from pip's own index ({own_size}): nvidia-smi lists {machine.gpu}"
        )
    lacking = (lacks or what_lacks)(CPU_INDEX, version, machine)
    if lacking is None:
        why = "no GPU is here; TORCH_INDEX=default takes pip's own index instead"
        return Choice(
            _only(CPU_INDEX), f"torch {version}, CPU build ({SIZES['cpu']}) from {CPU_INDEX}: {why}"
        )
    return Choice(
        (),
        f"torch {version} from pip's own index ({own_size}): no GPU is here, but {CPU_INDEX} {lacking}; "
        "TORCH_INDEX=URL names another index",
    )


def what_lacks(index: str, version: str, machine: Machine, deadline_s: float = DEADLINE_S) -> str | None:
    """Return why `index` cannot serve torch to this machine, in words that follow its name; None if it can.

    Never takes longer than the deadline, whatever the index, the network or the name server does.
    """
    answer: list[str | Exception] = []

    def ask() -> None:
        try:
            answer.append(_page(f"{index.rstrip('/')}/torch/", deadline_s))
        except Exception as error:  # noqa: BLE001 - whatever it was, the index did not serve; it is said below
            answer.append(error)

    # Looking a name up has no time limit of its own: a thread that is left behind has.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(deadline_s)
    if not answer or isinstance(answer[0], TimeoutError):
        return f"did not answer within {deadline_s:g} s"
    if isinstance(answer[0], Exception):
        return f"cannot be reached ({_reason(answer[0])})"
    release = rf"torch-{re.escape(version)}(?:(?:%2B|\+)cpu)?"
    wheel = rf"{release}-{machine.tag}-{machine.tag}-[\w.]*{machine.processor}\.whl"
    if re.search(wheel, answer[0], re.IGNORECASE) is None:
        return f"has no torch {version} for {machine.tag} on {machine.system} {machine.processor}"
    return None


def _page(url: str, deadline_s: float) -> str:
    """Return a page of an index; raise what went wrong, TimeoutError past the deadline."""
    end = time.monotonic() + deadline_s
    request = urllib.request.Request(url, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=deadline_s, context=_trust(os.environ)) as response:
        read = b""
        # read1 returns what is there: an index that sends a byte a second must not hold the set-up up.
        while piece := response.read1(65536):
            read += piece
            if time.monotonic() > end or len(read) > _LONGEST_PAGE:
                raise TimeoutError
    return read.decode("utf-8", "replace")


def _trust(environment: Mapping[str, str]) -> ssl.SSLContext:
    """Return the certificates that pip would trust too."""
    return ssl.create_default_context(cafile=environment.get("PIP_CERT") or None)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    inner = getattr(error, "reason", None)
    return " ".join(str(inner or error).split()) or type(error).__name__


def _only(index: str) -> tuple[str, ...]:
    # What torch needs comes from pip's own index in the next step: a torch index has other versions of it.
    return ("--index-url", index, "--no-deps")


def _size_of_own(machine: Machine) -> str:
    key = machine.system if machine.system == "Darwin" else f"{machine.system}-{machine.processor}"
    size = SIZES.get(key)
    if size is None:
        return "size unknown"
    return size if machine.system == "Darwin" else f"{size} with CUDA, unless its configuration has another"
