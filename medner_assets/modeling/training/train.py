"""Train one adapter: `python -m medner_assets.modeling.training.train --job JOB.json`. A process of its own.

Reads documents and writes the adapter's folder, both named by the job (see `job.py`); knows neither the
warehouse nor Dagster beyond Pipes, so that the same command runs under Slurm, Kubernetes or Ray. Exit
code 0: the adapter is there; 1: a mistake that the user can fix, described in the last line of standard
error.
"""

from pathlib import Path
from typing import Any

import click

from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.process import process
from medner_assets.modeling.progress import Log, Silence
from medner_assets.modeling.publishing import enough_disk
from medner_assets.modeling.training.distributed import (
    launch,
    processes_wanted,
    ranks,
    started_by_torchrun,
)
from medner_assets.modeling.training.forking import cpu_process_count, forked
from medner_assets.modeling.training.preparation import prepared
from medner_assets.modeling.training.together import can_share, train_together
from medner_assets.modeling.training.unsloth import import_first
from medner_assets.paths import private_folder


def train(job: TrainingJob, log: Log, processes: int = 1) -> dict[str, Any]:
    """Train the adapter of `job`, resuming from its last checkpoint, and return its facts (a row of
    `adapters`).

    processes: how many share a CPU, see `forking.py`. Where torchrun started several processes, all train
    together and the first one writes; the others return {}.
    """
    private_folder(job.work)
    crew_of = forked(processes, job.work, log) if processes > 1 else ranks(job.device)
    with enough_disk(job.work), crew_of as crew:
        return prepared(job, log if crew.first else Silence(), crew).run()


@click.command()
@click.option(
    "--job", "job_file", type=click.Path(path_type=Path), required=True, help="The job, a JSON file."
)
def main(job_file: Path) -> None:
    """Train one LoRA adapter as JOB says, in as many processes as its recipe asks for GPUs."""

    def import_what_must_be_first() -> None:
        import_first(TrainingJob.read(job_file))

    if not started_by_torchrun():
        with process(reports=False, first=import_what_must_be_first):
            job = TrainingJob.read(job_file)
            processes = processes_wanted(job.recipe.training.gpus, job.device)
            if processes > 1:
                launch(job_file, processes)
                return
    with process(first=import_what_must_be_first) as log:
        job = TrainingJob.read(job_file)
        others = [TrainingJob.read(file) for file in job.beside]
        if others and can_share(job):
            facts = train_together([job, *others], log)
        else:
            facts = train(job, log, 1 if started_by_torchrun() else cpu_process_count(job))
        if facts:
            log.info(f"trained {facts['steps']} steps in {facts['train_seconds']:.0f} s")


if __name__ == "__main__":
    main()
