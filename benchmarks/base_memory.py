"""GPU memory of LoRA in 4 bits at the reference's setting, for the bases that are shipped.

    python benchmarks/base_memory.py [--output FILE] [--only NAME …] [--computed]

Setting: NF4 with double quantisation, LoRA rank 16 on every linear layer of the decoder, batch 8, samples of
187 tokens on average and at most 512, gradient checkpointing, 8-bit AdamW. Computed from the geometry, and,
where a GPU is visible, measured on random weights of that geometry. Only sizes matter here: nothing is said
of quality. Without a GPU the computed part is written. Each base is measured in a process of its own: what
an earlier one has not given back yet would count too (a fused model holds itself by cycles, so that only
Python's collector frees it).

    python benchmarks/base_memory.py --page docs/base-models.md    writes the table of the shipped bases there
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch

GIB = 2**30
BATCH, LONGEST, RANK = 8, 512, 16
KIND = torch.bfloat16
_SCORE_BYTES = 2 + 3 * 4
RESULTS = Path("benchmarks/results/base_memory.json")
BEGIN, END = "<!-- shipped -->", "<!-- end of shipped -->"
GEOMETRIES: dict[str, tuple[str, dict[str, Any]]] = {
    "mistral-7b": ("mistral", {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 32768,
        "sliding_window": None}),
    "llama-3.1-8b": ("llama", {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 128256}),
    "llama-3.2-3b": ("llama", {"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 28,
        "num_attention_heads": 24, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 128256,
        "tie_word_embeddings": True}),
    "qwen3-8b": ("qwen3", {"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936}),
    "qwen3-4b": ("qwen3", {"hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936,
        "tie_word_embeddings": True}),
    "gemma-3-4b": ("gemma3_text", {"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34,
        "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262208}),
    "medgemma-4b": ("gemma3_text", {"hidden_size": 2560, "intermediate_size": 10240,
        "num_hidden_layers": 34, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
        "vocab_size": 262208}),
    "phi-4": ("phi3", {"hidden_size": 5120, "intermediate_size": 17920, "num_hidden_layers": 40,
        "num_attention_heads": 40, "num_key_value_heads": 10, "vocab_size": 100352, "pad_token_id": 0}),
    "mistral-small-24b": ("mistral", {"hidden_size": 5120, "intermediate_size": 32768,
        "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "vocab_size": 131072, "sliding_window": None}),
    "smollm2-1.7b": ("llama", {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24,
        "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 49152,
        "tie_word_embeddings": True}),
    "smollm3-3b": ("smollm3", {"hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36,
        "num_attention_heads": 16, "num_key_value_heads": 4, "vocab_size": 128256, "pad_token_id": 0,
        "tie_word_embeddings": True}),
    "olmo-2-7b": ("olmo2", {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 100352}),
    "biomistral-7b": ("mistral", {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32000, "sliding_window": 4096}),
    "meditron-7b": ("llama", {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32017}),
}  # fmt: skip
"""Name of the base's recipe → architecture and what its config.json says of its geometry, as published."""


def computed(architecture: str, geometry: dict[str, Any]) -> dict[str, float]:
    """Return what the parts take, in GiB: the frozen model, the adapter with its optimiser, activations."""
    model = _empty(architecture, geometry)
    linear = sum(m.weight.numel() for name, m in _linear(model))
    every = sum(p.numel() for p in {id(p): p for p in model.parameters()}.values())
    adapter = sum(RANK * (m.in_features + m.out_features) for _, m in _linear(model))
    hidden, layers = geometry["hidden_size"], geometry["num_hidden_layers"]
    tokens = BATCH * LONGEST
    # Inputs of every layer are kept, one layer is computed again; half of the positions have scores: 16 bits
    # from the head, then log-probabilities, their gradient and the scores' in 32 bits at the same time.
    widest = max(m.out_features for _, m in _linear(model))
    kept = tokens * hidden * layers * 2 + tokens * (10 * hidden + 6 * widest) * 2
    scores = tokens // 2 * geometry["vocab_size"] * _SCORE_BYTES
    parts = {
        "model": (linear * 0.5 * 1.033 + (every - linear) * 2) / GIB,
        "adapter": adapter * (4 + 4 + 2) / GIB,
        "activations": (kept + scores) / GIB,
    }
    return {**parts, "total": sum(parts.values()), "parameters": every, "trainable": adapter}


def measured(architecture: str, geometry: dict[str, Any]) -> dict[str, Any]:
    """Return the peak of three steps on random weights, and the path that was taken."""
    from benchmarks.gpu_model import quantised
    from medner_assets.modeling.adapters import add_adapter
    from medner_assets.modeling.progress import StandardError
    from medner_assets.modeling.samples import Sample
    from medner_assets.modeling.training.backends import Adapted
    from medner_assets.modeling.training.equality import settle
    from medner_assets.modeling.training.optimizer import FlatParameters, flat_adamw
    from medner_assets.modeling.training.steps import Steps
    from medner_assets.recipes.settings import LoraRecipe

    device = torch.device("cuda")
    torch.manual_seed(0)
    model = quantised(_filled(architecture, geometry, device), KIND, device)
    model = add_adapter(model, LoraRecipe(rank=RANK))
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    chance = torch.Generator().manual_seed(1)
    samples = []
    for i in range(24):
        size = min(LONGEST, max(60, int(torch.randn(1, generator=chance).mul(0.4).exp() * 173)))
        ids = torch.randint(3, geometry["vocab_size"], (size,), generator=chance).tolist()
        samples.append(Sample(f"s{i}", ids[: size // 2], ids[size // 2 :], [1.0] * (size - size // 2)))
    from medner_assets.modeling.fused.layers import fuse

    layout = "packed" if fuse(model) else "padded"
    settled = settle(Adapted(model, layout, "peft"), samples, device=device, pad=0, cast=True,
                     log=StandardError())  # fmt: skip
    flat = FlatParameters(p for p in model.parameters() if p.requires_grad)
    steps = Steps(model, layout=settled.way.layout, way=settled.way.head, device=device, pad=0,
                  samples=1 if settled.way.alone else BATCH, log=StandardError(),
                  checkpointing="on", flat=flat)  # fmt: skip
    optimizer = flat_adamw(flat, "adamw_8bit", lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    model.train()
    longest = Sample("l", samples[0].prompt[:1] * 256, samples[0].prompt[:1] * 256, [1.0] * 256)
    for i in range(3):
        batch = [longest] * BATCH if i == 1 else samples[i * BATCH : (i + 1) * BATCH]
        with torch.autocast("cuda", KIND, enabled=settled.way.layout == "padded"):
            steps.train(model, batch)
        optimizer.step()
        optimizer.zero_grad()
    return {"peak_gib": torch.cuda.max_memory_allocated() / GIB, **settled.facts()}


def _config(architecture: str, geometry: dict[str, Any]) -> Any:
    from transformers import CONFIG_MAPPING

    return CONFIG_MAPPING[architecture](**{"max_position_embeddings": 8192, **geometry})


def _empty(architecture: str, geometry: dict[str, Any]) -> Any:
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(_config(architecture, geometry))
    model.tie_weights()
    return model


def _filled(architecture: str, geometry: dict[str, Any], device: torch.device) -> Any:
    from transformers import AutoModelForCausalLM

    before = torch.get_default_dtype()
    torch.set_default_dtype(KIND)
    try:
        with device:
            return AutoModelForCausalLM.from_config(
                _config(architecture, geometry), attn_implementation="sdpa"
            ).eval()
    finally:
        torch.set_default_dtype(before)


def _linear(model: Any) -> list[tuple[str, Any]]:
    from medner_assets.modeling.targets import linear_layers

    return list(linear_layers(model).items())


def page(known: dict[str, dict[str, Any]]) -> str:
    """Return the table of the shipped bases: what their recipes state, and these results.

    `shared_process` marks a peak that holds what bases measured before it in one process had left: an upper
    bound.
    """
    from medner_assets.recipes.loading import load_base_model

    lines = [
        "| Base | Hub | Licence | Gated | Computed, GiB | Measured, GiB | Asked for, GiB | Locked |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in sorted(GEOMETRIES):
        recipe, found = load_base_model(name), known[name]
        seen = found.get("measured", {})
        told = f"{seen['peak_gib']:.1f}" if "peak_gib" in seen else "–"
        lines.append(
            f"| `{name}` | {recipe.hub_id} | {recipe.licence} | {'yes' if recipe.gated else 'no'} | "
            f"{found['computed_gib']['total']:.1f} | {'≤ ' if seen.get('shared_process') else ''}{told} | "
            f"{recipe.minimum_gpu_gib:g} | {'yes' if recipe.revision else 'no'} |"
        )
    return "\n".join(lines)


def in_its_own_process(name: str) -> dict[str, Any]:
    """Return what `measured` says of one base; {"failed": reason} where it fails."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", name], capture_output=True, text=True, check=False
    )
    last = (done.stdout.splitlines() or [""])[-1]
    try:
        found: dict[str, Any] = json.loads(last)
    except ValueError:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return {"failed": reason[:300]}
    return found


def main() -> None:
    """Compute and, on a GPU, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--only", nargs="*", default=list(GEOMETRIES))
    parser.add_argument("--computed", action="store_true")
    parser.add_argument("--one", help="measure this base here and print the result as JSON")
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    if options.one:
        print(json.dumps({**measured(*GEOMETRIES[options.one]), "device": torch.cuda.get_device_name()}))
        return
    known = json.loads(options.output.read_text()) if options.output.is_file() else {}
    if options.page:
        text = options.page.read_text()
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        options.page.write_text(f"{before}{BEGIN}\n{page(known)}\n{END}{after}")
        return
    for name in options.only:
        known.setdefault(name, {})["computed_gib"] = computed(*GEOMETRIES[name])
        if torch.cuda.is_available() and not options.computed:
            known[name]["measured"] = in_its_own_process(name)
        total, found = known[name]["computed_gib"]["total"], known[name].get("measured", {})
        peak = found.get("peak_gib")
        told = f"{peak:.1f} GiB" if peak else found.get("failed", "-")
        print(f"{name:<18} computed {total:5.1f} GiB  measured {told}", flush=True)
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main()
