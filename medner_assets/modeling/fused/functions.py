"""The autograd functions of the fused layers: what a decoder layer computes, with a backward pass of its own.

They are made when first asked for, so that torch is imported only then.
"""

from functools import cache
from typing import Any, NamedTuple

from medner_assets.modeling.fused.elementwise import (
    rms_norm,
    rms_norm_backward,
    rotate,
    swiglu,
    swiglu_backward,
)
from medner_assets.modeling.fused.projections import (
    add_through_adapters,
    project,
    project_backward,
    rounded,
)


class Functions(NamedTuple):
    """Classes whose `apply` runs them."""

    linear: Any
    feed_forward: Any
    rotation: Any
    norm: Any


@cache
def functions() -> Functions:
    """Return the functions."""
    import torch

    class Linear(torch.autograd.Function):
        """Several projections of one input x, (tokens, in); returns one (tokens, out) each."""

        @staticmethod
        def forward(ctx: Any, x: Any, projections: Any, *_: Any) -> Any:
            downs, ups = rounded(projections, x.dtype)
            outputs, reduced, ctx.dropped = project(x, projections, downs, ups)
            ctx.projections, ctx.ups = projections, ups
            ctx.save_for_backward(x, downs, reduced)
            return tuple(outputs)

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            x, downs, reduced = ctx.saved_tensors
            x_gradient, pairs = project_backward(
                x, gradients, ctx.projections, downs, ctx.ups, reduced, ctx.dropped,
                wants_input=ctx.needs_input_grad[0],
            )  # fmt: skip
            return x_gradient, None, *pairs

    class FeedForward(torch.autograd.Function):
        """down(silu(gate(x)) × up(x)), on a GPU: the product is computed again in the backward pass."""

        @staticmethod
        def forward(ctx: Any, x: Any, projections: Any, *_: Any) -> Any:
            outer, inner = projections[:2], projections[2:]
            downs, ups = rounded(outer, x.dtype)
            (gate, up), reduced, ctx.dropped = project(x, outer, downs, ups)
            product = swiglu(gate, up)
            last_downs, last_ups = rounded(inner, x.dtype)
            (y,), last_reduced, ctx.last_dropped = project(product, inner, last_downs, last_ups)
            ctx.projections, ctx.ups, ctx.last_ups = projections, ups, last_ups
            ctx.save_for_backward(x, downs, reduced, gate, up, last_downs, last_reduced)
            return y

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            x, downs, reduced, gate, up, last_downs, last_reduced = ctx.saved_tensors
            outer, inner = ctx.projections[:2], ctx.projections[2:]
            # The gradient of the product needs the frozen matrix only, the adapter's needs the product
            # itself.
            weight = inner[0].weight(gradient.dtype)
            inside = gradient @ weight
            if last_downs is not None:
                through = gradient @ ctx.last_ups[0]
                if inner[0].scale != 1:
                    through *= inner[0].scale
                add_through_adapters(inside, [through], inner, last_downs, ctx.last_dropped)
            product, gate_gradient, up_gradient = swiglu_backward(gate, up, inside)
            _, last_pairs = project_backward(
                product, (gradient,), inner, last_downs, ctx.last_ups, last_reduced, ctx.last_dropped,
                wants_input=False,
            )  # fmt: skip
            x_gradient, pairs = project_backward(
                x, (gate_gradient, up_gradient), outer, downs, ctx.ups, reduced, ctx.dropped,
                wants_input=ctx.needs_input_grad[0],
            )  # fmt: skip
            return x_gradient, None, *pairs, *last_pairs

    class Rotation(torch.autograd.Function):
        """Rotary position embedding of states (tokens, heads, size); its gradient is the rotation back."""

        @staticmethod
        def forward(ctx: Any, states: Any, cos: Any, sin: Any) -> Any:
            ctx.save_for_backward(cos, sin)
            return rotate(states, cos, sin)

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            cos, sin = ctx.saved_tensors
            return rotate(gradient, cos, -sin), None, None

    class Norm(torch.autograd.Function):
        """Root mean square normalisation of x, (…, size), by a frozen weight, (size,)."""

        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any, epsilon: float) -> Any:
            y, inverse = rms_norm(x, weight, epsilon)
            ctx.save_for_backward(x, weight, inverse)
            return y

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            x, weight, inverse = ctx.saved_tensors
            return rms_norm_backward(x, weight, inverse, gradient), None, None

    return Functions(Linear, FeedForward, Rotation, Norm)
