"""A decoder layer's attention and feed-forward block for training on packed rows, as autograd functions.

Made for the Llama family (Mistral among them). `fuse` gives a PEFT model these forward passes and changes
nothing else: parameters, names and saved files stay PEFT's. What PEFT computes is computed here too, with
fewer passes over memory and less of it kept for the backward pass.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType
from typing import TYPE_CHECKING, Any

from medner_assets.modeling.fused.attention import packed_attention
from medner_assets.modeling.fused.functions import functions
from medner_assets.modeling.fused.projections import Projection, projection, unpack

if TYPE_CHECKING:
    import torch
    from torch import nn

_ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
_FEED_FORWARD = ("gate_proj", "up_proj", "down_proj")
_PROVEN = ("LlamaForCausalLM", "MistralForCausalLM")
"""Models whose loss and gradients are proven to stay what transformers and PEFT compute
(`test_equality.py`). Other models bear the same names of layers and compute something else: no model is taken
by its names."""
_LAYERS = ("LlamaDecoderLayer", "MistralDecoderLayer")
"""Layers that are nothing but x + attention(norm(x)), then x + feed-forward(norm(x))."""
_BLOCKS = ("LlamaAttention", "MistralAttention", "LlamaMLP", "MistralMLP")
_NORMS = ("LlamaRMSNorm", "MistralRMSNorm")


def _adapters(projections: tuple[Projection, ...]) -> list["torch.Tensor | None"]:
    """Return (A, B, A, B, …), so that autograd sees them as inputs."""
    return [tensor for each in projections for tensor in (each.down, each.up)]


def _attention_forward(
    self: Any,
    hidden_states: "torch.Tensor",
    position_embeddings: tuple["torch.Tensor", "torch.Tensor"],
    attention_mask: "torch.Tensor | None" = None,
    past_key_values: Any = None,
    **kwargs: Any,
) -> tuple["torch.Tensor", None]:
    """Attend within each sample of a packed row; any other call goes to transformers' own forward pass."""
    boundaries = kwargs.get("boundaries")
    if boundaries is None:
        return self.unfused_forward(
            hidden_states, position_embeddings, attention_mask, past_key_values=past_key_values, **kwargs
        )
    linear, rotation = functions().linear, functions().rotation
    inner, outer = self.fused_projections[:3], self.fused_projections[3:]
    tokens = hidden_states.shape[1]
    q, k, v = linear.apply(hidden_states[0], inner, *_adapters(inner))
    cos, sin = (each[0] for each in position_embeddings)
    q, k = (rotation.apply(states.view(tokens, -1, self.head_dim), cos, sin) for states in (q, k))
    v = v.view(tokens, -1, self.head_dim)
    seen = packed_attention(q, k, v, boundaries, kwargs["longest"], self.scaling).reshape(tokens, -1)
    if "only" in kwargs:
        seen = seen[kwargs["only"]]
    (y,) = linear.apply(seen, outer, *_adapters(outer))
    return y[None], None


def _feed_forward(self: Any, x: "torch.Tensor") -> "torch.Tensor":
    """Run the feed-forward block on (1, tokens, hidden); any other shape goes to transformers' own."""
    if x.shape[0] != 1:
        return self.unfused_forward(x)
    projections = self.fused_projections
    if not x.is_cuda:
        return by_autograd(x[0], projections)[None]
    return functions().feed_forward.apply(x[0], projections, *_adapters(projections))[None]


def by_autograd(x: "torch.Tensor", projections: tuple[Projection, ...]) -> "torch.Tensor":
    """Return down(silu(gate(x)) × up(x)) of (tokens, hidden), for a CPU: a backward pass of one's own is no
    faster there (`benchmarks/cpu_layers.py`)."""
    import torch.nn.functional as F

    linear, outer, inner = functions().linear, projections[:2], projections[2:]
    gate, up = linear.apply(x, outer, *_adapters(outer))
    (y,) = linear.apply(F.silu(gate) * up, inner, *_adapters(inner))
    return y


def _last_layer(
    self: Any, hidden_states: "torch.Tensor", *, kept: Any = None, **kwargs: Any
) -> "torch.Tensor":
    """Run the last decoder layer; after attention only on the tokens `kept`, which alone are predicted
    from."""
    if kept is None:
        return self.unfused_forward(hidden_states, **kwargs)
    attended, _ = self.self_attn(hidden_states=self.input_layernorm(hidden_states), only=kept, **kwargs)
    middle = hidden_states[:, kept] + attended
    return middle + self.mlp(self.post_attention_layernorm(middle))


def _norm(self: Any, hidden_states: "torch.Tensor") -> "torch.Tensor":
    """Normalise by the root mean square, in one kernel on a GPU."""
    import torch.nn.functional as F

    if self.weight.dtype != hidden_states.dtype or self.weight.requires_grad:
        return self.unfused_forward(hidden_states)
    if not hidden_states.is_cuda:
        return functions().norm.apply(hidden_states, self.weight, self.variance_epsilon)
    return F.rms_norm(hidden_states, self.weight.shape, self.weight, self.variance_epsilon)


def fuse(model: "nn.Module") -> bool:
    """Give the decoder layers of a PEFT model the forward passes above; return False where they do not fit.

    They fit the classes in `_PROVEN` with SwiGLU, no biases, no attention dropout or sliding window, a rotary
    embedding of whole heads, and at most one LoRA adapter a projection, in every layer. Where one layer does
    not fit, none is changed.
    """
    found = _fitting(model)
    if found is None:
        return False
    replaced = [
        *((module, forward) for module, forward, _ in found),
        *((module, _norm) for module in model.modules() if type(module).__name__ in _NORMS),
    ]
    for module, _, projections in found:
        module.fused_projections = projections
    layers = [module for module in model.modules() if type(module).__name__ in _LAYERS]
    for module, forward in (*replaced, (layers[-1], _last_layer)):
        module.unfused_forward = module.forward
        module.fused_forward = MethodType(forward, module)
        module.forward = module.fused_forward
    return True


@contextmanager
def as_published(model: "nn.Module") -> Iterator[None]:
    """Let a fused model compute as transformers and PEFT have it, for as long as the block runs."""
    fused: list[Any] = [module for module in model.modules() if hasattr(module, "fused_forward")]
    for module in fused:
        module.forward = module.unfused_forward
    try:
        yield
    finally:
        for module in fused:
            module.forward = module.fused_forward


def unfuse(model: "nn.Module") -> None:
    """Take the forward passes above off for good."""
    modules: list[Any] = list(model.modules())
    for module in modules:
        if hasattr(module, "fused_forward"):
            module.forward = module.unfused_forward
            del module.fused_forward
        if hasattr(module, "fused_projections"):
            del module.fused_projections


def _fitting(model: Any) -> list[tuple[Any, Any, tuple[Projection, ...]]] | None:
    """Return (block, forward pass, projections) of every attention and feed-forward block; None where one
    does not fit."""
    whole = model.get_base_model() if hasattr(model, "get_base_model") else model
    kind = type(whole)
    if kind.__name__ not in _PROVEN or not kind.__module__.startswith("transformers.models."):
        return None
    if not _is_plain(whole.config):
        return None
    found: list[tuple[Any, Any, tuple[Projection, ...]]] = []
    layers = [module for module in model.modules() if type(module).__name__ in _LAYERS]
    for layer in layers:
        blocks = (
            (layer.self_attn, _ATTENTION, _attention_forward),
            (layer.mlp, _FEED_FORWARD, _feed_forward),
        )
        for block, names, forward in blocks:
            if type(block).__name__ not in _BLOCKS:
                return None
            read = [projection(getattr(block, name, None)) for name in names]
            projections = tuple(each for each in read if each is not None)
            if len(projections) < len(read):
                return None
            found.append((block, forward, projections))
    return found if layers and len(layers) == whole.config.num_hidden_layers else None


def _is_plain(config: Any) -> bool:
    """Return whether attention and feed-forward blocks are computed as this file computes them."""
    rope = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    partial = (rope.get("partial_rotary_factor"), getattr(config, "partial_rotary_factor", None))
    extras = (
        getattr(config, "attention_dropout", 0),
        getattr(config, "sliding_window", None),
        getattr(config, "layer_types", None) and set(config.layer_types) - {"full_attention"},
        any(each not in (None, 1, 1.0) for each in partial),
    )
    return getattr(config, "hidden_act", "") in ("silu", "swish") and not any(extras)


def computed_together(model: "nn.Module") -> list[tuple[Projection, ...]]:
    """Return the projections of a fused model, those that share one input together."""
    found: list[tuple[Projection, ...]] = []
    for module in model.modules():
        projections: tuple[Projection, ...] = getattr(module, "fused_projections", ())
        if projections:
            found += [projections[:-1], projections[-1:]]  # the last one takes what the others lead to
    return found


def unpacked_bytes(model: "nn.Module") -> int:
    """Return the bytes that the 4-bit matrices of a fused model take in 16 bits."""
    total = 0
    for module in model.modules():
        for each in getattr(module, "fused_projections", ()):
            state = getattr(each.layer.weight, "quant_state", None)
            total += 2 * state.shape.numel() if state is not None else 0
    return total


def keep_unpacked(
    model: "nn.Module", kind: "torch.dtype", known: "dict[int, torch.Tensor] | None" = None
) -> int:
    """Keep all 4-bit matrices of a fused model unpacked in the type `kind`; return the bytes that they take.

    The numbers are those that unpacking at each use gives. known: those that are unpacked already, by the
    identity of the 4-bit parameter; what is not among them is added.
    """
    taken, known = 0, {} if known is None else known
    for module in model.modules():
        for each in getattr(module, "fused_projections", ()):
            if getattr(each.layer.weight, "quant_state", None) is not None:
                packed = each.layer.weight
                if id(packed) not in known:
                    known[id(packed)] = unpack(each.layer, kind)
                    taken += known[id(packed)].nbytes
                each.unpacked = known[id(packed)]
    return taken
