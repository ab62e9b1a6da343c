"""A decoder layer's attention and feed-forward block for training on packed rows, as autograd functions.

Made for the Llama family (Mistral among them). `fuse` gives a PEFT model these forward passes and changes
nothing else: parameters, names and saved files stay PEFT's. What PEFT computes is computed here too, with
fewer passes over memory and less of it kept for the backward pass.
"""

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
_LAYERS = ("LlamaDecoderLayer", "MistralDecoderLayer")
"""Layers that are nothing but x + attention(norm(x)), then x + feed-forward(norm(x))."""


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
    return functions().feed_forward.apply(x[0], self.fused_projections, *_adapters(self.fused_projections))[
        None
    ]


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

    They fit layers of the Llama family with SwiGLU, no biases, no attention dropout or sliding window, and at
    most one LoRA adapter a projection. Where one layer does not fit, none is changed.
    """
    found: list[tuple[Any, Any, tuple[Projection, ...]]] = []
    norms: list[Any] = []
    last: Any = None
    for module in model.modules():
        if type(module).__name__ in _LAYERS:
            last = module
        for names, forward in ((_ATTENTION, _attention_forward), (_FEED_FORWARD, _feed_forward)):
            if not all(hasattr(module, name) for name in names):
                continue
            read = [projection(getattr(module, name)) for name in names]
            whole = tuple(each for each in read if each is not None)
            if len(whole) < len(read) or not _is_plain(module):
                return False
            found.append((module, forward, whole))
        if type(module).__name__.endswith("RMSNorm") and hasattr(module, "variance_epsilon"):
            norms.append(module)
    for module, forward, projections in found:
        module.fused_projections = projections
        module.unfused_forward = module.forward
        module.forward = MethodType(forward, module)
    for module in norms:
        module.unfused_forward = module.forward
        module.forward = MethodType(_norm, module)
    if last is not None:
        last.unfused_forward = last.forward
        last.forward = MethodType(_last_layer, last)
    return bool(found)


def _is_plain(module: Any) -> bool:
    """Return whether an attention or feed-forward block is computed as this file computes it."""
    config = module.config
    if hasattr(module, "act_fn"):
        return getattr(config, "hidden_act", "") in ("silu", "swish")
    extras = (getattr(config, "attention_dropout", 0), getattr(config, "sliding_window", None))
    norms = any(hasattr(module, name) for name in ("q_norm", "k_norm"))
    return not any(extras) and not norms


def unpacked_bytes(model: "nn.Module") -> int:
    """Return the bytes that the 4-bit matrices of a fused model take in 16 bits."""
    total = 0
    for module in model.modules():
        for each in getattr(module, "fused_projections", ()):
            state = getattr(each.layer.weight, "quant_state", None)
            total += 2 * state.shape.numel() if state is not None else 0
    return total


def keep_unpacked(model: "nn.Module", kind: "torch.dtype") -> int:
    """Keep all 4-bit matrices of a fused model unpacked in the type `kind`; return the bytes that they take.

    The numbers are those that unpacking at each use gives.
    """
    taken = 0
    for module in model.modules():
        for each in getattr(module, "fused_projections", ()):
            if getattr(each.layer.weight, "quant_state", None) is not None:
                each.unpacked = unpack(each.layer, kind)
                taken += each.unpacked.numel() * each.unpacked.element_size()
    return taken
