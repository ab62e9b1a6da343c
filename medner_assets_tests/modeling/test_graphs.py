import pytest
import torch  # noqa: TID253

from medner_assets.modeling.adapters import add_adapter
from medner_assets.modeling.fused.layers import fuse
from medner_assets.modeling.loading import load_base, load_tokenizer
from medner_assets.modeling.samples import Encoder, Sample, build_samples
from medner_assets.modeling.training.batching import Room, host_row, pack, rooms_for
from medner_assets.modeling.training.graphs import graphs_for
from medner_assets.modeling.training.loss import HeadInput, packed_loss
from medner_assets.modeling.training.optimizer import FlatParameters, flat_adamw
from medner_assets.modeling.training.rounding import in_order_of_use
from medner_assets.modeling.training.steps import Steps
from medner_assets.recipes.settings import LoraRecipe
from medner_assets_tests.support.miniature import BASE, documents

CPU = torch.device("cpu")
needs_gpu = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")]


class Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, msg: str) -> None:
        self.lines.append(msg)


@pytest.fixture(scope="module")
def samples(miniature_base):
    encoder = Encoder(load_tokenizer(miniature_base), "compact", ("Drug", "Effect"), ("causes",))
    return build_samples(documents(), encoder, max_tokens=512, relation_weight=2.0).samples


def adapted(folder, device=CPU, **settings):
    torch.manual_seed(2)
    model = add_adapter(load_base(folder, BASE, device), LoraRecipe(rank=4, alpha=8, **settings))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data.normal_(std=0.05)
    assert fuse(model)
    return model.train()


def trained_of(model) -> list[torch.nn.Parameter]:
    return [p for p in model.parameters() if p.requires_grad]


def gradient(model) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in trained_of(model)])


def test_a_row_filled_up_to_a_room_has_the_loss_and_the_gradients_of_its_samples(miniature_base, samples):
    few = samples[:5]
    items = sum(len(sample.completion) for sample in few)
    model = adapted(miniature_base)
    head = HeadInput(model)
    expected = packed_loss(model, head, pack(few, CPU), items)
    expected.backward()
    wanted = gradient(model)
    model.zero_grad()
    room = Room(tokens=sum(map(len, few)) + 150, samples=9, longest=90, learned=items + 40)
    assert room.holds(few)
    row = host_row(few, room=room)
    found = packed_loss(model, head, row.on(row.numbers, row.weights), items)
    found.backward()
    assert len(row.weights) == room.learned
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    assert torch.allclose(gradient(model), wanted, atol=1e-6)


def of_length(tokens: int) -> Sample:
    return Sample("s", [5] * (tokens - 10), [7] * 10, [1.0] * 10)


def test_all_rows_of_a_training_fit_into_a_few_rooms_with_little_filling():
    lengths = [[100 + 37 * i % 200 + 11 * j for j in range(4)] for i in range(200)]
    rows = [[of_length(tokens) for tokens in row] for row in lengths]
    rooms = rooms_for(rows)
    assert 1 < len(rooms) <= 8
    chosen = [next(room for room in rooms if room.holds(row)) for row in rows]
    filled, held = sum(room.tokens for room in chosen), sum(map(sum, lengths))
    assert held <= filled < 1.15 * held
    assert rooms_for(rows[:10]) == []  # not worth a preparation


def test_rows_of_a_large_model_are_not_captured():
    rows = [[of_length(150 + i % 7) for i in range(20)]] * 40
    large = graphs_for(rows, 7_248_023_552, lambda row: row.weights.sum(), None, Lines())
    assert large is None
    assert graphs_for(rows[:5], 134_515_008, lambda row: row.weights.sum(), None, Lines()) is None


def test_a_sample_that_is_longer_than_those_a_room_was_made_for_does_not_fit():
    room = Room(tokens=300, samples=5, longest=64, learned=100)
    assert room.holds([of_length(60), of_length(64)])
    assert not room.holds([of_length(65)])
    assert not room.holds([of_length(60)] * 6)


@pytest.mark.parametrize("tokens", [None, 150])
def test_training_one_flat_tensor_is_training_tensor_by_tensor(miniature_base, samples, tokens):
    settings = {"lr": 1e-2, "weight_decay": 0.01}
    found = []
    for flatten in (False, True):
        model = adapted(miniature_base)
        flat = FlatParameters(trained_of(model)) if flatten else None
        steps = Steps(
            model, layout="packed", device=CPU, pad=0, samples=4, log=Lines(), tokens=tokens, flat=flat
        )
        if flat is None:
            optimizer = torch.optim.AdamW(trained_of(model), **settings)
        else:
            optimizer = flat_adamw(flat, "adamw_torch", **settings)
        norms = []
        for i in (0, 4, 8):
            loss = steps.train(model, samples[i : i + 4])
            norms.append(flat.clip(0.5) if flat else torch.nn.utils.clip_grad_norm_(trained_of(model), 0.5))
            optimizer.step()
            optimizer.zero_grad()
        found.append((loss, torch.stack(norms), torch.cat([p.detach().flatten() for p in trained_of(model)])))
    assert all(torch.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(*found, strict=True))


def test_an_adapter_that_is_rounded_once_a_step_gives_the_same_losses_and_weights_bit_by_bit(
    wide_base, samples, monkeypatch
):
    found = []
    for once in (True, False):
        if not once:
            monkeypatch.setattr("medner_assets.modeling.training.steps.kept_rounded", lambda *_: None)
        torch.manual_seed(2)
        base = load_base(wide_base, BASE, CPU).to(torch.bfloat16)
        model = add_adapter(base, LoraRecipe(rank=16, alpha=8))
        assert fuse(model.train())
        flat = FlatParameters(in_order_of_use(model))
        optimizer = flat_adamw(flat, "adamw_torch", lr=1e-2)
        steps = Steps(model, layout="packed", device=CPU, pad=0, samples=4, log=Lines(), flat=flat)
        assert (model.base_model.model.model.layers[0].mlp.fused_projections[0].rounded is not None) == once
        losses = []
        for i in (0, 4):
            losses.append(steps.train(model, samples[i : i + 4]))
            flat.gather()
            optimizer.step()
        dev, _ = steps.evaluate(samples)
        steps.close()
        found.append([*losses, torch.tensor(dev), flat.whole.detach()])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
    assert found[0][0] != found[0][1]


def replayed(model, rows, log, graphs: bool) -> list[float]:
    flat = FlatParameters(in_order_of_use(model))
    optimizer = flat_adamw(flat, "adamw_torch", lr=1e-3)
    device = flat.whole.device
    steps = Steps(model, layout="packed", device=device, pad=0, samples=4, log=log, flat=flat)
    if graphs:
        steps.plan(rows)
    losses = []
    for row in rows:
        losses.append(steps.train(model, row))
        flat.clip(1.0)
        optimizer.step()
    return [float(loss) for loss in losses]


@pytest.mark.parametrize("breaks", [pytest.param(each, marks=needs_gpu) for each in (False, True)])
def test_captured_steps_have_the_losses_of_launched_ones_and_a_failed_capture_is_said_once(
    miniature_base, samples, monkeypatch, breaks
):
    rows = [[samples[(i + j) % len(samples)] for j in range(4)] for i in range(40)]
    cuda, log = torch.device("cuda"), Lines()
    expected = replayed(adapted(miniature_base, cuda), rows, log, graphs=False)
    if breaks:
        monkeypatch.setattr(torch.cuda, "CUDAGraph", broken)
    found = replayed(adapted(miniature_base, cuda), rows, log, graphs=True)
    assert found == pytest.approx(expected, abs=1e-3)  # in bfloat16, over 40 updates
    assert found[0] == pytest.approx(expected[0], abs=1e-4)
    assert [line for line in log.lines if "no CUDA graph could be made (an old driver)" in line] == (
        log.lines if breaks else []
    )
    assert len(log.lines) == int(breaks)


def broken():
    raise RuntimeError("an old driver")


@pytest.mark.parametrize("rate", [pytest.param(0.5, marks=needs_gpu)])
def test_a_captured_step_drops_other_values_each_time(miniature_base, samples, rate):
    rows = [samples[:4]] * 40
    model = adapted(miniature_base, torch.device("cuda"), dropout=rate)
    flat = FlatParameters(trained_of(model))
    steps = Steps(model, layout="packed", device=flat.whole.device, pad=0, samples=4, log=Lines(), flat=flat)
    steps.plan(rows)
    assert len({float(steps.train(model, row)) for row in rows[:6]}) == 6
