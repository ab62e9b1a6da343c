"""Resources that every run shares: the tables, and who watches over the run."""

import dagster as dg

from medner_assets.defs.recipe_files import note_of_run
from medner_assets.defs.supervision import attach
from medner_assets.warehouse.data_tables import DataTables

PARTITION_TAG = "dagster/partition"


class Supervision(dg.ConfigurableResource):
    """Marks a run with the process that executes it, and ends it when those that started it are gone."""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Mark the run and begin to watch."""
        if context.instance is not None and context.run is not None:
            attach(context.instance, context.run)


class Warehouse(DataTables, dg.ConfigurableResource):
    """The tables below MEDNER_DATA as a resource of Dagster's. Every run that opens them is watched over."""

    supervision: Supervision

    @classmethod
    def of_no_run(cls) -> "Warehouse":
        """Return the tables for a command, a schedule or a test, which no run stands behind."""
        return cls(supervision=Supervision())

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Note the files of the run's partition: every run opens the tables before all else."""
        if context.instance is not None and context.run is not None:
            partition = context.run.tags.get(PARTITION_TAG)
            if partition is not None:
                note_of_run(context.instance, partition)


@dg.definitions
def resources() -> dg.Definitions:
    """Return the resources by the names that assets ask for, and the executor of all jobs."""
    supervision = Supervision()
    return dg.Definitions(
        resources={"warehouse": Warehouse(supervision=supervision), "supervision": supervision},
        # One process per run: killing its worker leaves no step behind, and no step pays for a start of
        # its own.
        executor=dg.in_process_executor,
    )
