import pytest
import torch  # noqa: TID253
from torch import nn  # noqa: TID253

from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import add_adapter, leave_casts_to_autocast
from medner_assets.modeling.fused.layers import fuse
from medner_assets.modeling.loading import load_base, load_tokenizer
from medner_assets.modeling.memory import largest_that_fits
from medner_assets.modeling.samples import Encoder, build_samples
from medner_assets.modeling.training.batching import StepOrder
from medner_assets.modeling.training.optimizer import FlatParameters, flat_adamw
from medner_assets.modeling.training.steps import Steps
from medner_assets.recipes.settings import LoraRecipe
from medner_assets_tests.support.miniature import BASE, documents

CPU = torch.device("cpu")


class Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, msg: str) -> None:
        self.lines.append(msg)


@pytest.fixture
def model(miniature_base):
    torch.manual_seed(1)
    return add_adapter(load_base(miniature_base, BASE, CPU), LoraRecipe(rank=4, alpha=4))


@pytest.fixture(scope="module")
def samples(miniature_base):
    encoder = Encoder(load_tokenizer(miniature_base), "compact", ("Drug", "Effect"), ("causes",))
    return build_samples(documents()[:8], encoder, max_tokens=512).samples


def memory_for(tokens: int):
    """Return a hook that lets a forward pass of more tokens fail as CUDA does."""

    def check(module, args, kwargs):
        if kwargs["input_ids"].numel() > tokens:
            raise torch.OutOfMemoryError("CUDA out of memory")

    return check


def gradient(model) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.requires_grad])


@pytest.mark.parametrize("layout", ["packed", "aligned", "padded"])
def test_out_of_memory_halves_the_micro_batch_and_leaves_the_step_as_it_was(model, samples, layout):
    assert layout == "padded" or fuse(model)
    log = Lines()
    steps = Steps(model, layout=layout, device=CPU, pad=0, samples=8, log=log)
    whole = steps.train(model, samples)
    expected = gradient(model)
    for parameter in model.parameters():
        parameter.grad = None
    model.register_forward_pre_hook(memory_for(200), with_kwargs=True)
    cut = steps.train(model, samples)
    assert cut.item() == pytest.approx(whole.item(), rel=1e-5)
    assert torch.allclose(gradient(model), expected, atol=1e-6)
    assert "out of memory with micro-batches of" in log.lines[0]
    assert "the effective batch is unchanged" in log.lines[0]


def test_one_sample_that_does_not_fit_is_first_checkpointed_and_then_refused(model, samples):
    fuse(model)
    log = Lines()
    steps = Steps(model, layout="packed", device=CPU, pad=0, samples=8, log=log, checkpointing="auto")
    model.register_forward_pre_hook(memory_for(10), with_kwargs=True)
    with pytest.raises(MednerError, match=r"does not fit into the GPU's memory: lower training.max_tokens"):
        steps.train(model, samples)
    assert steps.checkpointing
    assert "continuing with gradient checkpointing" in log.lines[-1]


def test_the_probe_finds_the_largest_size_to_an_eighth():
    found = largest_that_fits(8000, 512, lambda tokens: tokens <= 3300)
    assert found is not None
    assert 3300 * 7 / 8 <= found <= 3300
    assert largest_that_fits(8000, 512, lambda _: False) is None
    assert largest_that_fits(8000, 512, lambda _: True) == 8000


def test_one_flat_8_bit_update_is_the_update_tensor_by_tensor():
    from bitsandbytes.optim.adamw import AdamW8bit

    torch.manual_seed(0)
    start = [torch.randn(16, 512), torch.randn(300, 16)]
    flat, single = ([nn.Parameter(each.clone()) for each in start] for _ in range(2))
    settings = {"lr": 1e-2, "weight_decay": 0.01}
    for parameters, optimizer in (
        (flat, flat_adamw(FlatParameters(flat), "adamw_8bit", **settings)),
        (single, AdamW8bit(single, **settings)),
    ):
        for step in range(3):
            for parameter in parameters:
                parameter.grad = torch.sin(parameter.detach() * (step + 1))
            optimizer.step()
            optimizer.zero_grad()
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(flat, single, strict=True))
    assert not torch.allclose(flat[0], start[0])


def test_an_epoch_visits_each_sample_once_in_an_order_of_its_own():
    order = StepOrder([5, 9, 2, 7, 4, 1, 8] * 3, 3, seed=1, by_length=True)
    first = list(order)
    order.epoch = 1
    assert sorted(i for step in first for i in step) == list(range(21))
    assert len(first) == len(order) == 7
    assert list(order) != first
    order.epoch = 0
    assert list(order) == first


def test_activations_that_are_not_cast_give_the_same_gradients_bit_by_bit(miniature_base, samples):
    found = []
    for leave in (False, True):
        torch.manual_seed(1)
        model = add_adapter(
            load_base(miniature_base, BASE, CPU).to(torch.bfloat16), LoraRecipe(rank=4, alpha=4)
        )
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.data = torch.full_like(parameter, 0.05, dtype=torch.float32)
        if leave:
            leave_casts_to_autocast(model)
        steps = Steps(model, layout="padded", device=CPU, pad=0, samples=8, log=Lines())
        with torch.autocast("cpu", torch.bfloat16):
            loss = steps.train(model, samples)
        found.append((loss.item(), gradient(model)))
    assert found[0][0] == found[1][0]
    assert torch.equal(found[0][1], found[1][1])
    assert found[0][1].abs().sum() > 0
