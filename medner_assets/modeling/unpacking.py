"""4-bit layers of a base made 16-bit layers with the same numbers, for generation where memory allows it.

A 4-bit matrix is unpacked at every product: for each generated token, all of the model. Unpacked once, a base
of 7 billion parameters takes 14 GiB and its adapter can be merged into it.
"""

from typing import TYPE_CHECKING, Any

from medner_assets.modeling.fused.projections import unpack
from medner_assets.modeling.memory import device_memory

if TYPE_CHECKING:
    import torch
    from torch import nn

_SHARE = 0.3
"""Of the memory that is left: the rest is for the key-value cache."""


def unpack_where_it_fits(model: "nn.Module", device: "torch.device") -> bool:
    """Replace the 4-bit layers of `model` on a CUDA device by 16-bit ones if they fit; tell whether."""
    import torch

    if device.type != "cuda":
        return False
    wanted = sum(2 * state.shape.numel() for _, _, state in _packed(model))
    if wanted > _SHARE * device_memory(device).usable:
        return False
    unpack_layers(model, torch.bfloat16)
    return True


def unpack_layers(model: Any, kind: "torch.dtype") -> None:
    """Replace the 4-bit layers of `model` by nn.Linear in the type `kind`."""
    import torch
    from torch import nn

    for name, layer, _ in _packed(model):
        weight = unpack(layer, kind)
        with torch.device("meta"):
            plain = nn.Linear(weight.shape[1], weight.shape[0], bias=layer.bias is not None)
        plain.weight = nn.Parameter(weight, requires_grad=False)
        if layer.bias is not None:
            plain.bias = layer.bias
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, plain)
    if getattr(model, "is_loaded_in_4bit", False):
        model.is_loaded_in_4bit = False
        model.is_quantized = False


def _packed(model: "nn.Module") -> list[tuple[str, Any, Any]]:
    """Return (name, layer, quantisation state) of the 4-bit layers."""
    found = []
    for name, layer in model.named_modules():
        state = getattr(getattr(layer, "weight", None), "quant_state", None)
        if state is not None:
            found.append((name, layer, state))
    return found
