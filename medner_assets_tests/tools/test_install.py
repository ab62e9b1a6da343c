"""What keeps medner from being installed is one line that says what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from install import explained
from public_index import public_environment, supported

CHECKOUT = Path(__file__).resolve().parents[2]


def test_a_full_disk_is_said_with_what_is_free():
    output = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
    line = explained(output, "pip install torch failed")
    assert line.startswith("the disk is full (")
    assert "GB free at" in line
    assert "\n" not in line


def test_an_index_that_does_not_answer_is_said_as_such():
    output = (
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'\n"
        "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: none)\n"
        "ERROR: No matching distribution found for torch==2.13.0\n"
    )
    assert explained(output, "pip install torch failed").startswith("no package index answered")


def test_a_release_that_is_not_there_is_not_taken_for_a_missing_network():
    output = (
        "ERROR: Could not find a version that satisfies the requirement torch==9 (from versions: 2.13.0)\n"
    )
    line = explained(output, "pip install torch==9 failed")
    assert line == f"pip install torch==9 failed: {output.strip()}"


def _as_typed() -> dict[str, str]:
    """Return the environment without what a make around the tests hands on: it would speak as make[1]."""
    return {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }


def made(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder that has what set-up reads."""
    if not (folder / "Makefile").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("Makefile", "constraints.txt", "pyproject.toml"):
            shutil.copy2(CHECKOUT / name, folder / name)
        shutil.copytree(CHECKOUT / "tools", folder / "tools", dirs_exist_ok=True)
    return subprocess.run(
        ["make", "--no-print-directory", "setup", *arguments],
        cwd=folder, env={**_as_typed(), **environment}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def python(folder: Path, body: str) -> str:
    """Write a stand-in for a Python and return its path."""
    folder.mkdir(exist_ok=True)
    file = folder / "python"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return str(file)


def own_lines(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what was said, less the line that make adds to every failure."""
    return [line for line in ran.stderr.splitlines() if not line.startswith("make: ***")]


def test_a_python_that_is_not_there_is_one_line(tmp_path):
    ran = made(tmp_path / "checkout", "PYTHON=python3.99")
    assert ran.returncode != 0
    (line,) = own_lines(ran)
    assert line.startswith("make: medner needs Python 3.11 to 3.14; 'python3.99' is not there: name another")


def test_a_python_that_is_too_old_or_too_new_is_one_line(tmp_path):
    old = python(tmp_path / "old", 'case "$2" in *exit*) exit 1;; *) echo Python 3.15.0;; esac')
    ran = made(tmp_path / "checkout", f"PYTHON={old}")
    assert ran.returncode != 0
    assert len(own_lines(ran)) == 1
    assert "is Python 3.15.0: name another" in own_lines(ran)[0]


def test_a_python_without_its_venv_module_is_one_line(tmp_path):
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'ensurepip' else found(name, *a)\n"
    )
    ran = made(tmp_path / "checkout", f"PYTHON={sys.executable}", PYTHONPATH=str(tmp_path / "hidden"))
    assert ran.returncode != 0
    assert len(own_lines(ran)) == 1
    assert "lacks its venv module: install it" in own_lines(ran)[0]


def test_a_path_in_which_no_environment_can_be_made_is_one_line(tmp_path):
    ran = made(tmp_path / "a:b", f"PYTHON={sys.executable}")
    assert len(own_lines(ran)) == 1
    assert "move the checkout" in own_lines(ran)[0]


@pytest.mark.slow
def test_without_a_network_set_up_ends_with_one_line_on_a_path_with_blanks(tmp_path):
    alone = {name: "" for name in os.environ if name.startswith("PIP_")}
    nowhere = {
        **alone,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "1",
        "TORCH_INDEX": "http://127.0.0.1:9/whl",
    }
    ran = made(tmp_path / "a checkout", f"PYTHON={sys.executable}", **nowhere)
    assert ran.returncode != 0
    assert own_lines(ran)[-1].startswith("make: no package index answered: check the network")
    again = made(tmp_path / "a checkout", **nowhere)
    assert own_lines(again)[-1].startswith("make: no package index answered"), "the second try is the same"


def test_the_pythons_of_the_makefile_are_those_of_the_package():
    pythons = supported(CHECKOUT / "pyproject.toml")
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    assert f"medner needs Python {pythons[0]} to {pythons[-1]};" in makefile
    assert "(3, 11) <= sys.version_info[:2] < (3, 15)" in makefile
    assert pythons == ["3.11", "3.12", "3.13", "3.14"]


def test_every_pin_is_a_release_that_a_public_index_can_have():
    lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "+" in line or "@" in line or "/" in line] == []


def test_the_index_is_asked_with_nothing_of_this_machine_but_its_certificates(tmp_path):
    machine = {
        "PATH": "/bin",
        "PIP_CERT": "/etc/ca.pem",
        "PIP_FIND_LINKS": "/opt/wheels",
        "PIP_CONSTRAINT": "c.txt",
        "UV_INDEX": "https://example.org",
        "UV_OFFLINE": "1",
    }
    assert public_environment(machine, tmp_path) == {
        "PATH": "/bin",
        "PIP_CERT": "/etc/ca.pem",
        "UV_CACHE_DIR": str(tmp_path),
    }
