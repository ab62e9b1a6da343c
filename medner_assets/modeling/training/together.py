"""Replicates of one version trained side by side on one GPU: one copy of the frozen base, an adapter each.

Each is the training that it would be alone: its own seed, order, optimiser and folder. They take turns (see
`turns.py`). Where memory allows it each computes on a stream of its own, so that steps that do not fill the
GPU overlap; else all compute on one and share the memory of a step.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from medner_assets.errors import MednerError
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.loading import pick_device
from medner_assets.modeling.memory import device_memory
from medner_assets.modeling.progress import Log, Named
from medner_assets.modeling.publishing import enough_disk
from medner_assets.modeling.training.backends import SharedBase
from medner_assets.modeling.training.distributed import started_by_torchrun
from medner_assets.modeling.training.preparation import prepared
from medner_assets.modeling.training.turns import Turns
from medner_assets.paths import private_folder

_STATE_BYTES = 16
"""A trained value: itself, its gradient, and the optimiser's two moments, in 32 bits each."""


def can_share(job: TrainingJob) -> bool:
    """Return whether replicates of `job` can be trained side by side here: one process on one GPU."""
    training = job.recipe.training
    alone = training.gpus == 1 and training.backend != "unsloth" and not started_by_torchrun()
    return alone and pick_device(job.device).type == "cuda"


def train_together(jobs: Sequence[TrainingJob], log: Log) -> dict[str, Any]:
    """Train the adapters of `jobs`, replicates of one version, and return the facts of the first.

    Another one that fails is described in a line and leaves no adapter. Raises what the first one raised.
    """
    device, shared = pick_device(jobs[0].device), SharedBase()
    turns = Turns(device)
    for job in jobs:
        private_folder(job.work)
    with enough_disk(jobs[0].work):
        # The first one's probe shows what a step takes, and so how many fit.
        first = prepared(jobs[0], log, shared=shared, pass_on=turns.pass_on)
        state = _STATE_BYTES * sum(p.numel() for p in first.ready.model.parameters() if p.requires_grad)
        usable = device_memory(device).usable
        at_once, streams = fitting(len(jobs), state, first.steps.bytes_a_step, usable)
        if not streams:
            shared.share_captures()
        log.info(
            f"{at_once} of {len(jobs)} replicates at once on one copy of the base: "
            + ("each with memory for a step of its own" if streams else "memory holds one step at a time")
        )
        facts: list[dict[str, Any]] = []

        def run_first() -> None:
            turns.pass_on()  # all are made ready before the first step of any
            facts.append(first.run())

        def run_other(job: TrainingJob) -> None:
            training = prepared(job, Named(job.version, log), shared=shared, pass_on=turns.pass_on)
            turns.pass_on()
            training.run()

        works: list[Callable[[], None]] = [run_first, *(partial(run_other, job) for job in jobs[1:])]
        raised = turns.run(works, at_once=at_once, streams=streams)
    for job, error in zip(jobs[1:], raised[1:], strict=True):
        if error is not None:
            # Its words may quote a document unless they are medner's own.
            reason = str(error) if isinstance(error, MednerError) else type(error).__name__
            log.info(f"{job.version} was not trained with the others: {reason}")
    if raised[0] is not None:
        raise raised[0]
    return facts[0]


def fitting(count: int, state: int, step: int, usable: int) -> tuple[int, bool]:
    """Return how many of `count` trainings fit at once (at least one), and whether each has memory for a
    step of its own.

    state: bytes that each holds all the time; step: bytes that a step takes; usable: those that
    the device has left.
    """
    if count * (state + step) <= usable:
        return count, True
    return min(count, max(1, (usable - step) // state)), False
