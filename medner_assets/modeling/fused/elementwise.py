"""Element by element: what lies between matrix products, each in few passes over memory.

On CUDA the functions are compiled by TorchInductor the first time they run, into one pass each; where that
fails (no C compiler, no Triton) they run as they stand, a little slower. On a CPU, where compiling would take
longer than it saves, they are written with PyTorch's own operations that write in place.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def swiglu(gate: "torch.Tensor", up: "torch.Tensor") -> "torch.Tensor":
    """Return silu(gate) × up; all of one shape, on a GPU."""
    product: torch.Tensor = compiled(_swiglu)(gate, up)
    return product


def swiglu_backward(
    gate: "torch.Tensor", up: "torch.Tensor", gradient: "torch.Tensor"
) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor"]:
    """Return (silu(gate) × up, gradient of gate, gradient of up) for the gradient of the product."""
    found: tuple[torch.Tensor, torch.Tensor, torch.Tensor] = compiled(_swiglu_backward)(gate, up, gradient)
    return found


def rotate(states: "torch.Tensor", cos: "torch.Tensor", sin: "torch.Tensor") -> "torch.Tensor":
    """Return rotary position embedding of `states`.

    states: (tokens, heads, size); cos, sin: (tokens, size), both halves the same angles, as transformers has
    them.
    """
    if states.is_cuda:
        return compiled(_rotate)(states, cos, sin)
    half = states.shape[-1] // 2
    turned = states * cos[:, None, :]
    sine = sin[:, None, :half]
    turned[..., :half].addcmul_(states[..., half:], sine, value=-1)
    turned[..., half:].addcmul_(states[..., :half], sine)
    return turned


def rms_norm(
    x: "torch.Tensor", weight: "torch.Tensor", epsilon: float
) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Return x / root mean square of its last dimension × weight, and one over the root, (…, 1), float32."""
    wide = x.float()
    inverse = wide.square().mean(-1, keepdim=True).add_(epsilon).rsqrt_()
    normed = wide * inverse if wide is x else wide.mul_(inverse)
    return normed.to(x.dtype) * weight, inverse


def rms_norm_backward(
    x: "torch.Tensor", weight: "torch.Tensor", inverse: "torch.Tensor", gradient: "torch.Tensor"
) -> "torch.Tensor":
    """Return the gradient of x for the gradient of `rms_norm`'s first result."""
    wide = x.float()
    inner = (gradient * weight).float()
    along = (inner * wide).mean(-1, keepdim=True)
    return inner.mul_(inverse).addcmul_(wide, along.mul_(inverse.pow(3)), value=-1).to(x.dtype)


def dropout(x: "torch.Tensor", rate: float) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Return x with values zeroed at random and the others scaled by 1 / (1 - rate), and the mask of ones and
    zeros.

    On a CPU 16 bits decide on a value, four values a random number, and the rate is the nearest of 1/65,536:
    PyTorch's own draws a number for each value, which takes five times as long.
    """
    import torch

    if x.is_cuda:
        left, kept = torch.native_dropout(x, rate, True)
        return left, kept.to(x.dtype)
    numbers = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    drawn = numbers.view(torch.int16)[: x.numel()].view(x.shape)
    mask = (drawn >= round(rate * 65536) - 32768).to(x.dtype)
    return (x * mask).mul_(1 / (1 - rate)), mask


def _swiglu(gate: "torch.Tensor", up: "torch.Tensor") -> "torch.Tensor":
    import torch.nn.functional as F

    return F.silu(gate) * up


def _swiglu_backward(
    gate: "torch.Tensor", up: "torch.Tensor", gradient: "torch.Tensor"
) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor"]:
    g, u, d = gate.float(), up.float(), gradient.float()
    sigmoid = g.sigmoid()
    silu = g * sigmoid
    gate_gradient = d * u * (sigmoid + silu * (1 - sigmoid))
    kind = gate.dtype
    return (silu * u).to(kind), gate_gradient.to(kind), (d * silu).to(kind)


def _rotate(states: "torch.Tensor", cos: "torch.Tensor", sin: "torch.Tensor") -> "torch.Tensor":
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
        if state["works"]:
            try:
                return fast(*tensors)
            except torch.OutOfMemoryError:
                raise
            except Exception:  # noqa: BLE001 # a compiler fails in many ways, and the function works without it
                state["works"] = False
        return function(*tensors)

    return run
