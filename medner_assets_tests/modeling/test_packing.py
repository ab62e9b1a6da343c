import pytest
import torch  # noqa: TID253
from torch.nn import functional as F  # noqa: TID253

from medner_assets.modeling.adapters import add_adapter
from medner_assets.modeling.fused.layers import fuse, keep_unpacked
from medner_assets.modeling.loading import load_base, load_tokenizer
from medner_assets.modeling.samples import Encoder, Sample, build_samples
from medner_assets.modeling.training.batching import balanced, pack, rows_within
from medner_assets.modeling.training.loss import HeadInput, packed_loss
from medner_assets.recipes.settings import LoraRecipe
from medner_assets_tests.support.miniature import BASE, documents

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def samples(miniature_base):
    encoder = Encoder(load_tokenizer(miniature_base), "compact", ("Drug", "Effect"), ("causes",))
    return build_samples(documents()[:6], encoder, max_tokens=512, relation_weight=2.0).samples


def adapted(folder, quantization: str):
    torch.manual_seed(2)
    model = add_adapter(
        load_base(folder, BASE.model_copy(update={"quantization": quantization}), CPU),
        LoraRecipe(rank=4, alpha=8),
    )
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data.normal_(std=0.05)
    return model.train()


def gradients(model) -> dict[str, torch.Tensor]:
    return {name: p.grad for name, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("pad", [None, 0])
@pytest.mark.parametrize(("quantization", "unpacked"), [("none", False), ("nf4", False), ("nf4", True)])
def test_a_row_packed_or_aligned_has_the_loss_and_the_gradients_of_its_samples_one_by_one(
    wide_base, samples, quantization, unpacked, pad
):
    single, packed = adapted(wide_base, quantization), adapted(wide_base, quantization)
    items = sum(len(sample.completion) for sample in samples)
    total = 0.0
    for sample in samples:
        ids = torch.tensor([sample.prompt + sample.completion])
        logits = single(input_ids=ids, use_cache=False).logits[0, len(sample.prompt) - 1 : -1]
        losses = F.cross_entropy(logits, torch.tensor(sample.completion), reduction="none")
        loss = (losses * torch.tensor(sample.weights)).sum() / items
        loss.backward()
        total += loss.item()
    assert fuse(packed)
    assert not unpacked or keep_unpacked(packed, torch.float32) > 0
    loss = packed_loss(packed, HeadInput(packed), pack(samples, CPU, pad), items)
    loss.backward()
    assert loss.item() == pytest.approx(total, rel=1e-5)
    expected, found = gradients(single), gradients(packed)
    assert all(torch.allclose(found[name], expected[name], atol=1e-5, rtol=1e-3) for name in expected)


def test_only_the_last_layer_is_spared_the_tokens_that_nothing_is_predicted_from(wide_base, samples):
    model = adapted(wide_base, "none")
    assert fuse(model)
    seen: list[int] = []
    for layer in model.get_base_model().model.layers:
        layer.mlp.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[1]))
    row = pack(samples, CPU, 0)
    packed_loss(model, HeadInput(model), row, 1.0)
    learned = sum(len(sample.completion) for sample in samples)
    assert seen == [row.input_ids.shape[1], learned]


def test_a_row_without_dropout_is_what_dropout_gives_on_average(wide_base, samples):
    torch.manual_seed(2)
    recipe = LoraRecipe(rank=4, alpha=8, dropout=0.3)
    model = add_adapter(load_base(wide_base, BASE, CPU), recipe).train()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data.normal_(std=0.05)
    assert fuse(model)
    head, row = HeadInput(model), pack(samples, CPU, 0)

    def loss() -> float:
        with torch.no_grad():
            return packed_loss(model, head, row, float(len(row.targets))).item()

    drawn = [loss() for _ in range(30)]
    model.eval()
    assert len(set(drawn)) == 30
    assert loss() == pytest.approx(sum(drawn) / 30, abs=0.01)
    assert loss() == loss()


def sample(tokens: int) -> Sample:
    return Sample(f"s{tokens}", [1] * (tokens - 1), [2], [1.0])


def test_rows_hold_every_sample_once_and_no_more_tokens_than_allowed():
    given = [sample(tokens) for tokens in (7, 3, 9, 4, 4, 2, 30)]
    rows = rows_within(given, 12)
    assert sorted(len(s) for row in rows for s in row) == [2, 3, 4, 4, 7, 9, 30]
    assert sorted(sum(map(len, row)) for row in rows if len(row) > 1)[-1] <= 12
    assert [s for s in rows if len(s[0]) == 30] == [[given[-1]]]


def test_shares_have_about_the_same_number_of_tokens():
    assert sorted(sum(map(len, part)) for part in balanced([sample(n) for n in (8, 7, 6, 5, 4)], 2)) == [
        13,
        17,
    ]
