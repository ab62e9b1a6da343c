"""Samples → packed rows: several samples one after the other in one row, without padding.

A row says where its samples begin and end, and attention never crosses a border (see `fused/attention.py`),
so that the loss is the same as sample by sample. No attention mask and no key-value cache go with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medner_assets.modeling.samples import Sample

if TYPE_CHECKING:
    import torch


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
