"""The asset `adapter`: a version's LoRA weights, trained in a process of their own."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from medner_assets import paths
from medner_assets.defs.command import Beside
from medner_assets.defs.datasets.data import Data
from medner_assets.defs.datasets.dataset import build_unless_current, dataset
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.engines import has_arrays
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.gates import leakage_gate, placement_gate, require
from medner_assets.defs.partitions import DATASET_TO_VERSION, FROM_FILES, VERSIONS
from medner_assets.defs.pipes import command_of, run_process
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.shared import keep
from medner_assets.defs.versions.finished import FinishedAdapter
from medner_assets.defs.versions.handover import VersionInputs, adapter_or_reason, doubts_of, inputs_of
from medner_assets.defs.versions.recipe import recipe
from medner_assets.errors import MednerError
from medner_assets.locks import exclusive, take
from medner_assets.recipes.loading import load_dataset, load_version
from medner_assets.recipes.replicates import version_and_index
from medner_assets.reporting.report import render_loss, render_small_loss

TRAIN = "medner_assets.modeling.training.train"


class TrainingConfig(dg.Config):
    """How a run of `adapter` trains."""

    force: bool = Field(False, description="Train again although recipe, data and base are unchanged.")
    together: list[str] = Field(
        [],
        description="Replicates to train with this version: as one job array on an engine that has arrays, "
        "else in the same process where one GPU takes them. Their own runs then find their adapters there.",
    )


@dg.asset(
    partitions_def=VERSIONS,
    deps=[recipe, dg.AssetDep(dataset, partition_mapping=DATASET_TO_VERSION), FROM_FILES],
    pool="gpu",
    group_name="versions",
    kinds={"huggingface", "pytorch", "parquet"},
    owners=["team:modeling"],
    code_version="1",
    metadata=table_metadata("adapters", "training_log"),
)
@clear_failures()
def adapter(
    context: dg.AssetExecutionContext, config: TrainingConfig, warehouse: Warehouse
) -> dg.MaterializeResult:
    """LoRA adapter of a version in `data/adapters/<version>/`, trained on the train split of its dataset.

    Where recipe, data and base are those of the adapter that is there, nothing is trained and the metadata
    says so. An interrupted training resumes from its own checkpoints.
    """
    version = context.partition_key
    stated = load_version(version)
    if stated.system != "lora":  # jobs run one chain for all versions
        none = f"none: {version} is of system {stated.system}"
        return dg.MaterializeResult(data_version=dg.DataVersion("none"), metadata={"adapter": none})
    build_unless_current(context, stated.dataset, warehouse)
    inputs = inputs_of(version, warehouse)
    require_trainable(inputs.data)
    with _locked(version) as held, ExitStack() as locks:
        present, reason = adapter_or_reason(inputs)
        reused = present is not None and not config.force
        if not reused:
            context.log.info(reason or "trained again, as it was asked for")
        beside = [] if reused else replicates(config, inputs, warehouse, locks)
        finished = (
            present if present and reused else train(context, inputs, held, beside, afresh=config.force)
        )
    keep(paths.adapter(version))
    if reused:
        context.log.info(f"nothing to train: {version} has the adapter of this recipe, data and base")
    rows = warehouse.replace(finished.tables(), version)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(finished.weights_hash),
        metadata={
            "dagster/row_count": rows,
            "trained": not reused,
            "loss": dg.MetadataValue.md(render_small_loss(version, finished.log) or "no step was logged"),
            "loss by epoch": dg.MetadataValue.md(render_loss(version, finished.log)),
            **finished.trained_as,
            **{name: value for name, value in finished.row.items() if isinstance(value, (int, float, str))},
        },
    )


def require_trainable(data: Data) -> None:
    """Raise MednerError unless the dataset's blocking checks hold: a run of `adapter` alone skips them."""
    require(
        data.name,
        placement_gate(data.documents, data.gold_entities, data.gold_relations),
        leakage_gate(data.documents, load_dataset(data.name).accepted_leakage),
    )


def _locked(version: str) -> AbstractContextManager[int]:
    return exclusive(paths.work(version, "training") / "lock", f"training of {version}")


def replicates(
    config: TrainingConfig, inputs: VersionInputs, warehouse: Warehouse, locks: ExitStack
) -> list[Beside]:
    """Return the trainings of the replicates that `config` names and that are to be trained, each locked.

    One that is being trained elsewhere is left out; its own run says so. Raises MednerError for a name that
    is no replicate of the version.
    """
    found = []
    for name, folder in free_replicates(inputs.version, config.together, "training", locks):
        other = inputs_of(name, warehouse)
        if config.force or adapter_or_reason(other)[0] is None:
            argv = command_of(TRAIN, training_job(other, afresh=config.force), folder)
            found.append(Beside(argv, folder, folder / "stderr.log", f"training of {name}", is_own_work=True))
    return found


def free_replicates(
    version: str, names: Sequence[str], step: str, locks: ExitStack
) -> Iterator[tuple[str, Path]]:
    """Yield those of `names` for which nobody runs the step, with its folder, each locked until `locks`
    closes.

    Raises MednerError for a name that is no replicate of the version.
    """
    for name in names:
        if version_and_index(name)[0] != version_and_index(version)[0]:
            raise MednerError(f"together: {name} is no replicate of {version}: leave it out")
        folder = paths.work(name, step)
        if joins(folder / "lock", locks):
            yield name, folder


def joins(lock: Path, locks: ExitStack) -> bool:
    """Keep a lock until `locks` closes; tell whether it was free."""
    descriptor = take(lock)
    if descriptor is not None:
        locks.callback(os.close, descriptor)
    return descriptor is not None


def train(
    context: dg.AssetExecutionContext,
    inputs: VersionInputs,
    held: int,
    beside: Sequence[Beside] = (),
    *,
    afresh: bool,
) -> FinishedAdapter:
    """Run the training process and return what it left; raise MednerError when it left nothing of its own.

    beside: trainings of replicates, which are tasks of the same array or work for the same process.
    """
    for line in doubts_of(inputs):
        context.log.warning(line)
    folder = paths.work(inputs.version, "training")
    run_process(
        context,
        TRAIN,
        {
            **training_job(inputs, afresh=afresh),
            "beside": [] if has_arrays() else [each.argv[-1] for each in beside],
        },
        folder=folder,
        held=held,
        what=f"training of {inputs.version}",
        offline=inputs.base.is_local,
        shares_host=inputs.recipe.training.gpus == 1,
        resources=inputs.recipe.asked_of_a_cluster(),
        beside=beside if has_arrays() else (),
    )
    finished, _ = adapter_or_reason(inputs)
    if finished is None:
        raise MednerError(f"training of {inputs.version} ended without its adapter: see {folder}")
    return finished


def training_job(inputs: VersionInputs, *, afresh: bool) -> dict[str, Any]:
    """Write what a training reads, and return what its process is told. afresh: no checkpoint is kept."""
    folder = paths.work(inputs.version, "training")
    return {
        **inputs.common(),
        "recipe": inputs.recipe.model_dump(mode="json"),
        "train": str(inputs.data.write("train", folder / "train.jsonl")),
        "dev": str(inputs.data.write("dev", folder / "dev.jsonl")),
        "output": str(paths.adapter(inputs.version)),
        "work": str(prepared(folder / "scratch", empty=afresh)),
        "fingerprint": inputs.fingerprint,
        "dataset_version": inputs.data.version,
    }


def prepared(scratch: Path, *, empty: bool) -> Path:
    """Return the scratch folder of a process without the progress of an earlier one, or empty."""
    if empty:
        shutil.rmtree(scratch, ignore_errors=True)
    paths.private_folder(scratch)
    (scratch / "progress.json").unlink(missing_ok=True)
    return scratch
