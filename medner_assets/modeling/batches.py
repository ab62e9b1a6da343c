"""Samples → padded tensors. Padding is on the left, so that completions end together and the head sees only
them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medner_assets.modeling.samples import Sample

if TYPE_CHECKING:
    import torch

IGNORED = -100
"""Label of a token that is not learned."""


def collate(samples: Sequence[Sample], pad: int) -> dict[str, "torch.Tensor"]:
    """Return input_ids, attention_mask, position_ids, labels (int64) and weights (float32), each (samples,
    longest)."""
    import torch

    longest = max(len(sample) for sample in samples)
    shape = (len(samples), longest)
    ids = torch.full(shape, pad, dtype=torch.long)
    mask = torch.zeros(shape, dtype=torch.long)
    labels = torch.full(shape, IGNORED, dtype=torch.long)
    weights = torch.zeros(shape, dtype=torch.float32)
    for i, sample in enumerate(samples):
        n = len(sample.completion)
        ids[i, -len(sample) :] = torch.tensor(sample.prompt + sample.completion)
        mask[i, -len(sample) :] = 1
        labels[i, -n:] = torch.tensor(sample.completion)
        weights[i, -n:] = torch.tensor(sample.weights)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "position_ids": positions,
        "labels": labels,
        "weights": weights,
    }
