"""How long every view, macro and named question takes over ten million predicted rows.

    .venv/bin/python benchmarks/sql.py [--rows 10000000] [--versions 5 2] [--keep FOLDER]

The rows are spread over five versions, and then over two, so that a question about one version or a pair
meets more of them. Each answer is fetched whole, as Arrow; of `outcomes`, which lists every line of every
version, that of one version at stage final. Two threads; the peak memory is that of the process that asks,
whose limit is 6 GB. Seconds are the best of three; where other programs compete (see `load_before`), half the
seconds of CPU say more. Prints a table and writes benchmarks/results/sql.json; exits with 1 when something is
over its limit.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
from sql_rows import make_warehouse

from medner_assets.sql_files import sql_files
from medner_assets.warehouse.catalogue import connect, seal
from medner_assets.warehouse.queries import named_queries

RESULT = Path(__file__).resolve().parent / "results" / "sql.json"
LIMIT_SECONDS, LIMIT_GB, REPEATS = 1.5, 6, 3
ARGUMENTS = {
    "a": "'v1'", "b": "'v2'", "version": "'v2'", "error": "'type'", "pattern": "'term-4(9|8)9'",
    "of_dataset": "'bench'",
}  # fmt: skip
"""Of macros, by the name of the parameter."""
PARAMETERS = {"version": "v2", "baseline": "v1", "dataset": "bench"}


def questions() -> list[tuple[str, str, str, dict[str, str]]]:
    """Return (kind, name, query, parameters) of everything that is measured."""
    asked: list[tuple[str, str, str, dict[str, str]]] = []
    for view in sql_files("views"):
        one = " where model_version = 'v2' and stage = 'final'" if view.name == "outcomes" else ""
        asked.append(("view", view.name, f"select * from {view.name}{one}", {}))
    for macro in sql_files("macros"):
        taken = macro.statement.partition("(")[2].partition(")")[0].split(", ")
        call = f"{macro.name}({', '.join(ARGUMENTS[name] for name in taken if ':=' not in name)})"
        asked.append(("macro", call, f"select * from {call}", {}))
    for each in named_queries():
        asked.append(("question", each.name, each.text, {name: PARAMETERS[name] for name in each.parameters}))
    return asked


def measure(root: Path) -> dict[str, Any]:
    """Return the rows and seconds of each question, best of three, and the peak memory of this process."""
    connection = connect(root)
    connection.execute(f"set threads = 2; set memory_limit = '{LIMIT_GB}GB'")
    seal(connection, root)  # as `medner sql` asks
    results = []
    for kind, name, query, parameters in questions():
        runs = []
        for _ in range(REPEATS):
            wall, cpu = time.perf_counter(), time.process_time()
            asked = connection.sql(query, params=parameters) if parameters else connection.sql(query)
            rows = asked.to_arrow_table().num_rows
            runs.append((time.perf_counter() - wall, time.process_time() - cpu, rows))
        seconds, cpu, rows = min(runs)
        result = {
            "kind": kind,
            "name": name,
            "rows": rows,
            "seconds": seconds,
            "cpu": cpu,
            "first": runs[0][0],
        }
        results.append({k: round(v, 3) if isinstance(v, float) else v for k, v in result.items()})
        print(f"{kind:8} {name:30} {rows:>9,} rows {seconds:7.3f} s, {cpu:7.3f} s of CPU", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"peak_gib": round(peak, 2), "results": results}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000, help="predicted rows in all")
    parser.add_argument(
        "--versions", type=int, nargs="+", default=[5, 2], help="versions that share the rows"
    )
    parser.add_argument("--keep", type=Path, help="make the warehouses here, or take those that are here")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        (arguments.measure / "measured.json").write_text(json.dumps(measure(arguments.measure)))
        return
    about = {
        "predicted_rows": arguments.rows, "threads": 2, "cpus": os.cpu_count(),
        "machine": platform.machine(), "duckdb": duckdb.__version__,
    }  # fmt: skip
    layouts = [one_layout(arguments.rows, versions, arguments.keep) for versions in arguments.versions]
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({**about, "layouts": layouts}, indent=2) + "\n")
    sys.exit(any(layout["slow"] or layout["peak_gib"] > LIMIT_GB for layout in layouts))


def one_layout(rows: int, versions: int, keep: Path | None) -> dict[str, Any]:
    """Return what is measured where `versions` versions share the rows, and which answers are over the limit.

    keep: the folder of warehouses that stay; None: made for this run alone.
    """
    print(f"{rows:,} predicted rows of {versions} versions", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        root = (keep or Path(scratch)) / f"warehouse-{versions}"
        if not root.exists():
            make_warehouse(root, rows, versions, LIMIT_GB)
        size = sum(file.stat().st_size for file in root.rglob("*.parquet"))
        load = os.getloadavg()[0]
        # A process of its own, so that its peak memory is that of the questions alone.
        subprocess.run([sys.executable, __file__, "--measure", str(root)], check=True)
        measured = json.loads((root / "measured.json").read_text())
        (root / "measured.json").unlink()
    slow = [each["name"] for each in measured["results"] if each["seconds"] > LIMIT_SECONDS]
    print(f"peak memory {measured['peak_gib']} GiB, load before {load:.1f}")
    print(f"slower than {LIMIT_SECONDS} s: {', '.join(slow) or 'none'}")
    about = {"versions": versions, "warehouse_megabytes": round(size / 1e6), "load_before": round(load, 1)}
    return {**about, "slow": slow, **measured}


if __name__ == "__main__":
    main()
