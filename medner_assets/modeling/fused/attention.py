"""Attention over a packed row: each token sees the tokens of its own sample up to itself, and no other's."""

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from medner_assets.modeling.fused.blocks import attention_in_blocks

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
        return _flash(query, key, value, boundaries, longest, scale)
    borders = boundaries.tolist()
    if not query.is_cuda and len({last - first for first, last in pairwise(borders)}) == 1:
        return attention_in_blocks(query, key, value, len(borders) - 1, scale)
    return _sample_by_sample(query, key, value, borders, scale)


def flash_fits(states: "torch.Tensor") -> bool:
    """Return whether PyTorch's FlashAttention kernel takes these states (tokens, heads, size)."""
    import torch

    return (
        states.is_cuda
        and states.dtype in (torch.bfloat16, torch.float16)
        and states.shape[-1] <= 256
        and torch.cuda.get_device_capability(states.device) >= (8, 0)
        and _flash_works()
    )


@cache
def _flash_works() -> bool:
    """Try the kernel, which has no public interface before PyTorch 2.10, on three samples, both passes."""
    import torch

    with torch.enable_grad(), torch.random.fork_rng(devices=[torch.cuda.current_device()]):
        q = torch.randn(24, 4, 64, device="cuda", dtype=torch.bfloat16, requires_grad=True)
        k, v = (torch.randn(24, 2, 64, device="cuda", dtype=torch.bfloat16, requires_grad=True) for _ in "kv")
        borders = torch.tensor([0, 5, 17, 24], device="cuda", dtype=torch.int32)
        try:
            fast = _flash(q, k, v, borders, 12, 0.125)
            slow = _sample_by_sample(q, k, v, borders.tolist(), 0.125)
            gradients = [torch.autograd.grad(each.float().square().sum(), (q, k, v)) for each in (fast, slow)]
        except (RuntimeError, TypeError):
            return False
        pairs = [(fast, slow), *zip(*gradients, strict=True)]
        return all(bool(torch.allclose(a.float(), b.float(), atol=0.1, rtol=0.1)) for a, b in pairs)


# `torch.nn.attention.varlen.varlen_attn`, public since PyTorch 2.10, calls the same kernel: on an H200 with
# PyTorch 2.11 outputs and the gradients of keys and values were the same bits, that of queries differed by
# 1e-3 at most. It is as fast on 15,800 tokens (1.57 and 1.56 ms, both passes) and costs the host 0.4 to
# 0.7 ms more a layer on 3,000, where a step waits for the host. It may replace this call and trial once its
# own way through the dispatcher is shorter.
def _flash(
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    boundaries: "torch.Tensor",
    longest: int,
    scale: float,
) -> "torch.Tensor":
    import torch

    flash: Any = torch.ops.aten._flash_attention_forward
    lengths = (boundaries, boundaries, longest, longest)
    output: torch.Tensor = flash(query, key, value, *lengths, 0.0, True, False, scale=scale)[0]
    return output


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
