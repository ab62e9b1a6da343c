"""Annotate shards of a corpus: `python -m medner_assets.modeling.inference.annotate --job JOB.json [--worker
N]`.

Without a number it starts the job's workers, waits, and tells how far they are; with one it is a worker. With
`--here` it starts so many of them, and waits for those that others start as well.
What is done is the files that are there: nothing else is remembered, so that any number of these
commands, on any machines that share the folder, can be started, killed and started again. A shard being
made is claimed with a lock that ends with its worker. A shard that cannot be read is set aside with its
reason and the others go on. Exit code 0: every shard is there or set aside.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from medner_assets.corpus.shards import Shard, texts
from medner_assets.environment import PIPES, of_child
from medner_assets.errors import MednerError
from medner_assets.interruption import dies_with
from medner_assets.locks import is_held, take
from medner_assets.modeling.inference.extractor import Extractor
from medner_assets.modeling.inference.shard_rows import (
    remove_unfinished,
    shard_file,
    shard_frame,
    write_shard,
)
from medner_assets.modeling.job import AnnotationJob
from medner_assets.modeling.process import process
from medner_assets.modeling.progress import Log, Reporter
from medner_assets.modeling.requirements import visible_gpus
from medner_assets.modeling.time_limit import OutOfTime, time_is_up
from medner_assets.paths import private_folder

_MODULE, _POLL_SECONDS = "medner_assets.modeling.inference.annotate", 0.3


def work(job: AnnotationJob, worker: int, log: Log) -> int:
    """Make what is missing and not claimed by others, until nothing is; return how many shards that were."""
    extractor: Extractor | None = None
    made = 0
    begin = worker * len(job.shards) // max(job.workers, worker + 1)
    order = [*job.shards[begin:], *job.shards[:begin]]  # workers begin at places of their own
    while True:
        before = made
        for shard in order:
            target = shard_file(job.output, job.annotation_id, shard)
            if target.exists() or _aside(job, shard).exists():
                continue
            with _claimed(_claim(job, shard)) as is_mine:
                # It may have been made between the look and the claim.
                if not is_mine or target.exists():
                    continue
                remove_unfinished(target)
                try:
                    documents = texts(job.corpus, shard)
                except MednerError as error:
                    _set_aside(job, shard, str(error))
                    continue
                extractor = extractor or Extractor(job)
                rows = shard_frame(extractor, documents, job.annotation_id, job.corpus_name, shard)
                write_shard(target, rows)
                made += 1
                log.info(f"worker {worker}: {shard.place}, {len(documents)} documents")
        if made == before:
            return made


def coordinate(job: AnnotationJob, file: Path, log: Log, here: int | None = None) -> None:
    """Run the workers and report until all have ended; raise MednerError when a shard is missing then.

    here: how many of the job's workers to start; the others are started elsewhere. What they leave unfinished
    is done here. Raises OutOfTime when a time limit is near.
    """
    private_folder(job.output)
    for (
        shard
    ) in job.shards:  # a file that was corrected has another name; what is wrong with others may be gone
        _aside(job, shard).unlink(missing_ok=True)
    missing = _missing(job)
    done = len(job.shards) - len(missing)
    if done:
        log.info(f"{done} of {len(job.shards)} shards were already there")
    if not missing:
        return
    reporter = Reporter(job.work, log, "annotation", len(job.shards), "shards", done)
    reporter.report(done)
    before = done
    gpus = visible_gpus()  # of this machine, which may be another than the one that asked
    count = here or job.workers or max(1, len(gpus))
    workers: list[subprocess.Popen[bytes]] = []

    def watch() -> list[Shard]:
        """Report what is new, and return what is missing."""
        nonlocal done
        missing = _missing(job)
        if (now := len(job.shards) - len(missing)) != done:
            done = now
            reporter.report(done)
        if missing and time_is_up(done - before, "shard", log.info):
            raise OutOfTime
        return missing

    try:
        while missing and all(worker.poll() == 0 for worker in workers):
            workers = [_started(job, file, n, count, gpus) for n in range(min(count, len(missing)))]
            while any(worker.poll() is None for worker in workers):
                time.sleep(_POLL_SECONDS)
                missing = watch()
            missing = watch()
            if here is None:
                break
            while missing and all(is_held(_claim(job, shard)) for shard in missing):
                time.sleep(_POLL_SECONDS)
                missing = watch()
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.kill()
    lost = _missing(job)
    if lost:
        raise MednerError(_reason(job, workers, lost))


def _reason(job: AnnotationJob, workers: Sequence[subprocess.Popen[bytes]], lost: list[Shard]) -> str:
    codes = [worker.wait() for worker in workers]
    said = [_last_line(job.work / f"worker-{number}.log") for number, code in enumerate(codes) if code == 1]
    if said and said[0]:
        return said[0]
    killed = sum(code < 0 for code in codes)
    return (
        f"{len(lost)} of {len(job.shards)} shards are missing, {killed} of {len(codes)} workers were killed: "
        "run it again, finished shards stay"
    )


def _missing(job: AnnotationJob) -> list[Shard]:
    there = {entry.name for entry in os.scandir(job.output)}
    return [
        shard
        for shard in job.shards
        if shard_file(job.output, job.annotation_id, shard).name not in there
        and not _aside(job, shard).exists()
    ]


def _started(
    job: AnnotationJob, file: Path, number: int, count: int, gpus: Sequence[str]
) -> "subprocess.Popen[bytes]":
    environment = of_child(without=PIPES)
    if gpus:
        environment["CUDA_VISIBLE_DEVICES"] = gpus[number % len(gpus)]
    else:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        stated = environment.get("OMP_NUM_THREADS", "")
        threads = min(cores, int(stated)) if stated.isdigit() and int(stated) else cores
        environment["OMP_NUM_THREADS"] = str(max(1, threads // count))
    with (private_folder(job.work) / f"worker-{number}.log").open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", _MODULE, "--job", str(file), "--worker", str(number)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            preexec_fn=dies_with(os.getpid()),
        )


@contextmanager
def _claimed(lock: Path) -> Iterator[bool]:
    """Yield whether the lock is this process's for the block; the lock of a dead process is free."""
    descriptor = take(lock)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _claim(job: AnnotationJob, shard: Shard) -> Path:
    return job.work / "claims" / shard.name


def _aside(job: AnnotationJob, shard: Shard) -> Path:
    return job.work / "aside" / f"{shard.name}.json"


def _set_aside(job: AnnotationJob, shard: Shard, reason: str) -> None:
    file = _aside(job, shard)
    partial = private_folder(file.parent) / f".{file.name}.{os.getpid()}"
    partial.write_text(json.dumps({"shard": shard.name, "reason": reason}), encoding="utf-8")
    partial.replace(file)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


@click.command()
@click.option(
    "--job", "job_file", type=click.Path(path_type=Path), required=True, help="The job, a JSON file."
)
@click.option("--worker", type=int, help="Number of this worker; without it, start the workers of the job.")
@click.option("--here", type=int, help="Workers to start; the others are started elsewhere. Default: all.")
def main(job_file: Path, worker: int | None, here: int | None) -> None:
    """Annotate the shards that JOB names."""
    with process() as log:
        job = AnnotationJob.read(job_file)
        if worker is None:
            coordinate(job, job_file, log, here)
        else:
            work(job, worker, log)


if __name__ == "__main__":
    main()
