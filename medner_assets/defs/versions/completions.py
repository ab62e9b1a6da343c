"""The asset `completions`: what a version writes about the test split, as it writes it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from medner_assets import paths
from medner_assets.defs.command import Beside
from medner_assets.defs.datasets.data import Data, data_of
from medner_assets.defs.datasets.dataset import dataset
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.engines import has_arrays
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.partitions import DATASET_TO_VERSION, FROM_FILES, VERSIONS
from medner_assets.defs.pipes import command_of, run_process
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.adapter import adapter, free_replicates, prepared
from medner_assets.defs.versions.completion_rows import (
    EVALUATED_SPLIT,
    completion_rows,
    existing,
    splits_of,
)
from medner_assets.defs.versions.ensemble import ensemble_rows, voters_of
from medner_assets.defs.versions.finished import finished_adapter
from medner_assets.defs.versions.generation import GENERATE, Generation, generation_of
from medner_assets.defs.versions.submitted import MISSING, submission_rows
from medner_assets.errors import MednerError
from medner_assets.locks import exclusive
from medner_assets.modeling.job import REFUSED
from medner_assets.recipes.loading import load_version
from medner_assets.recipes.version import NOT_GENERATED, VersionRecipe
from medner_assets.warehouse.data_tables import DataTables

OUTPUT = "completions.jsonl"
"""What a generation leaves in its step's folder, until it is recorded."""


class CompletionsConfig(dg.Config):
    """How a run of `completions` generates."""

    together: list[str] = Field(
        [],
        description="Replicates whose completions to write with this version's: as one job array on an "
        "engine that has arrays, else in the same process on one copy of the base. Their own runs then find "
        "them.",
    )


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
def completions(
    context: dg.AssetExecutionContext, config: CompletionsConfig, warehouse: Warehouse
) -> dg.MaterializeResult:
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
    folder = paths.work(version, "generation")
    with exclusive(folder / "lock", f"generation of {version}") as held, ExitStack() as locks:
        frame = existing(warehouse, recipe, version, asked.id)
        reused = frame is not None
        again: Counter[str] = Counter()
        if frame is None:
            beside = replicates(config.together, asked, warehouse, locks)
            written, again = generate(context, asked, held, beside)
            is_evaluated = pl.col("split") == EVALUATED_SPLIT
            frame, dev = written.filter(is_evaluated), written.filter(~is_evaluated)
            rows = warehouse.replace({"completions": frame, "dev_completions": dev}, version)
            (folder / OUTPUT).unlink()
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


def replicates(
    names: Sequence[str], asked: Generation, warehouse: Warehouse, locks: ExitStack
) -> list[Beside]:
    """Return the generations of the named replicates that are to be run on the base of `asked`, each locked.

    One whose adapter is not there is left out, as one that is generated elsewhere: its own run says so.
    Raises MednerError for a name that is no replicate of the version.
    """
    found = []
    for name, folder in free_replicates(asked.version, names, "generation", locks):
        try:
            other = generation_of(name, load_version(name), warehouse)
        except MednerError:
            continue
        is_there = existing(warehouse, other.recipe, name, other.id) is not None or is_left(other, folder)
        if asked.module == other.module == GENERATE and not is_there:
            argv = command_of(GENERATE, generation_job(other, folder), folder)
            found.append(
                Beside(argv, folder, folder / "stderr.log", f"generation of {name}", is_own_work=True)
            )
    return found


def generation_job(asked: Generation, folder: Path) -> dict[str, Any]:
    """Write what a generation reads, and return what its process is told. What an earlier one left goes."""
    output = folder / OUTPUT
    output.unlink(missing_ok=True)
    first, *more = splits_of(asked.recipe)
    return {
        **asked.job(folder),
        "documents": str(asked.data.write(first, folder / "documents.jsonl", *more)),
        "output": str(output),
        "work": str(prepared(folder / "scratch", empty=False)),
        "generation_id": asked.id,
    }


def is_left(asked: Generation, folder: Path) -> bool:
    """Tell whether the completions of a generation are in its folder and were not recorded.

    They were written with those of another replicate, or by a run that ended before it recorded them.
    """
    try:
        job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        return (folder / OUTPUT).is_file() and job["generation_id"] == asked.id
    except (OSError, ValueError, LookupError, TypeError):
        return False


def generate(
    context: dg.AssetExecutionContext, asked: Generation, held: int, beside: Sequence[Beside] = ()
) -> tuple[pl.DataFrame, Counter[str]]:
    """Run the generation process; return its rows of both tables, and what it tried again.

    beside: generations of replicates, which are tasks of the same array or work for the same process.
    """
    version, folder = asked.version, paths.work(asked.version, "generation")
    if is_left(asked, folder):
        context.log.info(f"nothing to generate: the completions of {version} are written and not recorded")
    else:
        together = {"beside": [each.argv[-1] for each in beside]} if beside and not has_arrays() else {}
        run_process(
            context,
            asked.module,
            {**generation_job(asked, folder), **together},
            folder=folder,
            held=held,
            what=f"generation of {version}",
            offline=asked.is_offline,
            shares_host=asked.shares_host,
            resources=asked.recipe.asked_of_a_cluster(),
            beside=beside if has_arrays() else (),
        )
    try:
        lines = read_lines(folder / OUTPUT)
        frame = completion_rows(lines, asked)
    except MednerError:
        (folder / OUTPUT).unlink(missing_ok=True)  # or it would be found again by the next run
        raise
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
