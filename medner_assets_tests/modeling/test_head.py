import pytest
import torch  # noqa: TID253
from torch import nn  # noqa: TID253
from torch.nn import functional as F  # noqa: TID253

from medner_assets.modeling.loading import load_tokenizer
from medner_assets.modeling.samples import Encoder, build_samples
from medner_assets.modeling.training.batching import collate
from medner_assets.modeling.training.loss import HeadInput, completion_loss, padded_loss
from medner_assets_tests.support.miniature import documents

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model(miniature_base):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(miniature_base).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def samples(miniature_base):
    encoder = Encoder(load_tokenizer(miniature_base), "compact", ("Drug", "Effect"), ("causes",))
    return build_samples(documents()[:5], encoder, max_tokens=512, relation_weight=2.0).samples


def test_the_loss_of_a_batch_is_the_sum_of_the_losses_one_by_one(model, samples):
    head = HeadInput(model)

    def total(chosen):
        return float(padded_loss(model, head, chosen, 1.0, pad=2, device=CPU))

    assert total(samples) == pytest.approx(sum(total([sample]) for sample in samples), rel=1e-5)
    head.remove()


def test_the_loss_is_what_the_model_itself_says_when_weights_are_one(model, samples):
    batch = collate([samples[0]], pad=2)
    theirs = model(input_ids=batch["input_ids"], labels=batch["labels"], use_cache=False).loss
    head = HeadInput(model)
    items = len(samples[0].completion)
    ours = padded_loss(model, head, [samples[0]], items, pad=2, device=CPU, weighted=False)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)
    head.remove()


def test_a_call_that_nobody_asked_states_of_gives_logits_as_ever(model, samples):
    ids = collate(samples[:2], pad=2)["input_ids"]
    before = model(input_ids=ids, use_cache=False).logits
    head = HeadInput(model)
    states = head.states(model, input_ids=ids)
    assert torch.equal(model.get_output_embeddings()(states), before)
    assert torch.equal(model(input_ids=ids, use_cache=False).logits, before)
    head.remove()


def layer(size: int, vocabulary: int) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(size, vocabulary, bias=False).requires_grad_(False)


@pytest.mark.parametrize("tokens", [1, 256, 700])
def test_the_loss_in_pieces_is_the_cross_entropy_of_all_at_once(tokens):
    head = layer(16, 50)
    states = torch.randn(tokens, 16, requires_grad=True)
    targets, weights = torch.randint(0, 50, (tokens,)), torch.rand(tokens)
    expected = (F.cross_entropy(head(states), targets, reduction="none") * weights).sum() / 7
    (gradient,) = torch.autograd.grad(3 * expected, states)
    found = completion_loss(states, head, targets, weights, 7)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    (ours,) = torch.autograd.grad(3 * found, states)
    assert torch.allclose(ours, gradient, atol=1e-6)


def test_a_target_that_the_model_thinks_impossible_has_the_loss_of_its_logit_and_not_infinity():
    head = layer(4, 3)
    head.weight.copy_(torch.tensor([[200.0, 0, 0, 0], [0, 0, 0, 0], [-300.0, 0, 0, 0]]))
    states = torch.tensor([[1.0, 0, 0, 0]], requires_grad=True)
    loss = completion_loss(states, head, torch.tensor([2]), torch.ones(1), 1.0)
    assert loss.item() == pytest.approx(500.0)
    loss.backward()
    assert torch.allclose(states.grad, torch.tensor([[500.0, 0, 0, 0]]))


def test_a_head_that_learns_gets_its_gradient():
    head = layer(8, 20).requires_grad_(True)
    completion_loss(torch.randn(5, 8), head, torch.arange(5), torch.ones(5), 1.0).backward()
    assert head.weight.grad is not None
    assert head.weight.grad.abs().sum() > 0
