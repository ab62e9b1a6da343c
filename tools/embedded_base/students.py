"""Bases that differ in their examples alone: the gold ones, and these with a teacher's, at equal steps.

All are trained at once, each in a process of its own, on rows that are built once: a small model leaves most
of a card idle.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tools.embedded_base.loop import Pretraining, example_rows, frame_of, pretrain
from tools.embedded_base.prepare import EXAMPLES
from tools.embedded_base.rows import Rows
from tools.embedded_base.teacher import SOURCE


def train_students(
    prepared: Path,
    taught: Sequence[Path],
    output: Path,
    steps: int,
    seeds: int,
    variants: float,
    workers: int,
    say: Callable[[str], None],
) -> list[str]:
    """Write output/gold-SEED and output/taught-SEED; return the names of those that failed.

    taught: files of the teacher's examples. variants: of each of these.
    """
    settings = Pretraining(steps=steps, variants=(*Pretraining().variants, (SOURCE, variants)))
    frame = frame_of(prepared)
    gold = example_rows([prepared / EXAMPLES], settings, frame, workers=workers, log=say)
    more = example_rows(taught, settings, frame, workers=workers, log=say)
    parts = {"gold": gold, "taught": _joined(gold, more)}
    # Forked before CUDA starts, so that the rows are in memory once.
    context = multiprocessing.get_context("fork")
    running = {
        f"{name}-{seed}": context.Process(
            target=_train, args=(prepared, rows, replace(settings, seed=seed), output / f"{name}-{seed}", say)
        )
        for name, rows in parts.items()
        for seed in range(1, seeds + 1)
    }
    for process in running.values():
        process.start()
    for process in running.values():
        process.join()
    return [name for name, process in running.items() if process.exitcode]


def _joined(one: Rows, other: Rows) -> Rows:
    return Rows(
        np.concatenate([one.tokens, other.tokens]),
        np.concatenate([one.segments, other.segments]),
        np.concatenate([one.learned, other.learned]),
    )


def _train(
    prepared: Path, rows: Rows, settings: Pretraining, folder: Path, say: Callable[[str], None]
) -> None:
    from tools.embedded_base.export import export

    model = pretrain(prepared, rows, settings, lambda line: say(f"{folder.name}: {line}"))
    export(model, prepared, settings, folder)
