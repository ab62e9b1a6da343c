"""Training on the cores of one CPU: as many processes as cores, each with one thread and its share of a step.

Short products do not keep several threads of one process busy: on two cores, two processes take a fifth to a
third less time for a step. They are forked after the libraries were imported, so that these are in memory
once.
"""

import contextlib
import gc
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from medner_assets.errors import MednerError
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.loading import find_weights
from medner_assets.modeling.progress import Log
from medner_assets.modeling.training.distributed import Ranks, die_with_parent, visible_gpus

MOST = 4
"""Processes. On more cores each has several threads."""
_SMALL_BASE = 256 * 2**20
"""Bytes of weights up to which each process may load its own."""
_FAREWELL = 5.0
"""Seconds that a process which lost another one waits for the news of how that ended."""


def cpu_process_count(job: TrainingJob) -> int:
    """Return how many processes train `job` fastest on this CPU; 1 on GPUs, or where the recipe says a
    number."""
    import torch

    recipe = job.recipe.training
    if not sys.platform.startswith("linux") or recipe.gpus != 1 or recipe.backend == "unsloth":
        return 1
    if job.device != "cpu" and visible_gpus():
        return 1
    weights = find_weights(job.base, job.base_folder).glob("*.safetensors")
    if sum(file.stat().st_size for file in weights) > _SMALL_BASE:
        return 1
    return max(1, min(torch.get_num_threads(), recipe.effective_batch, MOST))


@contextlib.contextmanager
def forked(processes: int, work: Path, log: Log) -> Iterator[Ranks]:
    """Run the block in `processes` processes at once. Only the first one comes out of it.

    work: a folder for the file by which they find each other. Raises MednerError where another process ends
    before the first. Must run before the first product of matrices: threads are not forked with the rest.
    """
    if processes == 1:
        yield Ranks()
        return
    import torch
    import torch.distributed as dist

    _import_what_all_need()
    threads = max(1, torch.get_num_threads() // processes)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # nothing listens but on this machine
    log.info(f"{processes} processes share the cores and work on each step together")
    with tempfile.TemporaryDirectory(dir=work, prefix="meeting-") as folder:
        meeting = Path(folder)
        rank, children = _fork(processes)
        # After the fork: a forked process has to make its thread pool anew, and does it here, while it has
        # one thread. Two that find none at the same time fail.
        torch.set_num_threads(threads)
        try:
            store = dist.FileStore(str(meeting / "store"), processes)  # type: ignore[attr-defined] # it is there
            dist.init_process_group("gloo", store=store, rank=rank, world_size=processes)
            yield Ranks(rank, processes)
            # Not after an error: leaving the group waits for the others, who may be waiting for this process.
            dist.destroy_process_group()
        except BaseException as error:
            if rank:
                _leave(meeting, rank, error)
            reason = _why_another_ended(children, meeting) if _is_lost_connection(error) else None
            if reason is not None:
                raise MednerError(reason) from error
            raise
        finally:
            if not rank:
                _end(children)
        if rank:
            _leave(meeting, rank, None)


def _import_what_all_need() -> None:
    """Import the heavy libraries, and keep the collector from writing to what the processes share."""
    import peft
    from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer

    del peft, AutoModelForCausalLM, AutoTokenizer, Trainer
    gc.collect()
    gc.freeze()
    sys.stdout.flush()
    sys.stderr.flush()


def _fork(processes: int) -> tuple[int, list[int]]:
    """Return this process's rank, and in the first one the others' process numbers, in order of rank."""
    children: list[int] = []
    for rank in range(1, processes):
        child = os.fork()
        if child == 0:
            die_with_parent()
            return rank, []
        children.append(child)
    return 0, children


def _leave(meeting: Path, rank: int, error: BaseException | None) -> NoReturn:
    """End this process without what the first one has to tidy up; leave the reason where it looks for it."""
    if error is not None:
        with contextlib.suppress(OSError):
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            (meeting / f"{rank}.reason").write_text(reason, encoding="utf-8")
    os._exit(0 if error is None else 1)


def _is_lost_connection(error: BaseException) -> bool:
    return isinstance(error, RuntimeError) and "gloo" in str(error)


def _why_another_ended(children: list[int], meeting: Path) -> str | None:
    """Return one line on the first of `children` that has ended, waiting a little; None: all are running."""
    until = time.monotonic() + _FAREWELL
    while time.monotonic() < until:
        for rank, child in enumerate(children, start=1):
            ended, status = os.waitpid(child, os.WNOHANG)
            if not ended:
                continue
            children.remove(child)
            told = meeting / f"{rank}.reason"
            reason = told.read_text(encoding="utf-8") if told.is_file() else ""
            if os.WIFSIGNALED(status):
                reason = (
                    f"killed by {signal.Signals(os.WTERMSIG(status)).name}, as a system short of memory does"
                )
            return (
                f"process {rank} of {len(children) + 2} ended ({reason or 'no reason given'}): "
                "train again, it goes on from the last whole checkpoint"
            )
        time.sleep(0.05)
    return None


def _end(children: list[int]) -> None:
    """Kill those that are still running, and wait for all."""
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
