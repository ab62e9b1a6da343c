"""Ask the public package index alone whether what medner pins can be had, for each Python that it supports.

`python tools/public_index.py UV [CONSTRAINTS]` lets uv resolve medner with all its extras and every pin of
constraints.txt, once for each supported Python, with that Python's markers. uv is asked because it reads no
pip configuration at all; its own configuration and every PIP_* and UV_* variable are off, and the cache is a
new one, so that nothing on this machine can answer in the index's place. Only metadata are read. Exit codes:
0 all can be had, 1 some cannot, 77 no index answers.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
ALL_THERE, LACKING, NO_INDEX = 0, 1, 77
_UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|Could not connect|dns error|network was disabled"
)
_KEPT = ("PIP_CERT", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Answer:
    """What one Python gets. `code`: one of the three exit codes; `line`: what is said of it."""

    code: int
    line: str


def main(arguments: list[str]) -> int:
    """Ask for every supported Python, print what was found, return the exit code."""
    uv = arguments[0]
    constraints = Path(arguments[1]) if len(arguments) > 1 else CHECKOUT / "constraints.txt"
    answers = []
    for python in supported(CHECKOUT / "pyproject.toml"):
        answer = asked(uv, python, constraints)
        print(f"Python {python}: {answer.line}", flush=True)
        if answer.code == NO_INDEX:
            return NO_INDEX
        answers.append(answer)
    return max(each.code for each in answers)


def supported(pyproject: Path) -> list[str]:
    """Return the Pythons that `requires-python` admits; it has both bounds: `>=3.11,<3.15` → 3.11 to 3.14."""
    stated = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["requires-python"]
    bounds = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", stated)
    if bounds is None:
        raise ValueError(f"requires-python is {stated!r}, not >=3.A,<3.B")
    return [f"3.{minor}" for minor in range(int(bounds[1]), int(bounds[2]))]


def asked(uv: str, python: str, constraints: Path) -> Answer:
    """Resolve medner, its extras and every pin for one Python."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.txt"
        command = [
            uv,
            "pip",
            "compile",
            "--no-config",
            "--quiet",
            "--no-header",
            "--no-annotate",
            "--all-extras",
        ]
        command += ["--python-version", python, "--python", sys.executable, "--output-file", str(found)]
        ran = subprocess.run(
            [*command, str(CHECKOUT / "pyproject.toml"), str(constraints)],
            env=public_environment(os.environ, Path(folder) / "cache"),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode != 0:
            reason = " ".join(ran.stderr.split())
            if _UNREACHABLE.search(reason):
                return Answer(NO_INDEX, f"skipped, no package index answers here ({reason[:200]})")
            return Answer(LACKING, f"cannot be had from the public index: {reason}")
        chosen = [line for line in found.read_text(encoding="utf-8").splitlines() if "==" in line]
    pins = sum("==" in line for line in constraints.read_text(encoding="utf-8").splitlines())
    took = time.monotonic() - began
    return Answer(
        ALL_THERE, f"all {pins} pins and {len(chosen) - pins} packages beside them are there ({took:.0f} s)"
    )


def public_environment(environment: Mapping[str, str], cache: Path) -> dict[str, str]:
    """Return an environment that names no index, no local folder and no cache, but the certificates."""
    kept = {
        name: value
        for name, value in environment.items()
        if name in _KEPT or not name.startswith(("PIP_", "UV_"))
    }
    return {**kept, "UV_CACHE_DIR": str(cache)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
