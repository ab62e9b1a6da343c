"""Attention of one new token over a key-value cache, where several query heads share a key head.

PyTorch's kernels that take a mask want a copy of the cache for every query head: four copies of tens of
gigabytes a token at Mistral's geometry. Two batched products over the cache as it is read it once.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NAME = "medner_grouped"


def use_grouped_attention(model: Any) -> None:
    """Let `model` (transformers) take this attention; its prefill and its numbers elsewhere stay sdpa's.

    A model that was loaded with another attention than sdpa keeps it: there is more to its attention than
    queries, keys, values and a mask (sinks, a soft cap), see `loading.needs_plain_attention`.
    """
    if getattr(model.config, "_attn_implementation", None) != "sdpa":
        return
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(NAME, grouped_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)


def grouped_attention(
    module: Any,
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    attention_mask: "torch.Tensor | None",
    scaling: float | None = None,
    **others: Any,
) -> tuple["torch.Tensor", None]:
    """Return the attention's output, (batch, new tokens, heads, size).

    query: (batch, heads, new tokens, size); key, value: (batch, fewer heads, tokens, size). attention_mask:
    true where a token is seen, (batch, 1, new tokens, tokens), or None.
    """
    left_out = [name for name in ("softcap", "s_aux") if others.get(name) is not None]
    if left_out:
        raise RuntimeError(f"{type(module).__name__} wants {', '.join(left_out)}, which this leaves out")
    batch, heads, new, size = query.shape
    groups = key.shape[1]
    if new > 1 or groups == heads or module.training:
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **others)
    import torch

    scale = size**-0.5 if scaling is None else scaling
    scores = torch.matmul(query.reshape(batch, groups, heads // groups, size) * scale, key.transpose(2, 3))
    scores = scores.float()
    if attention_mask is not None:
        scores = scores.masked_fill(~attention_mask.to(torch.bool), torch.finfo(scores.dtype).min)
    seen = torch.matmul(scores.softmax(dim=-1).to(query.dtype), value)
    return seen.reshape(batch, 1, heads, size), None
