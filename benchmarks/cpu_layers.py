"""What each hand-written part wins on a CPU: a step of the embedded base with PyTorch in its place.

    python benchmarks/cpu_layers.py [--rounds 12]

LoRA on 16 synthetic notes of about 130 tokens, forward and backward pass, one thread, as each of the
processes that share a CPU has it. "layers": all of a decoder layer is transformers' and PEFT's. The other
ways leave medner's layers and take one part out. Every round runs all ways in turn; ratios are of the same
round, their median counts. Generation: a batch with the attention over a key-value cache that
`fused/decoding.py` has, and with PyTorch's. Seconds are the process's own on a CPU, so that others' work
counts little. Writes results/cpu_layers.json.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import torch.nn.functional as F

from benchmarks.base_speed import CPU, STEP, model_with_adapter, notes
from medner_assets import paths
from medner_assets.modeling.fused import attention, layers
from medner_assets.modeling.fused.decoding import use_grouped_attention
from medner_assets.modeling.fused.elementwise import _rotate
from medner_assets.modeling.fused.functions import functions
from medner_assets.modeling.fused.projections import Projection
from medner_assets.modeling.inference.decoding import generate_batches
from medner_assets.modeling.loading import load_base, load_tokenizer
from medner_assets.modeling.progress import Silence
from medner_assets.modeling.training import loss
from medner_assets.modeling.training.steps import Steps
from medner_assets.recipes.loading import load_base_model, load_version

RESULTS = Path(__file__).parent / "results" / "cpu_layers.json"


class Plain:
    """Stands where an autograd function does: autograd goes through what `apply` calls."""

    def __init__(self, apply: Callable[..., Any]) -> None:
        self.apply = apply


def linear(x: torch.Tensor, projections: tuple[Projection, ...], *adapters: Any) -> tuple[torch.Tensor, ...]:
    """Project as PEFT does."""
    outputs = []
    for each, down, up in zip(projections, adapters[::2], adapters[1::2], strict=True):
        y = F.linear(x, each.weight(x.dtype))
        if down is not None:
            y = y + F.linear(F.linear(x, down.to(x.dtype)), up.to(x.dtype)) * each.scale
        outputs.append(y)
    return tuple(outputs)


def in_one_piece(query: Any, key: Any, value: Any, samples: int, scale: float) -> torch.Tensor:
    """Attend by PyTorch's own kernel."""
    q, k, v = (each.view(samples, -1, *each.shape[1:]).transpose(1, 2) for each in (query, key, value))
    seen = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale, enable_gqa=True)
    return seen.transpose(1, 2).reshape(query.shape)


def without(name: str, apply: Callable[..., Any]) -> Callable[[], Any]:
    """Return what replaces one autograd function of the layers while it is entered."""
    own = {name: Plain(apply)}
    return lambda: mock.patch.object(layers, "functions", return_value=functions()._replace(**own))


def whole_loss(states: Any, head: Any, targets: Any, weights: Any, items: float) -> torch.Tensor:
    """Compute all logits at once."""
    return (F.cross_entropy(head(states).float(), targets, reduction="none") * weights).sum() / items


def last_layer(self: Any, hidden_states: Any, *, kept: Any = None, **others: Any) -> Any:
    """Compute the last layer on all tokens."""
    del kept
    return self.unfused_forward(hidden_states, **others)


WAYS: dict[str, Callable[[], Any]] = {
    "medner": nullcontext,
    "layers": nullcontext,
    "projections": without("linear", linear),
    "rotation": without("rotation", _rotate),
    "norm": without("norm", lambda x, weight, epsilon: F.rms_norm(x, weight.shape, weight, epsilon)),
    "attention in blocks": lambda: mock.patch.object(attention, "attention_in_blocks", in_one_piece),
    "loss in pieces": lambda: mock.patch.object(loss, "completion_loss", whole_loss),
}
"""What is taken out, and how."""


def training(samples: list, rounds: int) -> dict[str, Any]:
    """Return way → median seconds a step, its ratio to medner's of the same round, and its loss."""
    fused, plain = model_with_adapter(training=True), model_with_adapter(training=True)
    assert layers.fuse(fused)
    options: dict[str, Any] = {"device": CPU, "pad": 2, "samples": STEP, "log": Silence(), "tokens": 2048}
    steps = {True: Steps(fused, layout="aligned", **options), False: Steps(plain, layout="padded", **options)}
    last = [each for each in fused.modules() if type(each).__name__.endswith("DecoderLayer")][-1]
    short = last.forward
    seconds: dict[str, list[float]] = {name: [] for name in (*WAYS, "last layer on learned positions")}
    losses: dict[str, float] = {}
    for turn in range(rounds + 1):
        for name, taken in seconds.items():
            model = plain if name == "layers" else fused
            last.forward = last_layer.__get__(last) if name.startswith("last") else short
            with WAYS.get(name, nullcontext)():
                began = time.process_time()
                found = steps[model is fused].train(model, samples)
                taken += [time.process_time() - began] if turn else []  # the first round warms up
            losses[name] = float(found)
    return {
        name: {
            "seconds": statistics.median(taken),
            "medner is so many times as fast": statistics.median(
                a / b for a, b in zip(taken, seconds["medner"], strict=True)
            ),
            "loss": losses[name],
        }
        for name, taken in seconds.items()
    }


def generation(prompts: list[tuple[str, list[int]]], rounds: int) -> dict[str, Any]:
    """Return the same of a batch of completions of at most 64 tokens."""
    folder = paths.EMBEDDED_BASES / "medner-tiny"
    tokenizer = load_tokenizer(folder)
    models = [load_base(folder, load_base_model("medner-tiny"), CPU).eval() for _ in range(2)]
    use_grouped_attention(models[0])
    size = load_version("tiny-v2").decoding.batch_size
    seconds: list[list[float]] = [[], []]
    texts: list[list[str]] = [[], []]
    for turn in range(rounds + 1):
        for i, model in enumerate(models):
            began = time.process_time()
            done = generate_batches(model, tokenizer, prompts, batch_size=size, max_new_tokens=64)
            texts[i] = [each.completion for batch in done for each in batch]
            seconds[i] += [time.process_time() - began] if turn else []
    return {
        "seconds, medner and PyTorch's": [statistics.median(each) for each in seconds],
        "medner is so many times as fast": statistics.median(b / a for a, b in zip(*seconds, strict=True)),
        "share of the same texts": sum(a == b for a, b in zip(*texts, strict=True)) / len(prompts),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    before = os.getloadavg()
    samples = notes(2 * STEP)
    results = {
        "training": training(samples[:STEP], rounds),
        "generation, attention over the cache": generation(
            [(each.doc_id, each.prompt) for each in samples], max(2, rounds // 3)
        ),
        "rounds": rounds,
        "load of the machine before and after": [before[0], os.getloadavg()[0]],
    }
    print(json.dumps(results, indent=1))
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
