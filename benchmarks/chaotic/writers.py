"""Eight writers at once beside an analyst's open session: nothing lost, nothing mixed, nobody blocked."""

import multiprocessing
import time
from contextlib import suppress
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb

from medner_assets.warehouse.analyst_file import refresh
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.rows import frame

SPAWN = multiprocessing.get_context("spawn")
ROWS = 400
TABLES = ("recipes", "training_log", "metrics")
SHARED = "shared"
"""A version that all writers replace; the others have one of their own."""


def frames(writer: int, turn: int) -> dict[str, Any]:
    """Return rows of three tables that all carry one mark: who wrote them, and when."""
    mark = f"{writer}/{turn}"
    settings = [{"setting": str(n), "value": mark, "recipe_hash": mark} for n in range(ROWS)]
    log = [{"step": writer * 1000 + turn, "kind": "train"} for _ in range(ROWS)]
    metrics = [{"task": "entity", "scheme": "text", "evaluation_id": mark} for _ in range(3)]
    return {
        "recipes": frame("recipes", settings),
        "training_log": frame("training_log", log),
        "metrics": frame("metrics", metrics),
    }


def write(root: Path, writer: int, turns: int, start: Event, errors: Any) -> None:
    """Replace one's own version and the shared one, and read one's own back, in every turn."""
    store = Store(root)
    start.wait()
    for turn in range(turns):
        try:
            rows = frames(writer, turn)
            store.replace(rows, f"v{writer}")
            store.replace(rows, SHARED)
            back = store.read("recipes", f"v{writer}")
            if back.height != ROWS or set(back["value"]) != {f"{writer}/{turn}"}:
                errors.put(f"writer {writer}: its rows of turn {turn} are not those that it wrote")
        except Exception as error:  # noqa: BLE001 - every error counts
            errors.put(f"writer {writer}: {type(error).__name__}: {error}")


def concurrent_writers(folder: Path, writers: int = 8, turns: int = 20) -> dict[str, Any]:
    """Return what came of it; `errors` is what must be empty."""
    root, catalogue = folder / "warehouse", folder / "medner.duckdb"
    Store(root).initialise()
    refresh(catalogue, root)
    errors, start = SPAWN.Queue(), SPAWN.Event()
    found: list[str] = []
    queries = mixed = 0
    processes = [
        SPAWN.Process(target=write, args=(root, each, turns, start, errors)) for each in range(writers)
    ]
    with duckdb.connect(catalogue) as analyst, connect(root) as program:
        analyst.execute("create table mine as select 42 as answer")
        for process in processes:
            process.start()
        began = time.monotonic()
        start.set()
        while any(process.is_alive() for process in processes):
            for session in (analyst, program):
                try:
                    rows = session.sql(
                        "select model_version, count(*), count(distinct value) from recipes group by all"
                    ).fetchall()
                    mixed += sum(count != ROWS or marks != 1 for _, count, marks in rows)
                    queries += 1
                except duckdb.Error as error:
                    found.append(f"query: {str(error).splitlines()[0]}")
            outcome = refresh(catalogue, root).outcome
            if outcome not in ("held", "current"):
                found.append(f"the catalogue was {outcome} while it was open")
        seconds = time.monotonic() - began
        if analyst.sql("select answer from mine").fetchall() != [(42,)]:
            found.append("the analyst's own table is not what it was")
    for process in processes:
        process.join()
        if process.exitcode:
            found.append(f"a writer ended with {process.exitcode}")
    with suppress(Exception):
        while not errors.empty():
            found.append(errors.get(timeout=1))
    lost = [each for each in range(writers) if not _is_last(Store(root), each, turns)]
    shared = Store(root)
    marks = {
        shared.read("recipes", SHARED)["value"][0],
        shared.read("metrics", SHARED)["evaluation_id"][0],
        "{}/{}".format(*divmod(shared.read("training_log", SHARED)["step"][0], 1000)),
    }
    return {
        "writers": writers, "rounds": turns, "seconds": round(seconds, 1), "queries_meanwhile": queries,
        "mixed_partitions_seen": mixed, "lost_versions": len(lost), "shared_version_is_of": sorted(marks),
        "errors": found,
    }  # fmt: skip


def _is_last(store: Store, writer: int, turns: int) -> bool:
    """Tell whether all tables of a writer's own version are of its last turn."""
    mark = f"{writer}/{turns - 1}"
    return (
        set(store.read("recipes", f"v{writer}")["value"]) == {mark}
        and set(store.read("metrics", f"v{writer}")["evaluation_id"]) == {mark}
        and set(store.read("training_log", f"v{writer}")["step"]) == {writer * 1000 + turns - 1}
    )
