"""Samples → padded tensors. Padding is on the right: with causal attention nothing sees it, so no mask is
needed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medner_assets.modeling.samples import Sample

if TYPE_CHECKING:
    import torch

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
