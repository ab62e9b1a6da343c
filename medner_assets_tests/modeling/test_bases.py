"""What a base brings along: its language model, its layers, its tokens, its template, its files."""

import json
import shutil

import pytest
import torch  # noqa: TID253

from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import adapted_layers, add_adapter, save_adapter
from medner_assets.modeling.base_files import end_tokens, positions, trouble
from medner_assets.modeling.inference.decoding import decode
from medner_assets.modeling.inference.model import load_model
from medner_assets.modeling.loading import ends_of, load_base, load_tokenizer
from medner_assets.modeling.samples import Encoder, build_samples
from medner_assets.modeling.training.steps import Steps
from medner_assets.paths import EMBEDDED_BASES
from medner_assets.recipes.settings import LoraRecipe
from medner_assets.schema import Document, Entity
from medner_assets_tests.support.architectures import (
    FAMILIES,
    MULTIMODAL,
    Family,
    random_model,
    random_samples,
    save,
)
from medner_assets_tests.support.miniature import BASE, documents

CPU = torch.device("cpu")
TINY = EMBEDDED_BASES / "medner-tiny"
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% if not enable_thinking %}<think></think>"
    "{% endif %}{% endif %}"
)


def family(name: str) -> Family:
    return next(each for each in (*FAMILIES, *MULTIMODAL) if each.name == name)


def base_folder(folder, name: str, **config):
    save(family(name).but(vocab_size=8192, **config), folder)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(TINY / file, folder)
    return folder


def filled(model):
    chance = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.copy_(torch.randn(parameter.shape, generator=chance) * 0.2)
    return model.eval()


def test_an_adapter_of_a_model_that_sees_is_on_its_language_model_and_loads_into_the_published_one(tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForImageTextToText

    folder = base_folder(tmp_path / "base", "mistral3")
    model = filled(add_adapter(load_base(folder, BASE, CPU), LoraRecipe(rank=4)))
    (tmp_path / "adapter").mkdir()
    save_adapter(model, tmp_path / "adapter", {}, [])
    ids = torch.tensor([[0, 50, 60, 70, 80]])
    with torch.inference_mode():
        expected = model(input_ids=ids).logits
        bare = load_base(folder, BASE, CPU)(input_ids=ids).logits
        reader = load_model(folder, BASE, tmp_path / "adapter", CPU)
        published = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
        plain = PeftModel.from_pretrained(published, str(tmp_path / "adapter")).eval()
        assert not torch.allclose(bare, expected, atol=1.0)
        assert torch.allclose(reader(input_ids=ids).logits, expected, atol=1e-3)
        assert torch.allclose(plain(input_ids=ids).logits, expected, atol=1e-3)
    adapted = [name for name, _ in plain.named_parameters() if "lora_" in name]
    assert adapted
    assert all("language_model" in name for name in adapted)


def test_a_name_that_the_base_does_not_have_is_refused_with_the_names_that_it_has():
    with pytest.raises(MednerError, match=r"no layer q_proj, v_proj: it has down_proj, gate_up"):
        add_adapter(random_model(family("phi3")), LoraRecipe(target_modules=("q_proj", "o_proj", "v_proj")))


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("phi3", {"down_proj", "gate_up_proj", "o_proj", "qkv_proj"}),
        ("gpt_neox", {"dense", "dense_4h_to_h", "dense_h_to_4h", "query_key_value"}),
        ("gpt2", {"c_attn", "c_fc", "c_proj"}),
    ],
)
def test_all_linear_layers_of_the_decoder_are_adapted_whatever_their_names(name, layers):
    model = add_adapter(random_model(family(name)), LoraRecipe(rank=4))
    assert set(adapted_layers(model)) == layers
    assert set(adapted_layers(model).values()) <= {2, 4}


def test_four_bit_weights_keep_their_gradients_after_an_evaluation_on_a_cpu(tmp_path):
    folder = base_folder(tmp_path / "b", "qwen3", hidden_size=64, head_dim=32, intermediate_size=128)
    nf4 = BASE.model_copy(update={"quantization": "nf4"})
    model = filled(add_adapter(load_base(folder, nf4, CPU, training=True), LoraRecipe(rank=4)))
    samples = random_samples()
    steps = Steps(model, layout="padded", device=CPU, pad=2, samples=8, log=Silent())

    def gradients():
        model.train()
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            steps.train(model, samples)
        return [p.grad.clone() for p in model.parameters() if p.requires_grad]

    before = gradients()
    model.eval()
    with torch.autocast("cpu", torch.bfloat16):
        steps.evaluate(samples)
    assert all(torch.equal(a, b) for a, b in zip(before, gradients(), strict=True))
    assert not any(getattr(m, "support_avx512bf16_for_cpu", False) for m in model.modules())


class Silent:
    def info(self, msg: str) -> None:
        """Take a line."""


def test_what_looks_like_a_control_token_in_a_note_is_text_in_prompt_and_completion():
    tokenizer = load_tokenizer(TINY)
    text = "Given aspirin </s> retard <s> for pain."
    note = Document("d", text, (Entity("T1", "Drug", 6, 25, text[6:25]),))
    sample = Encoder(tokenizer, "compact", ("Drug",), ()).sample(note, 1.0)
    assert tokenizer.eos_token_id not in sample.prompt + sample.completion[:-1]
    assert tokenizer.bos_token_id not in sample.prompt[1:]
    assert "aspirin </s> retard" in tokenizer.decode(sample.completion[:-1], skip_special_tokens=True)
    assert sample.completion[-1] == tokenizer.eos_token_id


def chatting(folder, template: str | None = CHATML):
    """A tokenizer with ChatML's control tokens and a template."""
    shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    tokenizer = load_tokenizer(folder)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = template
    return tokenizer


def test_a_chat_prompt_is_that_of_the_template_with_thinking_off_and_ends_where_a_turn_ends(tmp_path):
    tokenizer = chatting(tmp_path / "b")
    encoder = Encoder(tokenizer, "chat", ("Drug",), ())
    said = tokenizer.decode(encoder.prompt("Took aspirin."))
    assert said.startswith("<|im_start|>user\n")
    assert said.endswith("<|im_end|>\n<|im_start|>assistant\n<think></think>")
    sample = encoder.sample(Document("d", "Took aspirin."), 1.0)
    assert tokenizer.convert_ids_to_tokens(sample.completion[-1]) == "<|im_end|>"
    assert sample.completion[-1] in ends_of(tokenizer)


def test_control_tokens_of_a_note_are_text_in_a_chat_too(tmp_path):
    tokenizer = chatting(tmp_path / "b")
    encoder = Encoder(tokenizer, "chat", ("Drug",), ())
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert encoder.prompt("Took <|im_end|> aspirin.").count(end) == encoder.prompt("Took aspirin.").count(end)
    assert "Took <|im_end|> aspirin." in tokenizer.decode(encoder.prompt("Took <|im_end|> aspirin."))


@pytest.mark.parametrize(
    ("template", "said"),
    [(None, "has no chat template"), ("{{ raise_exception('no') }}", "fails"), ("{{ 1 }}", "leaves out")],
)
def test_a_template_that_is_missing_or_fails_is_one_line(tmp_path, template, said):
    with pytest.raises(MednerError, match=said):
        Encoder(chatting(tmp_path / "b", template), "chat", ("Drug",), ()).prompt("Took aspirin.")


def test_the_end_token_is_the_configurations_where_the_tokenizer_has_none_and_all_are_stops(tmp_path):
    shutil.copy(TINY / "tokenizer.json", tmp_path)
    plain = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(plain))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(MednerError, match="names an end token"):
        ends_of(load_tokenizer(tmp_path))
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [1, 7]}))
    tokenizer = load_tokenizer(tmp_path)
    assert (tokenizer.eos_token_id, ends_of(tokenizer), end_tokens(tmp_path)) == (1, {1, 7}, (1, 7))


def test_samples_and_completions_are_no_longer_than_the_model_reads(tmp_path):
    folder = base_folder(tmp_path / "b", "gpt2", n_positions=128)
    encoder = Encoder(load_tokenizer(folder), "compact", ("Drug", "Effect"), ("causes",))
    assert encoder.room == 128
    samples = build_samples(documents(), encoder, max_tokens=4096).samples
    assert max(map(len, samples)) <= 128
    model = load_model(folder, BASE, None, CPU)
    prompts = [[5] * 120, [6] * 30]
    written = decode(model, prompts, max_new_tokens=200, end=8191, pad=2)
    assert [len(each.tokens) for each in written] == [8, 98]
    assert not any(each.ended for each in written)


@pytest.mark.parametrize(
    ("config", "room"),
    [
        ({"max_position_embeddings": 4096}, 4096),
        ({"n_positions": 1024}, 1024),
        ({"text_config": {"max_position_embeddings": 512}}, 512),
        ({"max_position_embeddings": 131072, "original_max_position_embeddings": 4096,
          "rope_scaling": {"type": "longrope"}}, 4096),
        ({}, None),
    ],
)  # fmt: skip
def test_positions_are_those_that_a_text_may_have_from_begin_to_end(tmp_path, config, room):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert positions(tmp_path) == room


@pytest.mark.parametrize(
    ("config", "files", "said"),
    [
        ({}, (), "a readable config.json"),
        ({"model_type": "own", "auto_map": {"AutoModel": "x.Y"}}, (), "code of its own"),
        ({"model_type": "llama"}, (), "states no vocab_size"),
        ({"model_type": "llama", "vocab_size": 9}, ("pytorch_model.bin",), "pickled ones only"),
        ({"model_type": "llama", "vocab_size": 9}, ("model.gguf",), "GGUF only"),
        ({"model_type": "llama", "vocab_size": 9}, ("model.safetensors", "tekken.json"), "tekken.json only"),
        ({"model_type": "llama", "vocab_size": 9}, ("model.safetensors",), "a tokenizer"),
        ({"model_type": "llama", "vocab_size": 9}, ("model.safetensors", "tokenizer.json"), None),
    ],
)
def test_what_the_files_of_a_base_lack_is_said_before_anything_is_loaded(tmp_path, config, files, said):
    (tmp_path / "config.json").write_text(json.dumps(config))
    for name in files:
        (tmp_path / name).write_bytes(b"")
    found = trouble(tmp_path)
    assert (found is None) if said is None else said in str(found)
