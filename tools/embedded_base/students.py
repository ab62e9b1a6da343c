"""Bases that differ in their examples alone: the gold ones, and these with a teacher's, at equal steps.

All are trained at once, each in a process of its own, on rows that are built once: a small model leaves most
of a card idle. `sizes.py` trains bases of several sizes so.
"""

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
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
    trainings = {
        f"{name}-{seed}": (rows, replace(settings, seed=seed))
        for name, rows in parts.items()
        for seed in range(1, seeds + 1)
    }
    return train_side_by_side(prepared, trainings, output, say)


def train_side_by_side(
    prepared: Path,
    trainings: Mapping[str, tuple[Rows, Pretraining]],
    output: Path,
    say: Callable[[str], None],
) -> list[str]:
    """Train bases at once, a process each, and write output/NAME; return the names of those that failed."""
    # Forked before CUDA starts, so that the rows are in memory once.
    context = multiprocessing.get_context("fork")
    running = {
        name: context.Process(target=_train, args=(prepared, rows, settings, output / name, say))
        for name, (rows, settings) in trainings.items()
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
