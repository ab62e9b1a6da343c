"""The loss of a micro-batch in each layout: negative log likelihoods of completion tokens, summed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medner_assets.modeling.batches import IGNORED, collate
from medner_assets.modeling.head import HeadInput, completion_loss
from medner_assets.modeling.packing import PackedRow
from medner_assets.modeling.samples import Sample

if TYPE_CHECKING:
    import torch


def packed_loss(
    model: Any, head: HeadInput, row: PackedRow, items: float, *, weighted: bool = True
) -> "torch.Tensor":
    """Return the weighted loss of a row's completion tokens, divided by `items`. The model is fused."""
    import torch

    states = head.states(
        model,
        input_ids=row.input_ids,
        position_ids=row.position_ids,
        # A mask of four dimensions is handed on as it is: transformers then makes none over all pairs of
        # tokens.
        attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool, device=row.input_ids.device),
        boundaries=row.boundaries,
        longest=row.longest,
        # A share of the last layer: much of a small model, a hundredth of a large one.
        kept=None if row.input_ids.is_cuda else row.predicting,
    )[0]
    if len(states) > len(row.predicting):
        states = states[row.predicting]
    weights = row.weights if weighted else torch.ones_like(row.weights)
    return completion_loss(states, head.layer, row.targets, weights, items)


def padded_loss(
    model: Any,
    head: HeadInput,
    samples: Sequence[Sample],
    items: float,
    *,
    pad: int,
    device: "torch.device",
    weighted: bool = True,
) -> "torch.Tensor":
    """Return the weighted loss of the samples' completion tokens, divided by `items`. Any causal model."""
    import torch

    batch = {name: tensor.to(device) for name, tensor in collate(samples, pad).items()}
    states = head.states(model, input_ids=batch["input_ids"])
    learned = batch["labels"][:, 1:] != IGNORED
    weights = batch["weights"][:, 1:][learned]
    return completion_loss(
        states[:, :-1][learned],
        head.layer,
        batch["labels"][:, 1:][learned],
        weights if weighted else torch.ones_like(weights),
        items,
    )
