"""The fused layers' own functions against PyTorch's, in float32."""

import pytest
import torch  # noqa: TID253
from torch import nn  # noqa: TID253
from torch.nn import functional as F  # noqa: TID253

from medner_assets.modeling.fused import elementwise
from medner_assets.modeling.fused.blocks import attention_in_blocks, blocks
from medner_assets.modeling.fused.functions import functions
from medner_assets.modeling.fused.projections import Projection


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.allclose(a, b, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("length", "sizes"), [(1, [1]), (96, [96]), (97, [48, 49]), (300, [75] * 4)])
def test_blocks_cover_all_queries_in_about_equal_parts(length, sizes):
    assert [end - begin for begin, end in blocks(length)] == sizes
    assert blocks(length)[0][0] == 0
    assert blocks(length)[-1][1] == length


@pytest.mark.parametrize("length", [1, 7, 130])
@pytest.mark.parametrize(("heads", "shared"), [(4, 2), (3, 1), (2, 2)])
def test_attention_in_blocks_is_causal_attention_sample_by_sample(length, heads, shared):
    torch.manual_seed(0)
    samples, size = 3, 8
    q = torch.randn(samples * length, heads, size, requires_grad=True)
    k, v = (torch.randn(samples * length, shared, size, requires_grad=True) for _ in range(2))
    by_head = [each.view(samples, length, -1, size).transpose(1, 2) for each in (q, k, v)]
    expected = F.scaled_dot_product_attention(*by_head, is_causal=True, scale=0.3, enable_gqa=True)
    expected = expected.transpose(1, 2).reshape(samples * length, heads, size)
    found = attention_in_blocks(q, k, v, samples, 0.3)
    assert close(found, expected)
    outer = torch.randn_like(found)
    theirs = torch.autograd.grad(expected, (q, k, v), outer)
    ours = torch.autograd.grad(found, (q, k, v), outer)
    assert all(close(a, b) for a, b in zip(ours, theirs, strict=True))


def test_the_norm_and_its_gradient_are_those_of_pytorch():
    x, weight = torch.randn(2, 5, 16, requires_grad=True), torch.rand(16)
    expected = F.rms_norm(x, (16,), weight, 1e-5)
    found = functions().norm.apply(x, weight, 1e-5)
    outer = torch.randn_like(x)
    assert close(found, expected)
    assert close(*(torch.autograd.grad(y, x, outer)[0] for y in (found, expected)))


def test_turning_back_undoes_a_rotation():
    states, angles = torch.randn(6, 2, 8), torch.rand(6, 4).repeat(1, 2)
    turned = elementwise.rotate(states, angles.cos(), angles.sin())
    assert not close(turned, states)
    assert close(elementwise.rotate(turned, angles.cos(), -angles.sin()), states)


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    torch.manual_seed(0)
    left, kept = elementwise.dropout(torch.ones(1000, 101), rate)
    assert kept.mean().item() == pytest.approx(1 - rate, abs=0.01)
    assert left.mean().item() == pytest.approx(1.0, abs=0.01)
    assert torch.equal(left != 0, kept == 1)
    assert kept[:500].ne(kept[500:]).any()


def projection(inputs: int, outputs: int, rate: float) -> Projection:
    frozen = nn.Linear(inputs, outputs, bias=False).requires_grad_(False)
    down, up = nn.Parameter(torch.randn(3, inputs)), nn.Parameter(torch.randn(outputs, 3))
    return Projection(frozen, down, up, 0.7, nn.Dropout(rate))


def plainly(x: torch.Tensor, each: Projection, rate: float) -> torch.Tensor:
    """What PEFT computes, with the dropout of the fused layers and autograd's gradients."""
    _, kept = elementwise.dropout(x.detach(), rate) if rate else (None, torch.ones_like(x))
    left = x * kept / (1 - rate)
    assert each.down is not None
    assert each.up is not None
    return x @ each.layer.weight.T + each.scale * (left @ each.down.T) @ each.up.T


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_projections_with_adapters_have_the_gradients_of_autograd(rate):
    torch.manual_seed(1)
    several = (projection(6, 5, rate), projection(6, 4, rate))
    adapters = [tensor for each in several for tensor in (each.down, each.up)]
    x = torch.randn(9, 6, requires_grad=True)
    torch.manual_seed(7)
    found = functions().linear.apply(x, several, *adapters)
    torch.manual_seed(7)
    expected = [plainly(x, each, rate) for each in several]
    outer = [torch.randn_like(y) for y in expected]
    assert all(close(a, b) for a, b in zip(found, expected, strict=True))
    ours = torch.autograd.grad(found, (x, *adapters), outer)
    theirs = torch.autograd.grad(expected, (x, *adapters), outer)
    assert all(close(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_the_feed_forward_block_of_a_gpu_has_the_gradients_of_autograd(rate, monkeypatch):
    monkeypatch.setattr(elementwise, "compiled", lambda function: function)  # takes half a minute on a CPU
    torch.manual_seed(1)
    gate, up, down = (projection(*shape, rate) for shape in ((6, 5), (6, 5), (5, 6)))
    adapters = [tensor for each in (gate, up, down) for tensor in (each.down, each.up)]
    x = torch.randn(9, 6, requires_grad=True)
    torch.manual_seed(7)
    found = functions().feed_forward.apply(x, (gate, up, down), *adapters)
    torch.manual_seed(7)
    product = F.silu(plainly(x, gate, rate)) * plainly(x, up, rate)
    expected = plainly(product, down, rate)
    outer = torch.randn_like(expected)
    assert close(found, expected)
    ours = torch.autograd.grad(found, (x, *adapters), outer)
    theirs = torch.autograd.grad(expected, (x, *adapters), outer)
    assert all(close(a, b) for a, b in zip(ours, theirs, strict=True))
