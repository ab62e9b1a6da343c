"""Element by element: what lies between matrix products, each in one pass over memory where a compiler is
there.

On CUDA the functions are compiled by TorchInductor the first time they run; where that fails (no C compiler,
no Triton) they run as they stand, a little slower.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def swiglu(gate: "torch.Tensor", up: "torch.Tensor") -> "torch.Tensor":
    """Return silu(gate) × up; all of one shape."""
    import torch.nn.functional as F

    return F.silu(gate) * up


def swiglu_backward(
    gate: "torch.Tensor", up: "torch.Tensor", gradient: "torch.Tensor"
) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor"]:
    """Return (silu(gate) × up, gradient of gate, gradient of up) for the gradient of the product."""
    g, u, d = gate.float(), up.float(), gradient.float()
    sigmoid = g.sigmoid()
    silu = g * sigmoid
    gate_gradient = d * u * (sigmoid + silu * (1 - sigmoid))
    kind = gate.dtype
    return (silu * u).to(kind), gate_gradient.to(kind), (d * silu).to(kind)


def rotate(states: "torch.Tensor", cos: "torch.Tensor", sin: "torch.Tensor") -> "torch.Tensor":
    """Return rotary position embedding of `states`.

    states: (tokens, heads, size); cos, sin: (tokens, size), both halves the same angles, as transformers has
    them.
    """
    import torch

    half = states.shape[-1] // 2
    first, second = states[..., :half], states[..., half:]
    turned = torch.cat((-second, first), dim=-1)
    return states * cos[:, None, :] + turned * sin[:, None, :]


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` compiled for tensors of any length; the function itself where that fails."""
    import torch

    fast = torch.compile(function, dynamic=True)
    state = {"works": True}

    def run(*tensors: "torch.Tensor") -> Any:
        if state["works"] and tensors[0].is_cuda:
            try:
                return fast(*tensors)
            except torch.OutOfMemoryError:
                raise
            except Exception:  # noqa: BLE001 # a compiler fails in many ways, and the function works without it
                state["works"] = False
        return function(*tensors)

    return run
