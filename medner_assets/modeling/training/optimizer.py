"""8-bit AdamW over one flat tensor.

bitsandbytes updates tensor by tensor and waits for the device after each: hundreds of waits a step for an
adapter. As one tensor the adapter takes one update. Blocks of 256 values share a scale; matrices of an
adapter are multiples of that, so the numbers are those of the update tensor by tensor.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn

BLOCK = 256


def flattened(parameters: Sequence["nn.Parameter"]) -> "nn.Parameter":
    """Return one parameter that holds the values of all; the given ones become views of it.

    They must have one type and one device. Each begins at a multiple of BLOCK.
    """
    import torch
    from torch import nn

    sizes = [-(-p.numel() // BLOCK) * BLOCK for p in parameters]
    flat = torch.zeros(sum(sizes), dtype=parameters[0].dtype, device=parameters[0].device)
    for parameter, part in zip(parameters, flat.split(sizes), strict=True):
        view = part[: parameter.numel()].view_as(parameter)
        view.copy_(parameter.data)
        parameter.data = view
    return nn.Parameter(flat)


def flat_adamw_8bit(parameters: Iterable["nn.Parameter"], **settings: Any) -> "torch.optim.Optimizer":
    """Return 8-bit AdamW over `parameters` as one tensor. settings: those of bitsandbytes' AdamW8bit."""
    import torch
    from bitsandbytes.optim.adamw import AdamW8bit
    from torch import nn

    class FlatAdamW8bit(AdamW8bit):
        """AdamW8bit whose one parameter holds those of the model."""

        def __init__(self, pieces: list[nn.Parameter]) -> None:
            self._pieces = pieces
            self._flat = flattened(pieces)
            gradient = torch.zeros_like(self._flat)
            sizes = [-(-p.numel() // BLOCK) * BLOCK for p in pieces]
            self._gradients = [
                part[: p.numel()].view_as(p) for p, part in zip(pieces, gradient.split(sizes), strict=True)
            ]
            self._flat.grad = gradient
            super().__init__([self._flat], **settings)

        def step(self, closure: Any = None) -> Any:
            there = [(view, p.grad) for view, p in zip(self._gradients, self._pieces, strict=True)]
            torch._foreach_zero_([view for view, gradient in there if gradient is None] or [torch.zeros(1)])
            torch._foreach_copy_(
                [view for view, gradient in there if gradient is not None],
                [gradient for _, gradient in there if gradient is not None],
            )
            return super().step(closure)

        def zero_grad(self, set_to_none: bool = True) -> None:
            del set_to_none
            for piece in self._pieces:
                piece.grad = None

    return FlatAdamW8bit(list(parameters))
