"""The probability of a token that was written is that of a plain forward pass over the same tokens."""

import pytest
import torch  # noqa: TID253

from medner_assets.modeling.inference.decoding import decode, generate_batches
from medner_assets.modeling.inference.token_places import TokenPlaces
from medner_assets.modeling.loading import load_base, load_tokenizer
from medner_assets.modeling.samples import Encoder
from medner_assets.paths import EMBEDDED_BASES
from medner_assets.recipes.loading import load_base_model
from medner_assets_tests.support.miniature import documents

FOLDER, BASE = EMBEDDED_BASES / "medner-tiny", load_base_model("medner-tiny")
TYPES = (("Drug", "Effect"), ("causes",))
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(FOLDER)


@pytest.fixture(scope="module")
def model():
    return load_base(FOLDER, BASE, CPU).eval()


@pytest.fixture(scope="module")
def prompts(tokenizer):
    encoder = Encoder(tokenizer, "compact", *TYPES)
    texts = [d.text for d in documents(4)]
    return [encoder.prompt(" ".join(texts[i : i + 1 + i % 2])) for i in range(4)]


def plainly(model, prompt, tokens):
    """The log-probability of each token behind the prompt, of one forward pass without a cache."""
    ids = torch.tensor([[*prompt, *tokens]], device=model.device)
    with torch.inference_mode():
        logits = model(input_ids=ids, use_cache=False).logits[0, len(prompt) - 1 : -1].float()
    return logits.log_softmax(-1).gather(-1, ids[0, len(prompt) :, None])[:, 0].tolist()


def written_by(model, tokenizer, prompts, constraint=None):
    end = tokenizer.eos_token_id
    return [
        ([*each.tokens, *([end] if each.ended else [])], each.log_probabilities)
        for each in decode(model, prompts, max_new_tokens=30, end=end, pad=0, constraint=constraint)
    ]


def test_of_a_padded_batch_whose_rows_leave_they_are_those_of_a_plain_pass(model, tokenizer, prompts):
    written = written_by(model, tokenizer, prompts)
    assert len({len(tokens) for tokens, _ in written}) > 1
    for prompt, (tokens, found) in zip(prompts, written, strict=True):
        assert found == pytest.approx(plainly(model, prompt, tokens), abs=1e-4)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a CUDA device")])])  # fmt: skip
def test_on_a_base_in_4_bits_they_are_those_of_a_plain_pass(wide_base, device):
    model = load_base(wide_base, BASE.model_copy(update={"quantization": "nf4"}), torch.device(device)).eval()
    tokenizer = load_tokenizer(wide_base)
    prompts = [tokenizer(d.text)["input_ids"] for d in documents(3)]
    for prompt, (tokens, found) in zip(prompts, written_by(model, tokenizer, prompts), strict=True):
        # Layers compute in bfloat16 on a GPU.
        assert found == pytest.approx(plainly(model, prompt, tokens), abs=1e-4 if device == "cpu" else 2e-2)


def test_they_are_those_of_samples_packed_into_one_row_as_in_training(model, tokenizer, prompts):
    written = written_by(model, tokenizer, prompts[:2])
    rows = [[*prompt, *tokens] for prompt, (tokens, _) in zip(prompts, written, strict=False)]
    positions = torch.tensor([[place for row in rows for place in range(len(row))]])
    with torch.inference_mode():
        ids = torch.tensor([[token for row in rows for token in row]])
        logits = model(input_ids=ids, position_ids=positions, use_cache=False).logits[0].log_softmax(-1)
    begin = 0
    for prompt, row, (tokens, found) in zip(prompts, rows, written, strict=False):
        at = torch.arange(begin + len(prompt) - 1, begin + len(row) - 1)
        assert found == pytest.approx(logits[at, torch.tensor(tokens)].tolist(), abs=1e-4)
        begin += len(row)


def test_under_a_grammar_they_are_the_models_own_before_the_grammar(model, tokenizer, prompts):
    pytest.importorskip("llguidance")
    from medner_assets.modeling.inference.grammar import Grammar

    texts = [prompt[: len(prompt) // 2] for prompt in prompts[:2]]
    written = written_by(model, tokenizer, texts, Grammar(tokenizer, *TYPES).constraint(2))
    forced = 0
    for prompt, (tokens, found) in zip(texts, written, strict=True):
        assert found == pytest.approx(plainly(model, prompt, tokens), abs=1e-4)
        forced += sum(value < -1 for value in found)
    assert forced  # the model would have said something else somewhere


def test_every_token_of_a_completion_has_a_place_and_a_probability(model, tokenizer, prompts):
    batches = generate_batches(
        model, tokenizer, [(str(n), p) for n, p in enumerate(prompts)], batch_size=4, max_new_tokens=20
    )
    for each in (one for batch in batches for one in batch):
        ended = each.finish_reason == "stop"
        assert len(each.token_starts) == len(each.log_probabilities) == each.completion_tokens + ended
        assert each.token_starts == sorted(each.token_starts)
        assert each.token_starts[0] == 0
        assert not ended or each.token_starts[-1] == len(each.completion)
        assert max(each.log_probabilities) <= 0


@pytest.mark.parametrize(
    "text", ["1. [Drug] aspirin\n", "", "Ödem β-Blocker 𝛽 μg — naïve", "🫀🩺 x", "a\u0301b", "  two  blanks "]
)
def test_tokens_lie_where_they_are_also_where_a_character_takes_several(tokenizer, text):
    tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
    decoded, ends = TokenPlaces(tokenizer).decoded(tokens)
    assert decoded == tokenizer.decode(tokens)
    assert len(ends) == len(tokens)
    assert ends == sorted(ends)
    for count, end in enumerate(ends, start=1):
        so_far = tokenizer.decode(tokens[:count])
        assert "\ufffd" in so_far or so_far == decoded[:end]
    assert not ends or ends[-1] == len(decoded)


def test_a_special_token_within_a_text_takes_no_place(tokenizer):
    tokens = tokenizer("aspirin", add_special_tokens=False)["input_ids"]
    decoded, ends = TokenPlaces(tokenizer).decoded([*tokens, tokenizer.eos_token_id, *tokens])
    assert decoded == "aspirinaspirin"
    assert ends[len(tokens) - 1 : len(tokens) + 1] == [7, 7]
