"""The asset `annotations`: a corpus of any size, read by a version, in shards that are written once each."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pyarrow.parquet as pq
from pydantic import Field

from medner_assets import paths
from medner_assets.corpus.shards import Shard, plan
from medner_assets.defs.command import Beside
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.engines import has_arrays
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.partitions import FROM_FILES, VERSIONS
from medner_assets.defs.pipes import command_of, run_process
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.adapter import adapter, prepared
from medner_assets.defs.versions.handover import adapter_for, inputs_of
from medner_assets.defs.versions.reading import annotation_id, reading_settings
from medner_assets.locks import exclusive
from medner_assets.tables import TABLES

ANNOTATE = "medner_assets.modeling.inference.annotate"


class Annotation(dg.Config):
    """What a run of `annotations` reads, and with how many processes."""

    corpus: str = Field(
        "",
        description="Folder of .jsonl, .parquet and .txt files, read by every worker; empty: read nothing.",
    )
    name: str = Field("", description="Name of the corpus in the tables; empty: the folder's name.")
    shard_documents: int = Field(1000, ge=1, le=1_000_000, description="Documents per shard.")
    workers: int = Field(0, ge=0, le=256, description="Processes; 0: one per GPU, or one without a GPU.")
    min_confidence: float | None = Field(
        None, gt=0, le=1, description="Least probability of what is kept; none: as the recipe says."
    )
    cost_per_hour: float = Field(0, ge=0, description="Cost of an hour of this machine, for the metadata.")


@dg.asset(
    partitions_def=VERSIONS,
    deps=[adapter, FROM_FILES],
    pool="gpu",
    group_name="annotations",
    kinds={"huggingface", "pytorch", "parquet"},
    owners=["team:modeling"],
    code_version="1",
    metadata=table_metadata("annotations", "annotation_shards"),
)
@clear_failures()
def annotations(
    context: dg.AssetExecutionContext, config: Annotation, warehouse: Warehouse
) -> dg.MaterializeResult:
    """What a version reads in the documents of a folder: one immutable Parquet file per shard.

    A shard whose file is there is not read again, so that a run that was killed goes on where it was. One
    that cannot be parsed is set aside with its reason. Finished shards can be queried while the run goes on.
    """
    version = context.partition_key
    if not config.corpus:
        return nothing_asked(context)
    inputs = inputs_of(version, warehouse)
    least = config.min_confidence
    identity = annotation_id(inputs, adapter_for(inputs), least)
    folder = Path(config.corpus).expanduser().resolve()
    shards = plan(folder, config.shard_documents)
    corpus = config.name or folder.name
    work = paths.work(version, "annotation")
    output = warehouse.store().shards("annotations", version)
    with exclusive(work / "lock", f"annotation by {version}") as held:
        scratch = prepared(work / "scratch", empty=False)
        state = _State(warehouse, version, corpus, identity, shards, output, scratch)
        before = state.finished()
        state.record()
        job = {
            **reading_settings(inputs, least),
            "corpus": str(folder),
            "corpus_name": corpus,
            "shards": [shard.model_dump(mode="json") for shard in shards],
            "output": str(output),
            "work": str(scratch),
            "annotation_id": identity,
            "workers": config.workers,
        }
        helpers = helping(config.workers, job, work, scratch) if has_arrays() else []
        try:
            run_process(
                context,
                ANNOTATE,
                job,
                folder=work,
                held=held,
                what=f"annotation by {version}",
                offline=inputs.base.is_local,
                resources=inputs.recipe.asked_of_a_cluster(),
                arguments=["--here", "1"] if helpers else [],
                beside=helpers,
            )
        finally:
            warehouse.store().keep_shards("annotations", version)
            rows = state.record()
    return dg.MaterializeResult(
        data_version=dg.DataVersion(identity),
        metadata=_metadata(rows, before, scratch, config.cost_per_hour),
    )


def helping(workers: int, job: Mapping[str, Any], work: Path, scratch: Path) -> list[Beside]:
    """Return the workers past the first as commands of their own, for an engine that has job arrays."""
    argv = command_of(ANNOTATE, job, work)
    return [
        Beside(
            [*argv, "--worker", str(number)],
            work,
            scratch / f"worker-{number}.log",
            f"worker {number}",
            is_own_work=False,
        )
        for number in range(1, workers)
    ]


def nothing_asked(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Return what a run that names no corpus makes: nothing, and it says how to name one.

    So "Materialize all" goes past this asset, which no rule could fill in.
    """
    told = "nothing was read: name a folder as `corpus` in the launchpad, or use `medner annotate`"
    context.log.warning(told)
    return dg.MaterializeResult(
        data_version=dg.DataVersion("nothing asked"), metadata={"dagster/row_count": 0, "skipped": told}
    )


class _State:
    """Which shards of the plan are there; the table `annotation_shards` is written from it."""

    def __init__(
        self,
        warehouse: Warehouse,
        version: str,
        corpus: str,
        identity: str,
        shards: list[Shard],
        output: Path,
        scratch: Path,
    ) -> None:
        self._warehouse, self._version, self._corpus = warehouse, version, corpus
        self._identity, self._shards, self._output, self._scratch = identity, shards, output, scratch

    def finished(self) -> set[str]:
        """Return the names of the shards whose file is there."""
        return {shard.name for shard in self._shards if self._file(shard).exists()}

    def record(self) -> pl.DataFrame:
        """Write the plan with the state of each shard, in place of the corpus's earlier plan; return it."""
        rows = pl.DataFrame(
            [self._row(shard) for shard in self._shards], schema=TABLES["annotation_shards"].schema
        )
        kept = rows.clear()
        if self._warehouse.store().has("annotation_shards", self._version):
            before = self._warehouse.read("annotation_shards", self._version)
            kept = before.filter(pl.col("corpus") != self._corpus)
        self._warehouse.replace({"annotation_shards": pl.concat([kept, rows])}, self._version)
        return rows

    def _file(self, shard: Shard) -> Path:
        return self._output / f"{self._identity}-{shard.name}.parquet"

    def _row(self, shard: Shard) -> dict[str, Any]:
        aside, file = self._scratch / "aside" / f"{shard.name}.json", self._file(shard)
        there = file.exists()
        reason = json.loads(aside.read_text(encoding="utf-8"))["reason"] if aside.exists() else None
        return {
            "annotation_id": self._identity,
            "corpus": self._corpus,
            "shard": shard.name,
            "place": shard.place,
            "state": "done" if there else "planned" if reason is None else "set aside",
            "reason": None if there else reason,
            "documents": pq.read_metadata(file).num_rows if there else shard.documents,
            "bytes": file.stat().st_size if there else None,
        }


def _metadata(rows: pl.DataFrame, before: set[str], scratch: Path, cost_per_hour: float) -> dict[str, Any]:
    done = rows.filter(pl.col("state") == "done")
    fresh = done.filter(~pl.col("shard").is_in(list(before)))
    aside = rows.filter(pl.col("state") == "set aside")
    progress = scratch / "progress.json"
    seconds = json.loads(progress.read_text())["seconds"] if fresh.height and progress.exists() else 0.0
    documents = int(fresh["documents"].sum())
    a_million = 1e6 * seconds / documents / 3600 * cost_per_hour if documents else 0.0
    reasons = "\n".join(f"- {reason}" for reason in aside["reason"])
    return {
        "dagster/row_count": int(done["documents"].sum()),
        "shards": rows.height,
        "shards made": fresh.height,
        "shards there before": len(before),
        "shards set aside": aside.height,
        "documents made": documents,
        "seconds": seconds,
        "documents per second": documents / seconds if seconds else 0.0,
        "cost": seconds / 3600 * cost_per_hour,
        "cost per million documents": a_million,
        "set aside": dg.MetadataValue.md(reasons or "none"),
    }
