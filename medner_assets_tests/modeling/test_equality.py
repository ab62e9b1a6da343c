"""Any base trains on the loss of plain transformers + PEFT, or not at all: tiny random models, in float32."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch  # noqa: TID253

from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import add_adapter
from medner_assets.modeling.fused import layers
from medner_assets.modeling.fused.layers import as_published, fuse, unfuse
from medner_assets.modeling.samples import Sample
from medner_assets.modeling.training import equality
from medner_assets.modeling.training.backends import Adapted
from medner_assets.modeling.training.borders import across_borders
from medner_assets.modeling.training.equality import probed, settle
from medner_assets.modeling.training.steps import Steps
from medner_assets.recipes.settings import LoraRecipe
from medner_assets_tests.support.architectures import FAMILIES, Family, random_model, random_samples

CPU = torch.device("cpu")
SAMPLES = random_samples()


class Lines(list[str]):
    """Keeps what is said."""

    def info(self, msg: str) -> None:
        """Keep a line."""
        self.append(msg)


def ready(family: Family) -> Adapted:
    model = add_adapter(random_model(family), LoraRecipe(rank=4, alpha=8))
    return Adapted(model, "packed" if fuse(model) else "padded", "peft")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_trains_on_the_loss_and_gradients_of_plain_transformers_and_peft(family):
    log = Lines()
    settled = settle(ready(family), SAMPLES, device=CPU, pad=2, cast=False, log=log)
    found = settled.findings[-1]
    assert found.equal
    assert found.loss is not None
    assert found.loss <= 1e-4
    assert found.gradients is not None
    assert found.gradients <= 1e-3
    assert len(settled.findings) == 1, "a slower path than expected"
    assert settled.way.layout == ("packed" if family.fused else "padded")
    assert settled.way.head == family.head
    assert found.path in log[-1]


@pytest.mark.parametrize("name", ["qwen3", "phi3", "olmo3", "gemma2", "glm4_moe", "gpt2"])
def test_rows_are_packed_through_a_models_own_attention_where_it_keeps_samples_apart(name):
    given = replace(ready(next(each for each in FAMILIES if each.name == name)), may_join=True)
    settled = settle(given, SAMPLES, device=CPU, pad=2, cast=False, log=Lines())
    assert settled.way.layout == "joined"
    assert settled.facts()["path"].startswith("packed rows kept apart by the model's own attention")
    steps = Steps(
        given.model, layout="joined", way=settled.way.head, device=CPU, pad=2, samples=8, log=Lines()
    )
    given.model.eval()
    together, count = steps.evaluate(SAMPLES)
    alone = sum(steps.evaluate([each])[0] for each in SAMPLES)
    assert together / count == pytest.approx(alone / count, abs=1e-5)


@pytest.mark.parametrize("name", ["gpt_oss", "opt"])
def test_rows_are_not_packed_where_samples_would_see_each_other_and_the_log_says_so(name):
    log = Lines()
    given = replace(ready(next(each for each in FAMILIES if each.name == name)), may_join=True)
    settled = settle(given, SAMPLES, device=CPU, pad=2, cast=False, log=log)
    assert settled.way.layout == "padded"
    assert "not taken, packed rows kept apart" in log[0]
    assert "samples of a row see each other" in log[0]


def test_a_little_that_is_seen_of_other_samples_is_found_where_the_loss_hardly_tells(monkeypatch):
    given = ready(next(each for each in FAMILIES if each.name == "qwen3"))
    assert across_borders(given.model, SAMPLES, CPU) == 0.0
    attention = given.model.get_base_model().model.layers[0].self_attn
    own = attention.forward

    def leaking(hidden_states, **kwargs):
        out, weights = own(hidden_states=hidden_states, **kwargs)
        return out + 0.02 * hidden_states.cumsum(1), weights

    monkeypatch.setattr(attention, "forward", leaking)
    assert across_borders(given.model, SAMPLES, CPU) > 0.05


@pytest.fixture
def llama() -> Family:
    return next(family for family in FAMILIES if family.name == "llama")


def test_a_layer_that_is_computed_otherwise_is_found_and_training_falls_back_and_says_so(llama, monkeypatch):
    wrong = layers._norm

    def without_weight(self, hidden_states):
        return wrong(self, hidden_states) / self.weight.clamp(min=0.1)

    monkeypatch.setattr(layers, "_norm", without_weight)
    log = Lines()
    settled = settle(ready(llama), SAMPLES, device=CPU, pad=2, cast=False, log=log)
    assert settled.way.layout == "padded"
    assert [each.equal for each in settled.findings] == [False, True]
    assert "not taken, packed rows through fused layers: loss differs by" in log[0]
    assert settled.facts()["path"] == "padded batches, the output head on learned positions"


def test_a_head_that_does_more_than_multiply_is_found_when_it_is_taken_for_plain(monkeypatch):
    gemma = next(family for family in FAMILIES if family.name == "gemma2")
    monkeypatch.setattr(equality, "head_of", lambda model: "plain")
    settled = settle(ready(gemma), SAMPLES, device=CPU, pad=2, cast=False, log=Lines())
    assert settled.findings[0].loss is not None
    assert settled.findings[0].loss > 1
    assert settled.way.head == "own"


def test_no_path_that_is_right_is_an_error_in_one_line(llama, monkeypatch):
    monkeypatch.setattr(equality, "TOLERANCE", {"float32": (-1.0, -1.0)})
    with pytest.raises(MednerError, match="no path of training gives the loss of plain transformers"):
        settle(ready(llama), SAMPLES, device=CPU, pad=2, cast=False, log=Lines())


def test_the_probe_leaves_weights_gradients_mode_and_random_numbers_as_they_were(llama):
    given = ready(llama)
    given.model.train()
    before = {name: value.clone() for name, value in given.model.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    settle(given, SAMPLES, device=CPU, pad=2, cast=False, log=Lines())
    assert torch.equal(torch.rand(1), expected)
    assert given.model.training
    assert all(parameter.grad is None for parameter in given.model.parameters())
    assert all(torch.equal(before[name], value) for name, value in given.model.state_dict().items())


def test_what_was_found_is_kept_for_the_same_base_and_path_and_not_for_another(llama, tmp_path, monkeypatch):
    settle(ready(llama), SAMPLES, device=CPU, pad=2, cast=False, log=Lines(), cache=tmp_path, base="a")
    (file,) = tmp_path.glob("equality-*.json")
    assert json.loads(file.read_text())["equal"] is True

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("compared again")

    monkeypatch.setattr(equality, "_compare", asked)
    settle(ready(llama), SAMPLES, device=CPU, pad=2, cast=False, log=Lines(), cache=tmp_path, base="a")
    with pytest.raises(AssertionError, match="compared again"):
        settle(ready(llama), SAMPLES, device=CPU, pad=2, cast=False, log=Lines(), cache=tmp_path, base="b")


def test_a_fused_model_computes_as_published_for_a_block_and_for_good_once_it_is_unfused(llama):
    model = ready(llama).model
    attention = model.get_base_model().model.layers[0].self_attn
    with as_published(model):
        assert attention.forward == attention.unfused_forward
    assert attention.forward == attention.fused_forward
    unfuse(model)
    assert not hasattr(attention, "fused_forward")
    assert not hasattr(attention, "fused_projections")


def test_a_few_samples_of_different_lengths_are_probed_and_none_that_is_long():
    samples = [Sample(str(n), [5] * n, [6], [1.0]) for n in range(1, 2000, 7)]
    chosen = probed(samples)
    assert len(chosen) == 4
    assert len({len(each) for each in chosen}) == 4
    assert max(map(len, chosen)) <= 384
    assert [len(each) for each in chosen] != sorted(len(each) for each in chosen)
    assert probed(samples[-1:]) == samples[-1:]


@pytest.mark.parametrize(
    "config",
    [
        {"sliding_window": 8},
        {"attention_dropout": 0.1},
        {"hidden_act": "gelu"},
    ],
)
def test_a_configuration_that_is_not_proven_is_not_fused(config):
    mistral = next(family for family in FAMILIES if family.name == "mistral")
    model = add_adapter(random_model(mistral.but(**config)), LoraRecipe(rank=4))
    assert not fuse(model)


def test_a_class_of_the_same_name_from_elsewhere_is_not_fused(llama, monkeypatch):
    model = add_adapter(random_model(llama), LoraRecipe(rank=4))
    monkeypatch.setattr(type(model.get_base_model()), "__module__", "somewhere.else")
    assert not fuse(model)


def test_this_file_covers_every_class_that_is_trusted():
    from medner_assets.modeling.training.loss import _PLAIN_HEADS

    covered = {type(random_model(family)).__name__ for family in FAMILIES}
    assert covered >= _PLAIN_HEADS
    assert covered >= set(layers._PROVEN)
    assert Path(__file__).name == "test_equality.py"  # the name that the sources point to
