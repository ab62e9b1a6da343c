"""Ask a server for completions: `python -m medner_assets.modeling.inference.ask --job JOB.json`. A process of
its own, which loads no model.

Every answer is kept as it comes: a killed run goes on where it stopped. Exit code 0: all are there; 1: a
mistake that the user can fix, described in the last line of standard error.
"""

from pathlib import Path

import click

from medner_assets.modeling.inference.endpoint import Endpoint
from medner_assets.modeling.inference.generate import written
from medner_assets.modeling.job import AskingJob
from medner_assets.modeling.process import process


@click.command()
@click.option(
    "--job", "job_file", type=click.Path(path_type=Path), required=True, help="The job, a JSON file."
)
def main(job_file: Path) -> None:
    """Write the completions that JOB asks for."""
    with process(models=False) as log:
        job = AskingJob.read(job_file)
        count = written(job, Endpoint(job), log)
        log.info(f"{count} completions")


if __name__ == "__main__":
    main()
