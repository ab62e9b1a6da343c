"""Linear projections with a LoRA adapter, x Wᵀ + s (x Aᵀ) Bᵀ, computed with few passes over memory.

W is frozen: 4-bit, unpacked to 16 bits whenever it is needed, or 16 or 32 bits. A and B are float32 and are
rounded to the activations' type for the products, as autocast would. Projections of one input are computed
together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medner_assets.modeling.fused.elementwise import dropout

if TYPE_CHECKING:
    import torch
    from torch import nn

Dropped = tuple[Any, Any]
"""What dropout left of an input, scaled up to keep its mean, and the mask of zeros and ones."""


Rounded = tuple["torch.Tensor | None", list["torch.Tensor | None"]]
"""A of all adapters in one matrix, and each B, in the activations' type."""


@dataclass(slots=True)
class Projection:
    """One frozen matrix (out, in) and its adapter, if it has one."""

    layer: "nn.Module"
    """The base layer: nn.Linear, or bitsandbytes' Linear4bit."""
    down: "torch.Tensor | None" = None
    """A, (rank, in)."""
    up: "torch.Tensor | None" = None
    """B, (out, rank)."""
    scale: float = 1.0
    dropout: "nn.Module | None" = None
    """What zeroes some of the adapter's inputs in training; the frozen matrix gets all of them."""
    unpacked: "torch.Tensor | None" = None
    """The 4-bit matrix in 16 bits, kept where memory allows it."""
    rounded: "Rounded | None" = None
    """Of the projections that are computed together with this one, the first: their adapters in 16 bits, as
    their owner keeps them."""

    def weight(self, kind: "torch.dtype") -> "torch.Tensor":
        """Return the frozen matrix (out, in) in the type `kind`."""
        if self.unpacked is not None:
            return self.unpacked
        return unpack(self.layer, kind)

    @property
    def rate(self) -> float:
        """Return the share of inputs that dropout zeroes now."""
        return float(getattr(self.dropout, "p", 0.0)) if self.dropout and self.dropout.training else 0.0


def unpack(layer: "nn.Module", kind: "torch.dtype") -> "torch.Tensor":
    """Return the matrix (out, in) of a linear layer in the type `kind`."""
    weight: Any = layer.weight
    state = getattr(weight, "quant_state", None)
    if state is None:
        return weight.to(kind)
    from bitsandbytes.functional import dequantize_4bit

    return dequantize_4bit(weight.data, state).to(kind)


def projection(module: Any) -> Projection | None:
    """Return the projection that `module` is; None if it is more than that (a bias, two adapters)."""
    from torch import nn

    base = getattr(module, "base_layer", None)
    if base is None:
        plain = isinstance(module, nn.Linear) and module.bias is None
        return Projection(module) if plain else None
    names = list(getattr(module, "active_adapters", []))
    if base.bias is not None or len(names) != 1 or module.merged or module.disable_adapters:
        return None
    name = names[0]
    if name in getattr(module, "lora_variant", {}) or module.lora_bias.get(name):
        return None
    down, up = module.lora_A[name].weight, module.lora_B[name].weight
    drops = module.lora_dropout[name]
    return Projection(
        base, down, up, float(module.scaling[name]), drops if isinstance(drops, nn.Dropout) else None
    )


def project(
    x: "torch.Tensor",
    projections: Sequence[Projection],
    downs: "torch.Tensor | None",
    ups: Sequence["torch.Tensor | None"],
) -> tuple[list["torch.Tensor"], "torch.Tensor | None", list[Dropped]]:
    """Return the projections of x, (tokens, out) each, x Aᵀ of all adapters, (tokens, sum of ranks), and what
    dropout left of x for each adapter; nothing where none drops any.

    x: (tokens, in). downs, ups: A of all adapters in one matrix, and each B, in the type of x.
    """
    dropped = _drop(x, projections)
    reduced = _reduce(x, downs, projections, dropped) if downs is not None else None
    outputs, column = [], 0
    for each, up in zip(projections, ups, strict=True):
        y = x @ each.weight(x.dtype).T
        if up is not None and reduced is not None:
            rank = up.shape[1]
            y.addmm_(reduced[:, column : column + rank], up.T, alpha=each.scale)
            column += rank
        outputs.append(y)
    return outputs, reduced, dropped


def _drop(x: "torch.Tensor", projections: Sequence[Projection]) -> list[Dropped]:
    """Return x with values dropped, scaled to keep its mean, and where it was kept, for each adapter."""
    if not any(each.rate for each in _adapted(projections)):
        return []
    return [dropout(x, each.rate) for each in _adapted(projections)]


def _reduce(
    x: "torch.Tensor", downs: "torch.Tensor", projections: Sequence[Projection], dropped: Sequence[Dropped]
) -> "torch.Tensor":
    """Return x Aᵀ of all adapters, each of its own x where values were dropped."""
    import torch

    if not dropped:
        return x @ downs.T
    parts = _split(downs, projections)
    return torch.cat([left @ down.T for (left, _), down in zip(dropped, parts, strict=True)], dim=1)


def _split(downs: "torch.Tensor", projections: Sequence[Projection]) -> Sequence["torch.Tensor"]:
    """Return the A of each adapter."""
    return downs.split([each.down.shape[0] for each in _adapted(projections) if each.down is not None])


def _adapted(projections: Sequence[Projection]) -> list[Projection]:
    return [each for each in projections if each.down is not None]


def project_backward(
    x: "torch.Tensor",
    gradients: Sequence["torch.Tensor"],
    projections: Sequence[Projection],
    downs: "torch.Tensor | None",
    ups: Sequence["torch.Tensor | None"],
    reduced: "torch.Tensor | None",
    dropped: Sequence[Dropped] = (),
    *,
    wants_input: bool,
) -> tuple["torch.Tensor | None", list["torch.Tensor | None"]]:
    """Return the gradient of x and those of (A, B, A, B, …), float32, for the gradients of the
    projections."""
    import torch

    x_gradient: torch.Tensor | None = None
    inner: list[torch.Tensor] = []
    up_gradients: list[torch.Tensor | None] = []
    column = 0
    for each, up, gradient in zip(projections, ups, gradients, strict=True):
        if wants_input:
            weight = each.weight(x.dtype)
            if x_gradient is None:
                x_gradient = gradient @ weight
            else:
                x_gradient.addmm_(gradient, weight)
        if up is None or reduced is None:
            up_gradients.append(None)
            continue
        rank = up.shape[1]
        scaled = gradient @ up
        part = reduced[:, column : column + rank]
        of_up = _in_float32(gradient.T, part)
        if each.scale != 1:
            scaled *= each.scale
            of_up *= each.scale
        inner.append(scaled)
        up_gradients.append(of_up)
        column += rank
    if not inner or downs is None:
        return x_gradient, [None, None] * len(projections)
    if dropped:
        down_gradients = iter(
            [_in_float32(part.T, left) for part, (left, _) in zip(inner, dropped, strict=True)]
        )
    else:
        together = torch.cat(inner, dim=1) if len(inner) > 1 else inner[0]
        down_gradients = iter(_in_float32(together.T, x).split([part.shape[1] for part in inner]))
    if x_gradient is not None:
        add_through_adapters(x_gradient, inner, projections, downs, dropped)
    pairs: list[torch.Tensor | None] = []
    for up_gradient in up_gradients:
        pairs += [None, None] if up_gradient is None else [next(down_gradients), up_gradient]
    return x_gradient, pairs


def _in_float32(a: "torch.Tensor", b: "torch.Tensor") -> "torch.Tensor":
    """Return the product of a and b in float32."""
    import torch

    if a.is_cuda and a.dtype != torch.float32:
        product: torch.Tensor = torch.mm(a, b, out_dtype=torch.float32)
        return product
    return (a @ b).float()


def add_through_adapters(
    x_gradient: "torch.Tensor",
    inner: Sequence["torch.Tensor"],
    projections: Sequence[Projection],
    downs: "torch.Tensor",
    dropped: Sequence[Dropped],
) -> None:
    """Add to the gradient of x what comes through the adapters.

    inner: the scaled gradient of x Aᵀ of each adapter, (tokens, rank). downs, dropped: as `project` has them.
    """
    import torch

    if not dropped:
        x_gradient.addmm_(torch.cat(list(inner), dim=1) if len(inner) > 1 else inner[0], downs)
        return
    parts = zip(inner, _split(downs, projections), dropped, _adapted(projections), strict=True)
    for part, down, (_, kept), each in parts:
        x_gradient.addcmul_(part @ down, kept, value=1 / (1 - each.rate))


def rounded(projections: Sequence[Projection], kind: "torch.dtype") -> Rounded:
    """Return A of all adapters in one matrix, and each B, in the type `kind`."""
    import torch

    if projections[0].rounded is not None:
        return projections[0].rounded
    downs = [each.down.detach() for each in projections if each.down is not None]
    ups = [None if each.up is None else each.up.detach().to(kind) for each in projections]
    return (torch.cat(downs).to(kind) if downs else None), ups
