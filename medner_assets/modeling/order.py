"""The order in which an epoch visits its samples: a function of seed and epoch, so that a resumed run goes on
in it."""

import random
from collections.abc import Iterator, Sequence

_MEGABATCH = 50
"""Steps whose samples are sorted by length together."""


class StepOrder:
    """Yields the indices of each step's samples. `epoch` is set before an epoch begins."""

    def __init__(self, lengths: Sequence[int], step: int, seed: int, *, by_length: bool) -> None:
        """lengths: tokens of each sample; step: samples an optimiser step; by_length: steps of like
        lengths."""
        self._lengths, self._step, self._seed, self._by_length = lengths, step, seed, by_length
        self.epoch = 0

    def __len__(self) -> int:
        """Steps an epoch."""
        return -(-len(self._lengths) // self._step)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the steps of `epoch`; each sample occurs once."""
        chance = random.Random(f"{self._seed}/{self.epoch}")
        order = list(range(len(self._lengths)))
        chance.shuffle(order)
        if self._by_length:
            size = self._step * _MEGABATCH
            order = [
                index
                for i in range(0, len(order), size)
                for index in sorted(order[i : i + size], key=lambda index: -self._lengths[index])
            ]
        steps = [order[i : i + self._step] for i in range(0, len(order), self._step)]
        if self._by_length:
            chance.shuffle(steps)  # else every stretch of steps would go from long samples to short ones
        yield from steps
