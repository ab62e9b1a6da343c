"""A GPU of its own for each process on a host with several, so that trainings of one GPU run side by side.

A card is taken by a lock on a file that the process inherits: it is free again when the last process that
holds it is gone, however that ended. The pool `gpu` says how many steps run at once; set its limit to the
number of cards (`dagster instance concurrency set gpu 2`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from medner_assets.locks import take
from medner_assets.modeling.requirements import visible_gpus


@dataclass(frozen=True, slots=True)
class Card:
    """What a process is started with. environment: its CUDA_VISIBLE_DEVICES; held: descriptors to inherit."""

    environment: dict[str, str]
    held: tuple[int, ...]


@contextmanager
def own_card(locks: Path) -> Iterator[Card]:
    """Yield a free card of this host for the length of the block.

    locks: the folder of one lock file per card. Where there is one card or none, or where other steps hold
    all of them, the process sees what this one sees: a step measures the free memory and takes what there is.
    """
    cards = visible_gpus()
    descriptor = None
    chosen = {}
    if len(cards) > 1:
        for card in cards:
            descriptor = take(locks / f"gpu-{card}.lock")
            if descriptor is not None:
                chosen = {"CUDA_VISIBLE_DEVICES": card}
                break
    try:
        yield Card(chosen, () if descriptor is None else (descriptor,))
    finally:
        if descriptor is not None:
            os.close(descriptor)
