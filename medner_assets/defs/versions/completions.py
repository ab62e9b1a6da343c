"""The asset `completions`: what a version writes about the test split, as it writes it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from medner_assets import paths
from medner_assets.defs.datasets.data import data_of
from medner_assets.defs.datasets.dataset import dataset
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.identity import generation_id
from medner_assets.defs.partitions import DATASET_TO_VERSION, FROM_FILES, VERSIONS
from medner_assets.defs.pipes import run_process
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.adapter import adapter, prepared
from medner_assets.defs.versions.completion_rows import EVALUATED_SPLIT, completion_rows, existing
from medner_assets.defs.versions.finished import finished_adapter
from medner_assets.defs.versions.handover import VersionInputs, inputs_of, writer_of
from medner_assets.defs.versions.submitted import MISSING, submission_rows
from medner_assets.errors import MednerError
from medner_assets.locks import exclusive
from medner_assets.recipes.loading import load_version
from medner_assets.recipes.version import VersionRecipe


@dg.asset(
    partitions_def=VERSIONS,
    deps=[adapter, dg.AssetDep(dataset, partition_mapping=DATASET_TO_VERSION), FROM_FILES],
    pool="gpu",
    group_name="versions",
    kinds={"huggingface", "pytorch", "parquet"},
    owners=["team:modeling"],
    code_version="1",
    metadata=table_metadata("completions"),
)
@clear_failures()
def completions(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Raw greedy completions of the test split, never thrown away; everything later is recomputed from them.

    Where weights, data and decoding are those of the completions that are there, nothing is generated. Of a
    registered file they are its lines.
    """
    version = context.partition_key
    recipe = load_version(version)
    if recipe.system == "predictions":
        return _registered(version, recipe, warehouse)
    inputs = inputs_of(version, warehouse)
    writer = writer_of(inputs)
    wanted = generation_id(writer, inputs.data.version, inputs.recipe)
    with exclusive(paths.work(version, "generation") / "lock", f"generation of {version}") as held:
        frame = existing(warehouse, inputs.recipe, version, wanted)
        reused = frame is not None
        if frame is None:
            frame = generate(context, inputs, writer, wanted, held)
    rows = warehouse.replace({"completions": frame}, version)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(frame["generation_id"][0]),
        metadata={
            "dagster/row_count": rows,
            "generated": not reused,
            "cut at max_new_tokens": frame.filter(pl.col("finish_reason") == "length").height,
            "completion_tokens": int(frame["completion_tokens"].sum()),
            "seconds": float(frame["seconds"].sum()),
        },
    )


def _registered(version: str, recipe: VersionRecipe, warehouse: Warehouse) -> dg.MaterializeResult:
    """Return what stands in place of a generation: the lines of the version's file."""
    frame = submission_rows(version, recipe, data_of(recipe.dataset, warehouse))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(frame["generation_id"][0]),
        metadata={
            "dagster/row_count": warehouse.replace({"completions": frame}, version),
            "generated": False,
            "documents without an answer": frame.filter(pl.col("finish_reason") == MISSING).height,
        },
    )


def generate(
    context: dg.AssetExecutionContext,
    inputs: VersionInputs,
    writer: str,
    wanted: str,
    held: int,
) -> pl.DataFrame:
    """Run the generation process and return its rows of table `completions`."""
    folder = paths.work(inputs.version, "generation")
    output = folder / "completions.jsonl"
    output.unlink(missing_ok=True)
    run_process(
        context,
        "medner_assets.modeling.inference.generate",
        {
            **inputs.common(),
            **_asked(inputs, folder),
            "documents": str(inputs.data.write(EVALUATED_SPLIT, folder / "documents.jsonl")),
            "decoding": inputs.recipe.decoding.model_dump(mode="json"),
            "max_tokens": inputs.recipe.training.max_tokens,
            "output": str(output),
            "work": str(prepared(folder / "scratch", empty=False)),
            "generation_id": wanted,
        },
        folder=folder,
        held=held,
        what=f"generation of {inputs.version}",
        offline=inputs.base.is_local,
        shares_host=True,
    )
    frame = completion_rows(read_lines(output), inputs, writer, wanted)
    if inputs.recipe.system == "lora":
        after = finished_adapter(paths.adapter(inputs.version))
        if after is None or after.weights_hash != writer:
            raise MednerError(
                f"{inputs.version} was trained again during generation: run `medner evaluate` again"
            )
    return frame


def _asked(inputs: VersionInputs, folder: Path) -> dict[str, Any]:
    """Return what a generation job states of the model: its adapter, or its examples."""
    recipe = inputs.recipe
    if recipe.system == "lora":
        return {"adapter": str(paths.adapter(inputs.version))}
    pool = inputs.data.write("train", folder / "examples.jsonl")
    shots = {"pool": str(pool), "count": recipe.shots, "choice": recipe.shot_choice, "seed": recipe.seed}
    return {"adapter": None, "shots": shots}


def read_lines(file: Path) -> list[Mapping[str, Any]]:
    """Return the JSON objects of a file of JSON lines; raise MednerError when it is not there."""
    if not file.exists():
        raise MednerError(f"the process ended without writing {file.name}: see {file.parent}")
    try:
        with file.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        raise MednerError(f"{file}: not the JSON lines that generation writes: run it again") from None
