"""Training on several devices: one process each, the same weights in all, each with its share of a step's
samples.

Started by torchrun or by `launch` with its variables RANK, WORLD_SIZE and LOCAL_RANK. Every process sees one
GPU only, so that the libraries above need not know of the others: the gradients' sum is all that the
processes exchange. A step's samples are shared out by tokens, and the effective batch is the recipe's
whatever the number of processes.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil

from medner_assets.environment import process_count, stated_gpus, take_rank
from medner_assets.errors import MednerError
from medner_assets.modeling.samples import Sample
from medner_assets.modeling.time_limit import OUT_OF_TIME, OutOfTime, listen_for_notice
from medner_assets.modeling.training.batching import balanced

if TYPE_CHECKING:
    import torch

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among those of a run."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes files and speaks for all."""
        return self.rank == 0

    def share(self, samples: Sequence[Sample]) -> list[Sample]:
        """Return this process's samples; all processes' shares have about the same number of tokens."""
        return list(samples) if self.size == 1 else balanced(samples, self.size)[self.rank]

    def sum(self, value: "torch.Tensor") -> "torch.Tensor":
        """Return the sum of a tensor over all processes; the same bits in each."""
        if self.size > 1:
            import torch.distributed as dist

            dist.all_reduce(value)
        return value

    def least(self, value: int, device: "torch.device") -> int:
        """Return the smallest of a number over all processes."""
        if self.size == 1:
            return value
        import torch
        import torch.distributed as dist

        tensor = torch.tensor(value, device=device)
        dist.all_reduce(tensor, op=dist.ReduceOp.MIN)
        return int(tensor)

    def sum_gradients(self, parameters: Sequence["torch.Tensor"]) -> None:
        """Replace each gradient by its sum over all processes; a missing one counts as zero."""
        if self.size == 1:
            return
        import torch

        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
        flat = self.sum(torch.cat([each.flatten() for each in gradients]))
        parts = flat.split([each.numel() for each in gradients])
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = part.view_as(parameter)

    def copy_from_first(self, parameters: Sequence["torch.Tensor"]) -> None:
        """Give all processes the values of the first."""
        if self.size > 1:
            import torch.distributed as dist

            for parameter in parameters:
                dist.broadcast(parameter.data, src=0)


@contextlib.contextmanager
def ranks(device: Literal["auto", "cpu", "cuda"]) -> Iterator[Ranks]:
    """Join the processes that torchrun started, for the length of the block; a process on its own joins
    nobody.

    Must run before CUDA is used: it leaves one GPU visible to this process, the LOCAL_RANK-th.
    """
    import torch
    import torch.distributed as dist

    rank, size, local = take_rank()
    cuda = device != "cpu" and bool(visible_gpus())
    if cuda:
        os.environ["CUDA_VISIBLE_DEVICES"] = visible_gpus()[local]
    if size == 1:
        yield Ranks()
        return
    die_with_parent()
    backend = "nccl" if cuda else "gloo"
    try:
        dist.init_process_group(
            backend,
            rank=rank,
            world_size=size,
            device_id=torch.device("cuda", 0) if cuda else None,
        )
    except (RuntimeError, ValueError) as error:  # DistBackendError and CUDA's errors are RuntimeErrors
        raise MednerError(not_connected(backend, size, str(error))) from None
    yield Ranks(rank, size)
    # Not after an error: leaving the group waits for the others, who may be waiting for this process.
    dist.destroy_process_group()


def not_connected(backend: str, size: int, said: str) -> str:
    """Return the line for processes that could not be joined. said: the library's words; the cause is their
    last line."""
    cause = [line.strip() for line in said.splitlines() if line.strip()] or ["no reason was given"]
    return (
        f"the {size} processes that train together could not be connected by {backend} ({cause[-1][:200]}): "
        f"set training.gpus to 1, or put this right ({backend.upper()}_SOCKET_IFNAME names the network "
        "interface; every GPU needs some free memory)"
    )


def visible_gpus() -> list[str]:
    """Return the names of the GPUs that this process may use, as CUDA_VISIBLE_DEVICES takes them.

    Asks the driver's management library: CUDA itself would from then on see what is visible now.
    """
    import torch

    count = torch.cuda.device_count()
    stated = stated_gpus()
    return [str(index) for index in range(count)] if stated is None else list(stated[:count])


def processes_wanted(gpus: int | Literal["all"], device: Literal["auto", "cpu", "cuda"]) -> int:
    """Return how many processes a recipe's `gpus` means here; raise MednerError where so many GPUs are not
    visible."""
    visible = len(visible_gpus())
    if device == "cpu" or not visible:
        return 1 if gpus == "all" else gpus
    if gpus == "all":
        return visible
    if gpus > visible:
        raise MednerError(
            f"training.gpus asks for {gpus} GPUs and {visible} are visible: lower it, or say `all`"
        )
    return gpus


def started_by_torchrun() -> bool:
    """Return whether this process is one of several that torchrun or `launch` started."""
    return process_count() > 1


def launch(job_file: Path, processes: int) -> None:
    """Train `job_file` in several processes of this host and return when all are done.

    Raises MednerError with the line of the process that failed first.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=str(os.getpid()),
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",
        max_restarts=0,
        monitor_interval=0.2,
        local_addr="127.0.0.1",
    )
    command = ["-m", "medner_assets.modeling.training.train", "--job", str(job_file)]
    listen_for_notice(_pass_on)
    try:
        elastic_launch(config, sys.executable)(*command)
    except SignalException:
        raise KeyboardInterrupt from None
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        if failure.exitcode == OUT_OF_TIME:
            raise OutOfTime from None
        said = failure.message if isinstance(failure.message, str) else ""
        if failure.exitcode == 1 and said and "\n" not in said:
            raise MednerError(said) from None
        raise MednerError(ended(rank, processes, failure.exitcode)) from None


def _pass_on() -> None:
    """Tell the processes that train what this one was told: a batch system speaks to its first process."""
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            child.send_signal(signal.SIGUSR1)


def ended(rank: int, processes: int, code: int) -> str:
    """Return the line for one of several processes that gave no reason. code: negative for a signal."""
    which = f"process {rank + 1} of the {processes} that train together"
    again = "the others were stopped, and the last checkpoint is kept: the next attempt goes on from it"
    if code == -signal.SIGKILL:
        return f"{which} was killed by the system, most likely for want of memory: {again}"
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return f"{which} {how} without a reason: {again}"


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the one that started it dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
