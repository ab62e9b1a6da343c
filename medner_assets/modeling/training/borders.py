"""Does a model's own attention keep the samples of a packed row apart?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medner_assets.modeling.samples import Sample
from medner_assets.modeling.training.batching import pack
from medner_assets.modeling.training.loss import HeadInput

if TYPE_CHECKING:
    import torch

LEAK = {"float32": 1e-3, "bfloat16": 5e-2, "float16": 5e-2}
"""Type of the computation → largest change of a sample's states by the tokens of others: rounding, where
experts work on other numbers of tokens. What is seen of another sample changes them by about 1."""


def across_borders(model: Any, samples: Sequence[Sample], device: "torch.device") -> float:
    """Return how much the states of samples in a row change when all tokens of the others are changed: the
    largest change, as a share of the root mean square of all states.

    0 where attention keeps samples apart. Loss and gradients alone would not do: in 16 bits a little that is
    seen of another sample is lost among the rounding.
    """
    import torch

    if len(samples) < 2:
        return 0.0
    row, head = pack(samples, device), HeadInput(model)
    vocabulary, borders = int(head.layer.weight.shape[0]), row.boundaries.tolist()
    owner = torch.bucketize(torch.arange(borders[-1], device=device), row.boundaries[1:], right=True)
    try:
        with torch.no_grad():
            before = head.states(model, input_ids=row.input_ids, position_ids=row.position_ids)[0].float()
            most = 0.0
            for changed in (owner % 2 == 0, owner % 2 == 1):
                other = torch.where(changed, (row.input_ids + 1) % vocabulary, row.input_ids)
                after = head.states(model, input_ids=other, position_ids=row.position_ids)[0].float()
                most = max(most, float((after - before)[~changed].abs().max()))
    finally:
        head.remove()
    return most / max(float(before.square().mean().sqrt()), 1e-9)
