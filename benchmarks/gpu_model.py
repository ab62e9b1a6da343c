"""A Mistral-7B with random weights in NF4, made in memory, and samples of the reference's lengths."""

import random
import sys
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from medner_assets.modeling.samples import Sample

VOCABULARY = 32_768
MEAN_TOKENS = 187
PARAMETERS = 7_248_023_552
"""Of Mistral-7B v0.3, embeddings and output head included."""

GEOMETRY = {
    "vocab_size": VOCABULARY, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
    "max_position_embeddings": 32768, "rms_norm_eps": 1e-5, "sliding_window": None,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0}, "tie_word_embeddings": False,
    "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
SMOLLM2_PARAMETERS = 134_515_008
SMOLLM2 = {
    **GEOMETRY, "vocab_size": 49_152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
    "num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 64, "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
}  # fmt: skip
"""Of SmolLM2-135M, as a Mistral: both are the same arithmetic."""
SMALL = {
    **GEOMETRY, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
}  # fmt: skip


def random_mistral(device: torch.device, geometry: dict[str, Any], kind: torch.dtype, *, nf4: bool) -> Any:
    """Return the model on `device`, its projections quantised as `load_base` asks bitsandbytes to."""
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(kind)
    try:
        with torch.device(device):
            model = MistralForCausalLM._from_config(MistralConfig(**geometry), attn_implementation="sdpa")
    finally:
        torch.set_default_dtype(before)
    return (quantised(model, kind, device) if nf4 else model).eval()


def quantised(model: Any, kind: torch.dtype, device: torch.device) -> Any:
    """Return `model` with every linear layer but its output head in NF4, as `load_base` asks
    bitsandbytes to."""
    from bitsandbytes.nn import Linear4bit, Params4bit

    for name, layer in list(model.named_modules()):
        if not isinstance(layer, torch.nn.Linear) or name == "lm_head":
            continue
        packed = Linear4bit(
            layer.in_features, layer.out_features, bias=layer.bias is not None, compute_dtype=kind,
            compress_statistics=True, quant_type="nf4", device="meta",
        )  # fmt: skip
        packed.weight = Params4bit(
            layer.weight.data, requires_grad=False, compress_statistics=True, quant_type="nf4", module=packed,
        ).to(device)  # fmt: skip
        if layer.bias is not None:
            packed.bias = layer.bias
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, packed)
        layer.weight = None
    model.is_loaded_in_4bit = True
    return model


def random_samples(count: int, seed: int = 1) -> list[Sample]:
    """Return samples with random tokens: log-normal lengths with a mean of about 187, half of it
    completion."""
    chance = random.Random(seed)
    samples = []
    for i in range(count):
        tokens = min(512, max(60, round(chance.lognormvariate(0, 0.4) * MEAN_TOKENS / 1.083)))
        ids = [chance.randrange(3, VOCABULARY) for _ in range(tokens)]
        border = tokens // 2
        samples.append(Sample(f"s{i}", ids[:border], ids[border:], [1.0] * (tokens - border)))
    return samples
