"""Attention over a packed row: each token sees the tokens of its own sample up to itself, and no other's."""

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def packed_attention(
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    boundaries: "torch.Tensor",
    longest: int,
    scale: float,
) -> "torch.Tensor":
    """Return the attention's output, (tokens, heads, size), as `query`.

    key, value: (tokens, fewer heads, size), each shared by a group of query heads. boundaries: (samples +
    1,), int32, on the device of the states. longest: tokens of the longest sample.
    """
    if flash_fits(query):
        import torch

        return torch.ops.aten._flash_attention_forward(
            query, key, value, boundaries, boundaries, longest, longest, 0.0, True, False, scale=scale
        )[0]
    return _sample_by_sample(query, key, value, boundaries.tolist(), scale)


def flash_fits(states: "torch.Tensor") -> bool:
    """Return whether PyTorch's FlashAttention kernel takes these states (tokens, heads, size)."""
    import torch

    return (
        states.is_cuda
        and states.dtype in (torch.bfloat16, torch.float16)
        and states.shape[-1] <= 256
        and torch.cuda.get_device_capability(states.device) >= (8, 0)
    )


def _sample_by_sample(
    query: "torch.Tensor", key: "torch.Tensor", value: "torch.Tensor", borders: list[int], scale: float
) -> "torch.Tensor":
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    outputs = []
    for first, last in pairwise(borders):
        q, k, v = (each[first:last].transpose(0, 1)[None] for each in (query, key, value))
        seen = scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale, enable_gqa=True)
        outputs.append(seen[0].transpose(0, 1))
    return torch.cat(outputs)
