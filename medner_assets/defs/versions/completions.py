"""The asset `completions`: what a version writes about the test split, as it writes it."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from medner_assets import paths
from medner_assets.defs.datasets.data import Data, data_of
from medner_assets.defs.datasets.dataset import dataset
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.partitions import DATASET_TO_VERSION, FROM_FILES, VERSIONS
from medner_assets.defs.pipes import run_process
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.adapter import adapter, prepared
from medner_assets.defs.versions.completion_rows import (
    EVALUATED_SPLIT,
    completion_rows,
    existing,
    splits_of,
)
from medner_assets.defs.versions.ensemble import ensemble_rows, voters_of
from medner_assets.defs.versions.finished import finished_adapter
from medner_assets.defs.versions.generation import Generation, generation_of
from medner_assets.defs.versions.submitted import MISSING, submission_rows
from medner_assets.errors import MednerError
from medner_assets.locks import exclusive
from medner_assets.modeling.job import REFUSED
from medner_assets.recipes.loading import load_version
from medner_assets.recipes.version import NOT_GENERATED, VersionRecipe
from medner_assets.warehouse.data_tables import DataTables


@dg.asset(
    partitions_def=VERSIONS,
    deps=[adapter, dg.AssetDep(dataset, partition_mapping=DATASET_TO_VERSION), FROM_FILES],
    pool="gpu",
    group_name="versions",
    kinds={"huggingface", "pytorch", "parquet"},
    owners=["team:modeling"],
    code_version="1",
    metadata=table_metadata("completions", "dev_completions"),
)
@clear_failures()
def completions(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Raw greedy completions of the test split, never thrown away; everything later is recomputed from them.

    An adapter writes about the dev split as well: on it probabilities are calibrated.

    Where what writes, data and decoding are those of the completions that are there, nothing is generated. Of
    a registered file they are its lines.
    """
    version = context.partition_key
    recipe = load_version(version)
    if recipe.system in NOT_GENERATED:
        return _answered(version, recipe, warehouse)
    asked = generation_of(version, recipe, warehouse)
    with exclusive(paths.work(version, "generation") / "lock", f"generation of {version}") as held:
        frame = existing(warehouse, recipe, version, asked.id)
        reused = frame is not None
        again: Counter[str] = Counter()
        if frame is None:
            written, again = generate(context, asked, held)
            is_evaluated = pl.col("split") == EVALUATED_SPLIT
            frame, dev = written.filter(is_evaluated), written.filter(~is_evaluated)
            rows = warehouse.replace({"completions": frame, "dev_completions": dev}, version)
        else:
            rows = warehouse.replace({"completions": frame}, version)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(frame["generation_id"][0]),
        metadata={
            "dagster/row_count": rows,
            "generated": not reused,
            "cut at max_new_tokens": frame.filter(pl.col("finish_reason") == "length").height,
            "refused": frame.filter(pl.col("finish_reason") == REFUSED).height,
            **{f"tried again: {reason}": count for reason, count in sorted(again.items())},
            "completion_tokens": int(frame["completion_tokens"].sum()),
            "seconds": float(frame["seconds"].sum()),
        },
    )


def answers_in(version: str, recipe: VersionRecipe, data: Data, warehouse: DataTables) -> pl.DataFrame:
    """Return what stands in place of completions: the lines of a version's file, or its replicates' votes."""
    if recipe.system == "ensemble":
        return ensemble_rows(version, recipe, data, warehouse)
    return submission_rows(version, recipe, data)


def _answered(version: str, recipe: VersionRecipe, warehouse: Warehouse) -> dg.MaterializeResult:
    """Return what stands in place of a generation."""
    data = data_of(recipe.dataset, warehouse)
    frame = answers_in(version, recipe, data, warehouse)
    told = {}
    if recipe.system == "ensemble":
        voters = voters_of(version, recipe, data, warehouse)
        told = {"votes of": ", ".join(voters.present), "not evaluated": ", ".join(voters.missing) or "none"}
    return dg.MaterializeResult(
        data_version=dg.DataVersion(frame["generation_id"][0]),
        metadata={
            "dagster/row_count": warehouse.replace({"completions": frame}, version),
            "generated": False,
            "documents without an answer": frame.filter(pl.col("finish_reason") == MISSING).height,
            **told,
        },
    )


def generate(
    context: dg.AssetExecutionContext, asked: Generation, held: int
) -> tuple[pl.DataFrame, Counter[str]]:
    """Run the generation process; return its rows of both tables, and what it tried again."""
    version, folder = asked.version, paths.work(asked.version, "generation")
    output = folder / "completions.jsonl"
    output.unlink(missing_ok=True)
    first, *more = splits_of(asked.recipe)
    run_process(
        context,
        asked.module,
        {
            **asked.job(folder),
            "documents": str(asked.data.write(first, folder / "documents.jsonl", *more)),
            "output": str(output),
            "work": str(prepared(folder / "scratch", empty=False)),
            "generation_id": asked.id,
        },
        folder=folder,
        held=held,
        what=f"generation of {version}",
        offline=asked.is_offline,
        shares_host=asked.shares_host,
        resources=asked.recipe.asked_of_a_cluster(),
    )
    lines = read_lines(output)
    frame = completion_rows(lines, asked)
    if asked.recipe.system == "lora":
        after = finished_adapter(paths.adapter(version))
        if after is None or after.weights_hash != asked.writer:
            raise MednerError(f"{version} was trained again during generation: run `medner evaluate` again")
    return frame, sum((Counter(line.get("retries", {})) for line in lines), Counter())


def read_lines(file: Path) -> list[Mapping[str, Any]]:
    """Return the JSON objects of a file of JSON lines; raise MednerError when it is not there."""
    if not file.exists():
        raise MednerError(f"the process ended without writing {file.name}: see {file.parent}")
    try:
        with file.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        raise MednerError(f"{file}: not the JSON lines that generation writes: run it again") from None
