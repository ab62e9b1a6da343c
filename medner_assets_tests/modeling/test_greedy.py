"""Completions of the embedded base, which ends its texts early and late: what the miniature base does not."""

import pytest
import torch  # noqa: TID253

from medner_assets.modeling.fused.decoding import use_grouped_attention
from medner_assets.modeling.inference import stepping
from medner_assets.modeling.inference.decoding import decode
from medner_assets.modeling.inference.stepping import Growing, Recorded, Stepping, parts_within
from medner_assets.modeling.loading import load_base, load_tokenizer
from medner_assets.modeling.samples import Encoder
from medner_assets.paths import EMBEDDED_BASES
from medner_assets.recipes.loading import load_base_model
from medner_assets_tests.support.miniature import documents

BASE = EMBEDDED_BASES / "medner-tiny"
NEW = 48


@pytest.fixture
def model():
    return load_base(BASE, load_base_model("medner-tiny"), torch.device("cpu")).eval()


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(BASE)


@pytest.fixture(scope="module")
def prompts(tokenizer):
    encoder = Encoder(tokenizer, "compact", ("Drug", "Effect"), ("causes",))
    texts = [d.text for d in documents(12)]
    return [encoder.prompt(" ".join(texts[i : i + 1 + i % 4])) for i in range(12)]


def transformers_writes(model, prompts, end):
    """What `generate` writes behind each prompt alone."""
    found = []
    for tokens in prompts:
        ids = torch.tensor([tokens])
        new = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW,
            eos_token_id=end, pad_token_id=0,
        )[0, len(tokens) :].tolist()  # fmt: skip
        found.append((new[: new.index(end)] if end in new else new, end in new))
    return found


@pytest.fixture(scope="module")
def end(tokenizer):
    return tokenizer.eos_token_id


@pytest.mark.parametrize(("grouped", "fixed"), [(False, False), (True, False), (True, True)])
def test_rows_that_leave_the_batch_change_no_token_of_the_others(model, prompts, end, grouped, fixed):
    expected = transformers_writes(model, prompts, end)
    assert 0 < sum(ended for _, ended in expected) < len(prompts)
    assert len({len(tokens) for tokens, ended in expected if ended}) > 1
    if grouped:
        use_grouped_attention(model)
    written = decode(model, prompts, max_new_tokens=NEW, end=end, pad=0, stepping=Stepping(fixed=fixed))
    assert [(each.tokens, each.ended) for each in written] == expected


@pytest.mark.parametrize("at_once", [10**6, 200, 1])
def test_a_cache_of_fixed_length_gives_the_probabilities_of_a_growing_one(
    model, prompts, end, at_once, monkeypatch
):
    use_grouped_attention(model)
    monkeypatch.setattr(stepping, "_AT_ONCE", at_once)
    growing, fixed = (
        decode(model, prompts, max_new_tokens=NEW, end=end, pad=0, stepping=Stepping(fixed=each))
        for each in (False, True)
    )
    for one, other in zip(growing, fixed, strict=True):
        assert one.tokens == other.tokens
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)


def test_prompts_are_read_in_parts_that_are_small_when_they_are_filled_up():
    assert parts_within([90, 80, 50, 40, 40, 10], 180) == [
        (slice(0, 2), 90), (slice(2, 5), 50), (slice(5, 6), 10)
    ]  # fmt: skip
    assert parts_within([9, 200, 9], 100) == [(slice(0, 1), 9), (slice(1, 2), 200), (slice(2, 3), 9)]


def test_a_window_that_is_shorter_than_the_text_keeps_the_growing_cache(model, prompts):
    use_grouped_attention(model)
    ids = torch.tensor([prompts[0]])
    options = model, ids, torch.ones_like(ids), torch.arange(ids.shape[1])[None]
    assert isinstance(Stepping(fixed=True).begin(*options, NEW), Recorded)
    for window, kind in ((ids.shape[1] + NEW, Recorded), (ids.shape[1] + NEW - 1, Growing)):
        model.config.sliding_window = window
        model.config.layer_types = ["sliding_attention"] * model.config.num_hidden_layers
        assert type(Stepping(fixed=True).begin(*options, NEW)) is kind


def test_a_pass_that_cannot_be_recorded_is_said_once_and_called(model, prompts, end):
    use_grouped_attention(model)
    said, expected = [], decode(model, prompts, max_new_tokens=NEW, end=end, pad=0)
    stepping = Stepping(said.append, fixed=True)  # on a CPU, which has no graphs
    for _ in range(2):
        written = decode(model, prompts, max_new_tokens=NEW, end=end, pad=0, stepping=stepping)
        assert [each.tokens for each in written] == [each.tokens for each in expected]
    assert len(said) == 1
    assert said[0].startswith("generation goes on without CUDA graphs: ")


def test_a_batch_shrinks_while_its_rows_end(model, prompts, end):
    sizes = []
    model.register_forward_pre_hook(
        lambda module, args, kwargs: sizes.append(kwargs["input_ids"].shape[0]), with_kwargs=True
    )
    decode(model, prompts, max_new_tokens=NEW, end=end, pad=0)
    assert sizes[0] == len(prompts)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < len(prompts)


def test_one_token_may_be_all_that_is_wanted(model, prompts):
    written = decode(model, prompts[:2], max_new_tokens=1, end=-1, pad=0)
    assert [len(each.tokens) for each in written] == [1, 1]
    assert not any(each.ended for each in written)
