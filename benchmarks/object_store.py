"""The warehouse in an object store: writers, kills, refusals, the test suite, and what ten million rows take.

    .venv/bin/python benchmarks/object_store.py --server PYTHON [--only PART …] [--rows 10000000]

PYTHON is the interpreter of an environment with `moto[server,s3]`; see object_storing/server.py. Everything
is on loopback, in a temporary folder, and ends by itself. Prints what it finds, writes
results/object_store.json and exits with 1 when anything is not as it must be.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.object_storing.endings import killed_at_each_request, refused_from_each_request
from benchmarks.object_storing.server import BUCKET, Faults, environment, s3_server, some
from benchmarks.object_storing.writers import concurrent_machines
from benchmarks.sql_rows import make_warehouse
from medner_assets.object_store import client
from medner_assets.object_store.bucket import bucket
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.store import Store

RESULTS = Path(__file__).resolve().parent / "results" / "object_store.json"
QUERIES = ("from scores", "from error_counts", "select count(*) from predicted_entities where type = 'Drug'")
REPEATS = 3


def writers(folder: Path, faults: Faults, options: argparse.Namespace) -> dict[str, Any]:
    """Eight machines × 20 rounds, with 2 % of requests refused, 2 % of answers lost and one in 20 slow."""
    rng = random.Random(options.seed)
    faults.before, faults.after = some(0.02, rng), some(0.02, rng)
    faults.slow = lambda: 0.1 if rng.random() < 0.05 else 0.0
    found = concurrent_machines(folder)
    faults.clear()
    bad = [*found["errors"]]
    bad += ["a query saw mixed rows"] if found["mixed_partitions_seen"] else []
    bad += ["rows were lost"] if found["lost_versions"] else []
    bad += ["tables of two writers stand together"] if found["marks_of_the_shared_version"] != 1 else []
    return {**found, "requests": dict(faults.seen), "injected": dict(faults.injected), "bad": bad}


def kills(folder: Path, faults: Faults, options: argparse.Namespace) -> dict[str, Any]:
    """Kill -9 at every request of a write."""
    return killed_at_each_request(folder, faults, os.environ["MEDNER_DATA"])


def refusals(folder: Path, faults: Faults, options: argparse.Namespace) -> dict[str, Any]:
    """What is said and what stays when a server refuses in the middle; a patience of a second for 503."""
    client.PATIENCE = timedelta(seconds=1)
    told = refused_from_each_request(folder, faults)
    return {"told": told, "bad": [f"{what}: {each}" for what, found in told.items() for each in found["bad"]]}


def suite(folder: Path, faults: Faults, options: argparse.Namespace) -> dict[str, Any]:
    """Run the warehouse's tests with every test's tables in a bucket of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "medner_assets_tests/warehouse"],
        cwd=Path(__file__).resolve().parent.parent, capture_output=True, text=True, check=False,
        env={**{k: v for k, v in os.environ.items() if k != "MEDNER_DATA"}, "MEDNER_TEST_BUCKET": f"s3://{BUCKET}/tests"},
    )  # fmt: skip
    closing = ran.stdout.strip().splitlines()[-1]
    return {"closing": closing, "bad": [] if ran.returncode == 0 else ran.stdout.splitlines()[-12:]}


def rows(folder: Path, faults: Faults, options: argparse.Namespace) -> dict[str, Any]:
    """Compare queries on a folder with those on the copy of a bucket that holds the same."""
    local, copy = folder / "local", folder / "copy"
    url = os.environ.pop("MEDNER_DATA")
    written = make_warehouse(local, options.rows, 5, 6)
    on_folder = {query: best(lambda query=query: ask(Store(local), query)) for query in QUERIES}
    os.environ["MEDNER_DATA"] = url
    began, size = time.monotonic(), 0
    for key in sorted(
        {file.parent.name.partition("=")[2] for file in local.glob("*/*=[!_]*/part-0.parquet")}
    ):
        files = {
            f"{file.parent.parent.name}/{file.name}": file for file in local.glob(f"*/*={key}/part-0.parquet")
        }
        size += sum(file.stat().st_size for file in files.values())
        bucket(url).write(f"tables/{key}", files)
    publish = time.monotonic() - began
    store = Store(copy)
    began = time.monotonic()
    store.bring()
    first = time.monotonic() - began
    on_copy = {query: best(lambda query=query: ask(store, query)) for query in QUERIES}
    ratios = {query: round(on_copy[query] / on_folder[query], 2) for query in QUERIES}
    return {
        "rows": sum(written.values()), "predicted": options.rows, "megabytes": round(size / 2**20, 1),
        "publish_seconds": round(publish, 1), "first_bring_seconds": round(first, 1),
        "folder_seconds": on_folder, "copy_seconds": on_copy, "ratio": ratios,
        "bad": [f"{query}: {ratio} times the folder's" for query, ratio in ratios.items() if ratio > 2],
    }  # fmt: skip


def ask(store: Store, query: str) -> None:
    """Do what `medner sql` does: bring, open the views, and fetch the whole answer."""
    store.bring()
    with connect(store.root) as session:
        session.sql(query).to_arrow_table()


def best(run: Callable[[], None]) -> float:
    """Return the seconds of the fastest of three."""
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return round(min(taken), 4)


PARTS = {"writers": writers, "kills": kills, "refusals": refusals, "suite": suite, "rows": rows}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--server", type=Path, required=True)
    arguments.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    arguments.add_argument("--rows", type=int, default=10_000_000)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    bad: list[str] = []
    for name in options.only:
        faults = Faults()
        with (
            tempfile.TemporaryDirectory(prefix="medner-objects-") as folder,
            s3_server(options.server, faults) as address,
        ):
            os.environ.update(environment(address), MEDNER_DATA=f"s3://{BUCKET}/{name}")
            began = time.monotonic()
            found[name] = PARTS[name](Path(folder), faults, options)
            found[name]["part_seconds"] = round(time.monotonic() - began, 1)
            bucket.cache_clear()
        bad += found[name]["bad"]
        print(f"  {name}: {json.dumps(found[name], indent=1)}", flush=True)
    found |= {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "server": "moto 5.2.5, one thread",
    }
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"not as it must be: {', '.join(map(str, bad)) or 'nothing'}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
