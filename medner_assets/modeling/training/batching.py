"""Samples → steps → tensors: the order of an epoch, padded rectangles, and packed rows.

Padding is on the right: with causal attention nothing sees it, so no mask is needed. A packed row holds
several samples one after the other without padding. It says where its samples begin and end, and
attention never crosses a border (see `fused/attention.py`), so that the loss is the same as sample by
sample. No attention mask and no key-value cache go with it.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medner_assets.modeling.samples import Sample

if TYPE_CHECKING:
    import torch


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


IGNORED = -100
"""Label of a token that is not learned."""


def collate(samples: Sequence[Sample], pad: int) -> dict[str, "torch.Tensor"]:
    """Return input_ids and labels (int64) and weights (float32), each (samples, longest).

    A label stands at the place of its own token; every label has a token before it.
    """
    import torch

    longest = max(len(sample) for sample in samples)
    shape = (len(samples), longest)
    ids = torch.full(shape, pad, dtype=torch.long)
    labels = torch.full(shape, IGNORED, dtype=torch.long)
    weights = torch.zeros(shape, dtype=torch.float32)
    for i, sample in enumerate(samples):
        begin, end = len(sample.prompt), len(sample)
        ids[i, :end] = torch.tensor(sample.prompt + sample.completion)
        labels[i, begin:end] = torch.tensor(sample.completion)
        weights[i, begin:end] = torch.tensor(sample.weights)
    return {"input_ids": ids, "labels": labels, "weights": weights}


def padded_groups(samples: Sequence[Sample], most: int, tokens: int | None) -> list[list[Sample]]:
    """Return `samples` in their order, at most `most` in a list and `tokens` in its padded rectangle."""
    groups: list[list[Sample]] = []
    longest = 0
    for sample in samples:
        longest = max(longest, len(sample))
        full = not groups or len(groups[-1]) == most
        if full or (tokens is not None and longest * (len(groups[-1]) + 1) > tokens):
            groups.append([])
            longest = len(sample)
        groups[-1].append(sample)
    return groups


@dataclass(frozen=True, slots=True)
class PackedRow:
    """One row of T tokens that holds n samples whose completions have L tokens in all."""

    input_ids: "torch.Tensor"
    """(1, T), int64."""
    position_ids: "torch.Tensor"
    """(1, T), int64: begins at 0 with each sample."""
    boundaries: "torch.Tensor"
    """(n + 1,), int32: where the samples begin, and T."""
    longest: int
    """Tokens of the longest sample."""
    predicting: "torch.Tensor"
    """(L,), int64: the positions whose next token is a completion's."""
    targets: "torch.Tensor"
    """(L,), int64: those next tokens."""
    weights: "torch.Tensor"
    """(L,), float32: what each weighs in the loss."""


def pack(samples: Sequence[Sample], device: "torch.device", pad: int | None = None) -> PackedRow:
    """Return the row of `samples` (at least one) on `device`, in their order.

    pad: a token that fills each sample up to the longest, so that all have one length; None: none are filled.
    Attention is causal and nothing after a sample's end is learned, so that the loss is the same.
    """
    import torch

    longest = max(len(sample) for sample in samples)

    tokens: list[int] = []
    positions: list[int] = []
    boundaries = [0]
    predicting: list[int] = []
    targets: list[int] = []
    weights: list[float] = []
    for sample in samples:
        first = len(tokens) + len(sample.prompt) - 1
        predicting.extend(range(first, first + len(sample.completion)))
        targets.extend(sample.completion)
        weights.extend(sample.weights)
        tokens.extend(sample.prompt)
        tokens.extend(sample.completion)
        size = len(sample) if pad is None else longest
        tokens.extend([pad or 0] * (size - len(sample)))
        positions.extend(range(size))
        boundaries.append(len(tokens))

    def moved(values: list, dtype: "torch.dtype") -> "torch.Tensor":
        tensor = torch.tensor(values, dtype=dtype)
        if device.type == "cuda":  # from pinned memory the copy does not wait for the device
            return tensor.pin_memory().to(device, non_blocking=True)
        return tensor.to(device)

    return PackedRow(
        moved([tokens], torch.long),
        moved([positions], torch.long),
        moved(boundaries, torch.int32),
        longest,
        moved(predicting, torch.long),
        moved(targets, torch.long),
        moved(weights, torch.float32),
    )


def balanced(samples: Sequence[Sample], parts: int) -> list[list[Sample]]:
    """Return `parts` lists that hold `samples` and have about the same number of tokens; some may be empty.

    The longest samples go first, each to the list that has the fewest tokens: the same for everyone who asks.
    """
    lists: list[list[Sample]] = [[] for _ in range(parts)]
    sizes = [0] * parts
    for sample in sorted(samples, key=len, reverse=True):
        least = sizes.index(min(sizes))
        lists[least].append(sample)
        sizes[least] += len(sample)
    return lists


def rows_within(samples: Sequence[Sample], limit: int) -> list[list[Sample]]:
    """Return `samples` in as few lists as hold at most `limit` tokens each, of about the same size.

    A sample with more than `limit` tokens gets a list of its own.
    """
    long = [[sample] for sample in samples if len(sample) > limit]
    short = [sample for sample in samples if len(sample) <= limit]
    parts = -(-sum(map(len, short)) // limit)
    while short:
        lists = balanced(short, parts)
        if all(sum(map(len, each)) <= limit for each in lists):
            return long + lists
        parts += 1
    return long
