"""Tiny random models of many families, built from transformers' own configurations; nothing is downloaded."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from medner_assets.modeling.samples import Sample
from medner_assets.modeling.training.loss import Head

if TYPE_CHECKING:
    from transformers import PreTrainedModel

VOCABULARY = 320
_SMALL: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "vocab_size": VOCABULARY, "max_position_embeddings": 256,
    "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2, "num_experts": 4, "num_local_experts": 4,
    "n_routed_experts": 4, "moe_intermediate_size": 24, "num_experts_per_tok": 2, "n_shared_experts": 1,
    "moe_num_experts": 4, "moe_k": 2, "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1,
    "q_lora_rank": 16, "kv_lora_rank": 8, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 8,
    "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256, "n_inner": 48, "ffn_dim": 48,
    "word_embed_proj_dim": 32, "sliding_window": None,
}  # fmt: skip
"""Settings that a family's configuration may know; those that it does not are left out."""


@dataclass(frozen=True, slots=True)
class Family:
    """A model type of transformers. fused: whether packed rows go through the fused layers."""

    name: str
    head: Head = "own"
    fused: bool = False
    model_type: str = ""
    config: dict[str, Any] = field(default_factory=dict)

    def but(self, **config: Any) -> Self:
        """Return the family with other settings."""
        return replace(self, config={**self.config, **config})


_SLIDING = {"sliding_window": 16, "layer_types": ["sliding_attention", "full_attention"]}
FAMILIES = (
    Family("llama", "plain", fused=True),
    Family("llama-tied-biased-rope3", "plain", fused=True, model_type="llama", config={
        "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0,
            "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}}),
    Family("mistral", "plain", fused=True),
    Family("mistral-sliding", "plain", model_type="mistral", config={"sliding_window": 16}),
    Family("mixtral", "plain"),
    Family("qwen2", "plain"),
    Family("qwen3", "plain"),
    Family("olmo2", "plain"),
    Family("olmo3", "plain", config=_SLIDING),
    Family("phi3", "plain"),
    Family("smollm3", "plain", config={"no_rope_layers": [1, 0]}),
    Family("gemma2", config={**_SLIDING, "final_logit_softcapping": 3.0, "attn_logit_softcapping": 2.0}),
    Family("gemma3_text", config=_SLIDING),
    Family("granite", config={"logits_scaling": 8.0, "residual_multiplier": 0.5}),
    Family("cohere", config={"logit_scale": 0.25}),
    Family("ernie4_5"),
    Family("glm4_moe", config={"partial_rotary_factor": 0.5}),
    Family("gpt_oss", config=_SLIDING),
    Family("gpt_neox", config={"partial_rotary_factor": 0.25}),
    Family("gpt2"),
    Family("opt"),
    Family("nemotron"),
    Family("stablelm"),
    Family("olmo"),
    Family("minicpm3", config={"num_key_value_heads": 4}),
)  # fmt: skip
MULTIMODAL = (
    Family("gemma3", config=_SLIDING),
    Family("mistral3", "plain", fused=True),
    Family("gemma4", config=_SLIDING),
)
"""Models that also see: their language model alone is trained, the rest is not even loaded for long."""
_EYES: dict[str, dict[str, Any]] = {
    "gemma3": {"vision_config": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 2, "image_size": 56, "patch_size": 14}, "mm_tokens_per_image": 4},
    "mistral3": {"vision_config": {"model_type": "pixtral", "hidden_size": 32, "intermediate_size": 48,
        "num_hidden_layers": 2, "num_attention_heads": 2, "head_dim": 16, "image_size": 56,
        "patch_size": 14}},
    "gemma4": {},
}  # fmt: skip
_TEXT = {"gemma3": "gemma3_text", "mistral3": "mistral", "gemma4": "gemma4_text"}


def config_of(family: Family) -> Any:
    """Return the configuration of a tiny model of `family`."""
    from transformers import CONFIG_MAPPING

    kind = CONFIG_MAPPING[_TEXT.get(family.name) or family.model_type or family.name]
    known = kind().to_dict()
    settings = {**{key: value for key, value in _SMALL.items() if key in known}, **family.config}
    if family.name not in _EYES:
        return kind(**settings)
    whole = CONFIG_MAPPING[family.name]
    return whole(text_config={**settings, "model_type": _TEXT[family.name]}, **_EYES[family.name])


def random_model(family: Family) -> "PreTrainedModel":
    """Return a model in float32 with random weights, norms and biases too: at ones and zeros a forward pass
    that leaves them out looks right."""
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    from medner_assets.modeling.loading import needs_plain_attention

    config = config_of(family)
    kind = AutoModelForImageTextToText if family.name in _EYES else AutoModelForCausalLM
    torch.manual_seed(0)
    model = kind.from_config(config).float()
    attention = "eager" if needs_plain_attention(type(model), config) else "sdpa"
    model.set_attn_implementation(attention)
    chance = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=chance)
            if parameter.dim() == 1:
                parameter.add_(noise * 0.3)
            else:
                scale = 0.5 if "embed" in name else 1.5 / parameter.shape[-1] ** 0.5
                parameter.copy_(noise * scale)
    return model.eval()


def save(family: Family, folder: Path) -> Path:
    """Write a random model into `folder`; the tokenizer is the caller's."""
    random_model(family).save_pretrained(folder)
    return folder


def random_samples(count: int = 6, seed: int = 3) -> tuple[Sample, ...]:
    """Return samples of random tokens and weights, of different lengths."""
    import torch

    chance = torch.Generator().manual_seed(seed)

    def numbers(low: int, high: int, size: int) -> list[int]:
        return torch.randint(low, high, (size,), generator=chance).tolist()

    found = []
    for i in range(count):
        first, second = numbers(8, 40, 1)[0], numbers(4, 40, 1)[0]
        weights = (0.5 + torch.rand(second, generator=chance)).tolist()
        prompt, completion = numbers(5, VOCABULARY, first), numbers(5, VOCABULARY, second)
        found.append(Sample(f"d{i}", prompt, completion, weights))
    return tuple(found)
