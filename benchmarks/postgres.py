"""Dagster's storage in PostgreSQL: chain, eight commands at once, schedules, sensors, a database that goes.

    .venv/bin/python benchmarks/postgres.py [--bin /usr/lib/postgresql/15/bin] [--only PART …]

Needs Debian's `postgresql` and medner's extra `postgres`. The server is one of its own, on loopback, with a
password, in a temporary folder. Prints what it finds, writes results/postgres.json, and exits with 1 when
anything is not as it must be.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.chaos import commands_at_once
from benchmarks.chaotic.project import make_project, state
from benchmarks.chaotic.sensors import automated
from benchmarks.chaotic.services import project_of_services, scheduled
from benchmarks.object_storing.server import free_port
from medner_assets_tests.support.checkout import Checkout
from medner_assets_tests.support.live import within

RESULTS = Path(__file__).resolve().parent / "results" / "postgres.json"
VERSIONS = ("tiny-v1", "tiny-v2")
PASSWORD_VARIABLE = "MEDNER_DAGSTER_PASSWORD"
SQLITE = "  sqlite:\n    base_dir: data/dagster/storage\n"
POSTGRES = """\
  postgres:
    postgres_db:
      scheme: postgresql+psycopg2
      hostname: 127.0.0.1
      port: {port}
      db_name: {name}
      username: dagster
      password:
        env: MEDNER_DAGSTER_PASSWORD
"""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of one's own in `folder`."""

    bin: Path
    folder: Path
    port: int

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._run(
            "pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start"
        )

    def stop(self) -> None:
        """End it as a crash would: connections are cut."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")

    def project(self, checkout: Checkout) -> Checkout:
        """Let a project keep Dagster's runs in a new database here, in place of SQLite; return it."""
        name = f"runs_{checkout.root.name}"
        for statement in (f"create database {name} owner dagster",):
            self._run("psql", "-h", str(self.folder), "-p", str(self.port), "-d", "postgres", "-c", statement)
        file = checkout.root / "dagster.yaml"
        text = file.read_text()
        assert SQLITE in text
        file.write_text(text.replace(SQLITE, POSTGRES.format(port=self.port, name=name)))
        return checkout

    def _run(self, program: str, *arguments: str) -> None:
        words = [str(self.bin / program), *arguments]
        # PostgreSQL does not run as root.
        words = ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else words
        subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL)


@contextmanager
def server(bin: Path) -> Iterator[Server]:
    """Yield a running server with the role `dagster`, whose password is in the environment."""
    with tempfile.TemporaryDirectory(prefix="medner-postgres-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        made = Server(bin, folder, free_port())
        made._run("initdb", "-D", f"{folder}/data", "--auth-local=peer", "--auth-host=scram-sha-256")
        made.start()
        os.environ[PASSWORD_VARIABLE] = "on-loopback"
        role = "create role dagster login password 'on-loopback'"
        made._run("psql", "-h", str(folder), "-p", str(made.port), "-d", "postgres", "-c", role)
        try:
            yield made
        finally:
            made.stop()


def chain_and_commands(database: Server, folder: Path) -> dict[str, Any]:
    """The chain of two versions, then eight commands at once."""
    checkout = database.project(make_project(folder / "commands"))
    began = time.monotonic()
    ran = [checkout.medner(word, version) for version in VERSIONS for word in ("train", "evaluate")]
    found: dict[str, Any] = {
        "bad": [each.reason for each in ran if each.code],
        "chain_seconds": round(time.monotonic() - began, 1),
    }
    commands_at_once(checkout, found)
    sqlite = sorted(str(each.relative_to(checkout.root)) for each in checkout.data.rglob("*.db"))
    return {**found, "files_of_sqlite": sqlite, "bad": found["bad"] + sqlite}


def sensors(database: Server, folder: Path) -> dict[str, Any]:
    """What sensors start by themselves."""
    found = automated(database.project(make_project(folder / "sensors", 24)))
    return {**found, "bad": [name for name, each in found.items() if not each["held"]]}


def schedules(database: Server, folder: Path) -> dict[str, Any]:
    """A schedule that fires every minute skips an unchanged version and trains it anew once it changed."""
    found = scheduled(database.project(project_of_services(folder / "schedules")))
    return {**found, "bad": [name for name, each in found.items() if not each["held"]]}


def away(database: Server, folder: Path) -> dict[str, Any]:
    """End the database while a version trains: one line, and the next command goes on from a checkpoint."""
    checkout = database.project(make_project(folder / "away"))
    longer = (checkout.root / "recipes/versions/tiny-v1.yaml").read_text().replace("epochs: 6", "epochs: 20")
    checkout.recipe("versions", "tiny-v1", longer)
    process = subprocess.Popen(
        [sys.executable, "-m", "medner_assets.cli", "train", "tiny-v1"],
        cwd=checkout.root.parent, env=checkout.environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    points = checkout.data / "work" / "tiny-v1" / "training" / "scratch" / "checkpoints"
    assert within(120, lambda: bool(list(points.glob("checkpoint-*")))) is not None
    database.stop()
    _, err = process.communicate(timeout=300)
    lines = [line for line in err.splitlines() if not re.match(r"  training: |✓ |  \S.*so far", line)]
    kept = max(int(each.name.rpartition("-")[2]) for each in points.glob("checkpoint-*"))
    off = checkout.medner("versions")
    database.start()
    again = checkout.medner("train", "tiny-v1")
    found = {"code": process.returncode, "lines": lines, "checkpoint": kept, "trained_again": again.code == 0}
    bad = (
        []
        if process.returncode == 1 and len(lines) == 1 and "database does not answer" in lines[0]
        else lines
    )
    bad += [] if again.code == 0 else [again.reason]
    bad += [] if off.code == 0 else [f"versions without the database: {off.reason}"]
    undisturbed = make_project(folder / "undisturbed")
    undisturbed.recipe("versions", "tiny-v1", longer)
    bad += [] if undisturbed.medner("train", "tiny-v1").code == 0 else ["the undisturbed training failed"]
    # What names the project's folder differs; weights do not.
    weights = "adapters/tiny-v1/adapter_model.safetensors"
    equal = state(undisturbed)[weights] == state(checkout)[weights]
    bad += [] if equal else ["the weights are not those of an undisturbed training"]
    return {**found, "weights_equal_undisturbed": equal, "bad": bad}


PARTS = {"commands": chain_and_commands, "sensors": sensors, "schedules": schedules, "away": away}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--bin", type=Path, default=Path("/usr/lib/postgresql/15/bin"))
    arguments.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    options = arguments.parse_args()
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    bad: list[str] = []
    for name in options.only:
        with (
            server(options.bin) as database,
            tempfile.TemporaryDirectory(prefix="medner-postgres-") as folder,
        ):
            began = time.monotonic()
            found[name] = PARTS[name](database, Path(folder))
            found[name]["part_seconds"] = round(time.monotonic() - began, 1)
        bad += found[name]["bad"]
        print(f"  {name}: {json.dumps(found[name], indent=1)}", flush=True)
    found |= {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "server": "PostgreSQL 15 of Debian 12",
    }
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"not as it must be: {', '.join(map(str, bad)) or 'nothing'}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
