"""Files that medner wrote and something spoilt since: adapters, tables, half-written completions."""

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import polars as pl

from benchmarks.fuzzing.cases import Cases, refused
from benchmarks.fuzzing.mutations import mutant
from medner_assets.defs.versions.completions import read_lines
from medner_assets.defs.versions.finished import DESCRIPTION, LOG, WEIGHTS, finished_adapter
from medner_assets.errors import MednerError
from medner_assets.modeling.inference.generate import _completed
from medner_assets.modeling.job import GenerationJob
from medner_assets.tables import TABLES
from medner_assets.warehouse.store import Store

_LINES = [
    {"doc_id": f"d{i}", "completion": "1. [Drug] aspirin", "finish_reason": "stop", "seconds": 0.1}
    for i in range(4)
]


def own_file_cases(folder: Path) -> Cases:
    """Return the cases of medner's own files."""
    adapter, store = folder / "adapter", Store(folder / "warehouse")
    files = _sound_adapter(adapter)
    store.initialise()
    rows = pl.DataFrame(
        [{"setting": f"s{i}", "value": "x", "recipe_hash": "h"} for i in range(50)],
        schema=TABLES["recipes"].schema,
    )
    store.replace({"recipes": rows}, "v1")
    part = next((folder / "warehouse" / "recipes" / "model_version=v1").glob("*.parquet"))
    table = part.read_bytes()
    partial = folder / "partial"
    begun = "".join(json.dumps(line) + "\n" for line in ({"generation_id": "g"}, *_LINES)).encode()

    def spoilt_adapter(rng: Random) -> None:
        for name, content in files.items():
            (adapter / name).write_bytes(content)
        name = rng.choice((DESCRIPTION, DESCRIPTION, LOG, LOG, WEIGHTS))
        (adapter / name).write_bytes(mutant(rng, [files[name]]))
        finished = finished_adapter(adapter)
        assert finished is not None
        finished.tables()

    def spoilt_table(rng: Random) -> None:
        part.write_bytes(mutant(rng, [table]))
        frame = store.read("recipes", "v1")
        assert frame.columns[0] == "model_version"

    def spoilt_partial(rng: Random) -> None:
        partial.write_bytes(mutant(rng, [begun]))
        done = _completed(partial, "g", {"d0", "d1", "d2", "d3"})
        assert all(key == row["doc_id"] for key, row in done.items())

    def spoilt_lines(rng: Random) -> None:
        partial.write_bytes(mutant(rng, [begun]))
        read_lines(partial)

    def spoilt_job(rng: Random) -> None:
        partial.write_bytes(mutant(rng, [b'{"version": "v1", "base": {}, "documents": "x", "decoding": {}}']))
        GenerationJob.read(partial)

    def case(rng: Random) -> str:
        kind = rng.choice((spoilt_adapter, spoilt_table, spoilt_partial, spoilt_lines, spoilt_job))
        try:
            kind(rng)
        except MednerError as error:
            return refused(error)
        return "read"

    return Cases(case)


def _sound_adapter(folder: Path) -> dict[str, bytes]:
    """Write an adapter's folder with invented facts and return its files."""
    import hashlib

    weights = b"invented weights" * 20
    values = {pl.String(): "x", pl.Int64(): 1, pl.Float64(): 0.5, pl.Boolean(): True}
    row = {
        name: values.get(dtype, datetime.now(UTC).isoformat())
        for name, dtype in TABLES["adapters"].schema.items()
    }
    row |= {"weights_hash": hashlib.sha256(weights).hexdigest()[:16], "versions": "{}"}
    log = [{"step": i, "epoch": 0.5, "kind": "train", "loss": 1.5, "seconds": 0.1} for i in range(5)]
    folder.mkdir()
    files = {
        WEIGHTS: weights,
        DESCRIPTION: json.dumps(row).encode(),
        LOG: "".join(json.dumps(line) + "\n" for line in log).encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return files
