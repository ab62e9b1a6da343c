"""Make .venv and install the pinned packages into it: `make setup` and `make test` run this.

`install.py run` installs medner, `install.py dev` what its checks and tests need too; `install.py same` says
when .venv was made by another Python than the one that runs this. Standard library only. What goes wrong is
one line on standard error and exit code 1; pip's own words are kept in .venv/install.log.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from torch_build import choose, this_machine

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
CONSTRAINTS = CHECKOUT / "constraints.txt"


class Refused(Exception):
    """What stands in the way, in one line."""


def main(arguments: list[str]) -> int:
    """Do what is asked; return the exit code."""
    try:
        {"run": run, "dev": dev, "same": same}[arguments[0]]()
    except Refused as refused:
        sys.stderr.write(f"make: {refused}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("make: interrupted; make setup goes on from here\n")
        return 130
    return 0


def run() -> None:
    """Make .venv where it is missing and install medner as it stands in this checkout."""
    make_venv()
    torch = pin("torch")
    chosen = choose(torch.partition("==")[2], os.environ.get("TORCH_INDEX", ""), this_machine())
    say(chosen.line)
    say("installing the pinned packages into .venv (once, a few minutes)")
    pip(*chosen.options, torch)
    pip("--editable", ".", pin("dagster-dg-cli"))


def dev() -> None:
    """Install what checks and tests need."""
    pip("--editable", ".[dev]")


def same() -> None:
    """Refuse when .venv was made by another Python than this one."""
    if not PYTHON.exists():
        return
    asked = subprocess.run(
        [PYTHON, "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    if asked.stdout.strip() not in ("", wanted):
        raise Refused(
            f".venv has Python {asked.stdout.strip()}, not {wanted}: remove it (rm -r .venv) to make it anew"
        )


def make_venv() -> None:
    """Make .venv with pip in it; a .venv that is there stays."""
    if PYTHON.exists():
        if _succeeds([PYTHON, "-m", "pip", "--version"]):
            return
        raise Refused(".venv is incomplete: remove it (rm -r .venv) and run make again")
    if os.pathsep in str(CHECKOUT):
        raise Refused(
            f"{CHECKOUT}: no environment can be made where a path has {os.pathsep!r}: move the checkout"
        )
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Refused(
            f"Python {version} at {sys.executable} lacks its venv module: install it (Debian, Ubuntu: "
            f"apt install python{version}-venv) or name another Python: make setup PYTHON=python3.12"
        )
    made = subprocess.run(
        [sys.executable, "-m", "venv", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if made.returncode != 0:
        # Half an environment would be taken for a whole one by the next run.
        shutil.rmtree(VENV, ignore_errors=True)
        raise Refused(explained(made.stdout, "no environment could be made"))


def pip(*arguments: str) -> None:
    """Install under the constraints; raise Refused with what pip's output comes down to."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    ran = subprocess.run(
        [*command, "--constraint", str(CONSTRAINTS), *arguments],
        cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if ran.returncode != 0:
        what = f"pip install {' '.join(arguments)}"
        try:
            LOG.write_text(f"{what}\n{ran.stdout}", encoding="utf-8")
            where = f"; all of it is in {LOG.relative_to(CHECKOUT)}"
        except OSError:
            where = ""
        raise Refused(explained(ran.stdout, f"{what} failed") + where)


def explained(output: str, what: str) -> str:
    """Return one line that says why pip or venv failed and what to do.

    output: all that it printed. what: the line's beginning where the reason is its own last error.
    """
    if "No space left on device" in output or "Errno 28" in output:
        free = f"{_free(CHECKOUT)}, {_free(Path(tempfile.gettempdir()))}"
        return f"the disk is full ({free}): make room, or set TMPDIR to another disk"
    unreachable = re.search(
        r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|"
        r"Connection(?:Reset|Refused)?Error|Network is unreachable|Temporary failure in name resolution",
        output,
    )
    if unreachable and not re.search(r"from versions: (?!none)", output):
        return "no package index answered: check the network, and what pip is told to use (pip config list)"
    if "Permission denied" in output:
        return f"{what}: {CHECKOUT} cannot be written: use a checkout of your own"
    errors = [line for line in output.splitlines() if re.match(r"\s*(?:ERROR|error|Error)\b", line)]
    return f"{what}: {' '.join((errors or output.splitlines() or ['no reason given'])[0].split())}"


def pin(name: str) -> str:
    """Return the pinned requirement of a package."""
    for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines():
        if line.lower().startswith(f"{name}=="):
            return line.strip()
    raise Refused(f"constraints.txt has no {name}: take the file from the repository again")


def say(line: str) -> None:
    """Tell the user, on standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _free(folder: Path) -> str:
    return f"{shutil.disk_usage(folder).free / 1e9:.1f} GB free at {folder}"


def _succeeds(command: list[str | Path]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
