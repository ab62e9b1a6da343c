"""AdamW over one flat tensor that holds the values of all trained ones.

An adapter has hundreds of small tensors. As one it takes one update and one norm, and its gradients stay at
one place, which a captured step needs (see `graphs.py`); bitsandbytes would wait for the device after each of
them. In 8 bits, blocks of 256 values share a scale; matrices of an adapter are multiples of that, so the
numbers are those of the update tensor by tensor.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch
    from torch import nn

BLOCK = 256


class FlatParameters:
    """Parameters of one type on one device as views of one, `whole`.

    Its gradient is a tensor that stays; those of the pieces are added to it by `gather`.
    """

    def __init__(self, parameters: Iterable["nn.Parameter"]) -> None:
        import torch
        from torch import nn

        self.pieces = list(parameters)
        first = self.pieces[0]
        sizes = [-(-piece.numel() // BLOCK) * BLOCK for piece in self.pieces]
        values = torch.zeros(sum(sizes), dtype=first.dtype, device=first.device)
        for piece, view in zip(self.pieces, self._views(values, sizes), strict=True):
            view.copy_(piece.data)
            piece.data = view
        self._sizes = sizes
        self.whole = nn.Parameter(values)
        self.gradient = torch.zeros_like(values)
        self.whole.grad = self.gradient
        self.gradients = self._views(self.gradient, sizes)

    def copy_in(self, kind: "torch.dtype") -> "tuple[torch.Tensor, list[torch.Tensor]]":
        """Return memory for a copy of `whole` in the type `kind`, and the views of its pieces."""
        import torch

        copied = torch.zeros_like(self.whole, dtype=kind, requires_grad=False)
        return copied, self._views(copied, self._sizes)

    def _views(self, flat: "torch.Tensor", sizes: Sequence[int]) -> "list[torch.Tensor]":
        parts = zip(self.pieces, flat.split(list(sizes)), strict=True)
        return [part[: piece.numel()].view_as(piece) for piece, part in parts]

    def zero(self) -> None:
        """Leave no gradient."""
        self.gradient.zero_()
        self._drop()

    def gather(self) -> None:
        """Add the gradients that the pieces have to the whole, and leave the pieces none."""
        import torch

        there = zip(self.gradients, self.pieces, strict=True)
        pairs = [(view, piece.grad) for view, piece in there if piece.grad is not None]
        if pairs:
            # All at once: to gradients that are there autograd would add them one by one.
            torch._foreach_add_([view for view, _ in pairs], [gradient for _, gradient in pairs])
            self._drop()

    def clip(self, most: float) -> "torch.Tensor":
        """Scale the gradients so that their norm is at most `most`; return the norm before."""
        import torch

        self.gather()
        norm: torch.Tensor = torch.nn.utils.clip_grad_norm_([self.whole], most)
        return norm

    def _drop(self) -> None:
        for piece in self.pieces:
            piece.grad = None


@contextmanager
def _on_default_stream(device: "torch.device") -> Iterator[None]:
    """Let what the block runs come between the work before and after it on the current stream.

    bitsandbytes' optimisers know no streams: they run on the device's default one.
    """
    import torch

    if device.type != "cuda":
        yield
        return
    current, default = torch.cuda.current_stream(device), torch.cuda.default_stream(device)
    default.wait_stream(current)
    yield
    current.wait_stream(default)


def flat_adamw(
    flat: FlatParameters, kind: Literal["adamw_8bit", "adamw_torch"], **settings: Any
) -> "torch.optim.Optimizer":
    """Return AdamW over `flat`, in 8 bits by bitsandbytes, or PyTorch's own. settings: what both know."""
    import torch

    base: Any = torch.optim.AdamW
    if kind == "adamw_8bit":
        from bitsandbytes.optim.adamw import AdamW8bit as base
    elif flat.whole.is_cuda:
        settings["fused"] = True

    class FlatAdamW(base):
        """AdamW whose one parameter holds those of the model."""

        def step(self, closure: Any = None) -> Any:
            flat.gather()
            if kind == "adamw_torch":
                return super().step(closure)
            with torch.no_grad(), _on_default_stream(flat.whole.device):
                if not self.initialized:
                    return super().step(closure)
                # What bitsandbytes' own step does, without its wait for the device.
                self.update_step(self.param_groups[0], flat.whole, 0, 0)
            return None

        def zero_grad(self, set_to_none: bool = True) -> None:
            del set_to_none
            flat.zero()

    return FlatAdamW([flat.whole], **settings)
