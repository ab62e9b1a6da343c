"""Resources that every run shares, and the environment of the processes that runs start."""

import os

import dagster as dg

from medner_assets.defs.recipe_files import note_of_run
from medner_assets.defs.supervision import attach
from medner_assets.errors import MednerError
from medner_assets.warehouse.data_tables import DataTables

PARTITION_TAG = "dagster/partition"


class Warehouse(DataTables, dg.ConfigurableResource):
    """The tables below MEDNER_DATA as a resource of Dagster's."""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Mark the run with its process, and note its files: every run opens the tables before all else."""
        if context.instance is not None and context.run is not None:
            attach(context.instance, context.run)
            partition = context.run.tags.get(PARTITION_TAG)
            if partition is not None:
                note_of_run(context.instance, partition)


@dg.definitions
def resources() -> dg.Definitions:
    """Return the resources by the names that assets ask for, and the executor of all jobs."""
    # One process per run: killing its worker leaves no step behind, and no step pays for a start of its own.
    return dg.Definitions(resources={"warehouse": Warehouse()}, executor=dg.in_process_executor)


def engine_name() -> str:
    """Return what launches training, generation and annotation: $MEDNER_ENGINE, else local."""
    return os.environ.get("MEDNER_ENGINE") or "local"


def ray_settings() -> tuple[str, float]:
    """Return the address of Ray's dashboard, $RAY_ADDRESS, and the GPUs of a job, $MEDNER_RAY_GPUS (0: none).

    Raises MednerError when the number is none.
    """
    gpus = os.environ.get("MEDNER_RAY_GPUS") or "0"
    try:
        return os.environ.get("RAY_ADDRESS") or "http://127.0.0.1:8265", float(gpus)
    except ValueError:
        raise MednerError(f"MEDNER_RAY_GPUS={gpus}: not a number: give the GPUs of a job") from None


def process_environment(offline: bool) -> dict[str, str]:
    """Return the environment of a training or generation process: this one's, with all telemetry off.

    offline: the base model is a local folder, so nothing may be asked of a hub either.
    """
    quiet = {
        "DO_NOT_TRACK": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "UNSLOTH_DISABLE_STATISTICS": "1",
        "WANDB_MODE": "disabled",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
    }
    alone = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"} if offline else {}
    return {**os.environ, **quiet, **alone}
