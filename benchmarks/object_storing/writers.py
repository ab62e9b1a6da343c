"""Eight machines that write versions of their own and one that all write, beside an analyst's machine."""

import multiprocessing
import time
from contextlib import suppress
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.chaotic.writers import ROWS, SHARED, frames
from medner_assets.errors import MednerError
from medner_assets.warehouse.analyst_file import refresh
from medner_assets.warehouse.store import Store

SPAWN = multiprocessing.get_context("spawn")


def write(root: Path, writer: int, turns: int, start: Event, told: Any) -> None:
    """Replace one's own version and the shared one in every turn, again where another machine was first."""
    store = Store(root)
    start.wait()
    conflicts = 0
    for turn in range(turns):
        rows = frames(writer, turn)
        for key in (f"v{writer}", SHARED):
            while True:
                try:
                    store.replace(rows, key)
                    break
                except MednerError as error:
                    if "another writer replaced" not in str(error) or "\n" in str(error) or key != SHARED:
                        told.put(f"writer {writer}: {error}")
                        break
                    conflicts += 1
        back = store.read("recipes", f"v{writer}")
        if back.height != ROWS or set(back["value"]) != {f"{writer}/{turn}"}:
            told.put(f"writer {writer}: its rows of turn {turn} are not those that it wrote")
    told.put(conflicts)


def concurrent_machines(folder: Path, writers: int = 8, turns: int = 20) -> dict[str, Any]:
    """Return what came of it; `errors` is what must be empty."""
    root = folder / "analyst" / "warehouse"
    here = Store(root)
    here.initialise()
    refresh(folder / "medner.duckdb", root)
    told, start = SPAWN.Queue(), SPAWN.Event()
    processes = [
        SPAWN.Process(target=write, args=(folder / f"m{each}" / "warehouse", each, turns, start, told))
        for each in range(writers)
    ]
    errors: list[str] = []
    queries = mixed = apart = 0
    with duckdb.connect(folder / "medner.duckdb") as analyst:
        for process in processes:
            process.start()
        began = time.monotonic()
        start.set()
        while any(process.is_alive() for process in processes):
            try:
                here.bring()
                rows = analyst.sql(
                    "select model_version, count(*), count(distinct value) from recipes group by all"
                ).fetchall()
                mixed += sum(count != ROWS or marks != 1 for _, count, marks in rows)
                queries += 1
            except (MednerError, duckdb.Error) as error:
                errors.append(f"analyst: {str(error).splitlines()[0]}")
        seconds = time.monotonic() - began
    for process in processes:
        process.join()
        errors += [f"a writer ended with {process.exitcode}"] if process.exitcode else []
    conflicts = 0
    with suppress(Exception):
        while not told.empty():
            found = told.get(timeout=1)
            conflicts, errors = (
                (conflicts + found, errors) if isinstance(found, int) else (conflicts, [*errors, found])
            )
    fresh = Store(folder / "fresh" / "warehouse")
    lost = [each for each in range(writers) if marks_of(fresh, f"v{each}") != {f"{each}/{turns - 1}"}]
    apart = len(marks_of(fresh, SHARED))
    return {
        "writers": writers, "rounds": turns, "seconds": round(seconds, 1), "queries_meanwhile": queries,
        "mixed_partitions_seen": mixed, "lost_versions": len(lost), "marks_of_the_shared_version": apart,
        "second_writers_told": conflicts, "errors": errors,
    }  # fmt: skip


def marks_of(store: Store, key: str) -> set[str]:
    """Return the marks of all three tables of a version: one, where a single writer's stand together."""
    steps = {"{}/{}".format(*divmod(step, 1000)) for step in store.read("training_log", key)["step"]}
    return {*store.read("recipes", key)["value"], *store.read("metrics", key)["evaluation_id"], *steps}
