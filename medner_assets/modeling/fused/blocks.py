"""Causal attention of samples of one length on a CPU: in blocks of queries, so that little is computed that
the mask would take away.

A block of queries meets the keys up to its own end. Query heads that share keys and values go as one matrix,
so that keys and values need no copies. Softmax is computed in float32 and rounded to the states' type, as
transformers' plain attention has it.
"""

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_BLOCK = 96
"""Most queries of a block: 80 to 100 were the fastest on two cores."""


def attention_in_blocks(
    query: "torch.Tensor", key: "torch.Tensor", value: "torch.Tensor", samples: int, scale: float
) -> "torch.Tensor":
    """Return the attention's output, (tokens, heads, size), as `query`, of `samples` samples of one length.

    key, value: (tokens, fewer heads, size), each shared by a group of query heads.
    """
    output: torch.Tensor = _function().apply(query, key, value, samples, scale)
    return output


def blocks(length: int) -> list[tuple[int, int]]:
    """Return (begin, end) of blocks of about the same size that cover `length` queries."""
    count = -(-length // _BLOCK)
    borders = [length * i // count for i in range(count + 1)]
    return list(pairwise(borders))


@cache
def _function() -> Any:
    import torch

    class BlockAttention(torch.autograd.Function):
        """Shapes below: n samples, length tokens each, k key heads, g query heads a key head, d values a
        head."""

        @staticmethod
        def forward(ctx: Any, query: Any, key: Any, value: Any, n: int, scale: float) -> Any:
            shape = (n, query.shape[0] // n, key.shape[1], query.shape[1] // key.shape[1], query.shape[2])
            keys, values = (_by_head(states, n) for states in (key, value))
            output = torch.empty_like(query)
            there, queries = (_grouped(states, shape) for states in (output, query))
            kept = []
            for begin, end in blocks(shape[1]):
                asked = query.new_empty(n, *shape[2:4], end - begin, shape[4])
                torch.mul(queries[:, :, :, begin:end], scale, out=asked)
                asked = asked.view(n * shape[2], -1, shape[4])  # (n k, g block, d)
                scores = torch.bmm(asked, keys[:, :end].mT)  # (n k, g block, end)
                diagonal = scores.view(-1, end - begin, end)[:, :, begin:]
                diagonal.masked_fill_(_later(end - begin), float("-inf"))
                seen = torch.softmax(scores.float(), -1).to(query.dtype)
                found = torch.bmm(seen, values[:, :end])
                there[:, :, :, begin:end] = found.view(n, shape[2], shape[3], -1, shape[4])
                kept += [asked, seen]
            ctx.save_for_backward(keys, values, *kept)
            ctx.shape, ctx.scale = shape, scale
            return output

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            keys, values, *kept = ctx.saved_tensors
            n, length, k, g, d = ctx.shape
            query_gradient = torch.empty_like(gradient)
            there, given = (_grouped(states, ctx.shape) for states in (query_gradient, gradient))
            key_gradient, value_gradient = torch.zeros_like(keys), torch.zeros_like(values)
            for i, (begin, end) in enumerate(blocks(length)):
                asked, seen = kept[2 * i : 2 * i + 2]
                outer = given[:, :, :, begin:end].reshape(n * k, -1, d)
                value_gradient[:, :end].baddbmm_(seen.mT, outer)
                inner = torch.bmm(outer, values[:, :end].mT)
                inner = torch._softmax_backward_data(inner, seen, -1, seen.dtype)
                found = torch.bmm(inner, keys[:, :end]).mul_(ctx.scale)
                there[:, :, :, begin:end] = found.view(n, k, g, -1, d)
                key_gradient[:, :end].baddbmm_(inner.mT, asked)
            back = (_by_token(states, n) for states in (key_gradient, value_gradient))
            return query_gradient, *back, None, None

    return BlockAttention


def _by_head(states: "torch.Tensor", n: int) -> "torch.Tensor":
    """(n length, k, d) → (n k, length, d)."""
    tokens, k, d = states.shape
    return states.view(n, -1, k, d).transpose(1, 2).reshape(n * k, tokens // n, d)


def _by_token(states: "torch.Tensor", n: int) -> "torch.Tensor":
    """(n k, length, d) → (n length, k, d)."""
    heads, length, d = states.shape
    return states.view(n, -1, length, d).transpose(1, 2).reshape(n * length, heads // n, d)


def _grouped(states: "torch.Tensor", shape: tuple[int, int, int, int, int]) -> "torch.Tensor":
    """(n length, k g, d) → (n, k, g, length, d), a view."""
    return states.view(shape).permute(0, 2, 3, 1, 4)


@cache
def _later(size: int) -> "torch.Tensor":
    """Return (size, size), true where the key comes after the query."""
    import torch

    return torch.ones(size, size, dtype=torch.bool).triu_(1)
