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
        """Yield the steps of `epoch`."""
        yield from self.of(self.epoch)

    def of(self, epoch: int) -> Iterator[list[int]]:
        """Yield the steps of one epoch, the indices of their samples; each sample occurs once."""
        chance = random.Random(f"{self._seed}/{epoch}")
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


@dataclass(frozen=True, slots=True)
class Room:
    """The sizes that rows are filled up to, so that all have one shape."""

    tokens: int
    samples: int
    longest: int
    """No sample that fills a row has more tokens."""
    learned: int

    def holds(self, samples: Sequence[Sample]) -> bool:
        """Return whether `samples` fit, with those that would fill the row."""
        free = self.tokens - sum(map(len, samples))
        learned = sum(len(sample.completion) for sample in samples)
        fillers = -(-max(0, free) // self.longest)
        fits = free >= 0 and learned <= self.learned and len(samples) + fillers <= self.samples
        return fits and max(map(len, samples)) <= self.longest


@dataclass(frozen=True, slots=True)
class HostRow:
    """A packed row that is not yet on its device: all whole numbers in one tensor, so that it takes two
    transfers."""

    numbers: "torch.Tensor"
    """(2 T + 2 L + n + 1,), int64: input_ids, position_ids, predicting, targets, boundaries."""
    weights: "torch.Tensor"
    tokens: int
    longest: int

    def on(self, numbers: "torch.Tensor", weights: "torch.Tensor") -> PackedRow:
        """Return the row whose values are, or will be, in `numbers` and `weights` of a device."""
        import torch

        learned = len(weights)
        sizes = [self.tokens, self.tokens, learned, learned]
        ids, positions, predicting, targets, boundaries = numbers.split([*sizes, len(numbers) - sum(sizes)])
        return PackedRow(
            ids[None], positions[None], boundaries.to(torch.int32), self.longest, predicting, targets, weights
        )


def pack(samples: Sequence[Sample], device: "torch.device", pad: int | None = None) -> PackedRow:
    """Return the row of `samples` (at least one) on `device`, in their order.

    pad: a token that fills each sample up to the longest, so that all have one length; None: none are filled.
    Attention is causal and nothing after a sample's end is learned, so that the loss is the same.
    """
    row = host_row(samples, pad)
    if device.type == "cuda":  # from pinned memory the copy does not wait for the device
        moved = (each.pin_memory().to(device, non_blocking=True) for each in (row.numbers, row.weights))
    else:
        moved = (each.to(device) for each in (row.numbers, row.weights))
    return row.on(*moved)


def host_row(samples: Sequence[Sample], pad: int | None = None, room: Room | None = None) -> HostRow:
    """Return the row of `samples` in this machine's memory. pad: see `pack`.

    room: what the row is filled up to, with samples of which nothing is learned; it holds `samples`.
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
    if room is not None:
        longest = room.longest
        while len(tokens) < room.tokens:
            size = min(longest, room.tokens - len(tokens))
            tokens.extend([0] * size)
            positions.extend(range(size))
            boundaries.append(len(tokens))
        boundaries.extend([len(tokens)] * (room.samples + 1 - len(boundaries)))
        # At places of their own: the gradients of one place are added up one after the other.
        predicting.extend(range(room.learned - len(predicting)))
        targets.extend([0] * (room.learned - len(targets)))
        weights.extend([0.0] * (room.learned - len(weights)))
    return HostRow(
        torch.tensor([*tokens, *positions, *predicting, *targets, *boundaries], dtype=torch.long),
        torch.tensor(weights, dtype=torch.float32),
        len(tokens),
        longest,
    )


_ROWS_A_ROOM = 20
"""A room is worth its preparation, which takes the time of about three steps, when it serves so many rows."""
_MOST_ROOMS = 8
_GRAIN = 64


def rooms_for(rows: Sequence[Sequence[Sample]]) -> list[Room]:
    """Return the rooms, from the smallest to the largest, that `rows` fit into with little filling; [] where
    there are too few rows to be worth one."""
    count = min(_MOST_ROOMS, len(rows) // _ROWS_A_ROOM)
    if not count:
        return []
    longest = _up(max(len(sample) for row in rows for sample in row))
    sizes = sorted(
        (sum(map(len, row)), sum(len(sample.completion) for sample in row), len(row)) for row in rows
    )
    parts = [sizes[len(sizes) * i // count : len(sizes) * (i + 1) // count] for i in range(count)]
    found: dict[int, Room] = {}
    for part in parts:
        tokens = _up(part[-1][0])
        most = max(samples for _, _, samples in part) + -(-tokens // longest)
        found[tokens] = Room(tokens, most, longest, _up(max(learned for _, learned, _ in part)))
    return list(found.values())


def _up(size: int) -> int:
    return -(-size // _GRAIN) * _GRAIN


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
