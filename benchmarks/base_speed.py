"""How fast the embedded base is tuned and how fast it writes, against the plain way, in one run; ratios.

    python benchmarks/base_speed.py [--samples 96]

Training: LoRA on synthetic notes of about 130 tokens. Plain: float32, batches in file order padded to their
longest sample, logits of every position, all cores in one process. medner: what `medner train` does on this
CPU, with the processes that share the cores. Both take turns over the same samples; the least time of each
counts. Generation: documents in one batch against one by one.
Writes results/base_speed.json.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from medner_assets import paths
from medner_assets.corpus.synthetic.generator import generate
from medner_assets.modeling.adapters import add_adapter
from medner_assets.modeling.fused.decoding import use_grouped_attention
from medner_assets.modeling.fused.layers import fuse
from medner_assets.modeling.inference.decoding import generate_batches
from medner_assets.modeling.loading import fast_bfloat16, load_base, load_tokenizer
from medner_assets.modeling.progress import Silence
from medner_assets.modeling.samples import Encoder, Sample, build_samples
from medner_assets.modeling.training.batching import IGNORED, collate
from medner_assets.modeling.training.distributed import Ranks
from medner_assets.modeling.training.forking import MOST, forked
from medner_assets.modeling.training.steps import Steps
from medner_assets.recipes.loading import load_base_model, load_dataset, load_version

RESULTS = Path(__file__).parent / "results" / "base_speed.json"
CPU = torch.device("cpu")
STEP = 16
"""Samples an optimiser step, as in `tiny-v2`."""


def model_with_adapter(*, training: bool) -> Any:
    torch.manual_seed(0)
    folder = paths.EMBEDDED_BASES / "medner-tiny"
    base = load_base(folder, load_base_model("medner-tiny"), CPU, training=training)
    return add_adapter(base, load_version("tiny-v2").lora).train()


def notes(count: int) -> list[Sample]:
    """Return synthetic notes as training has them."""
    source = load_dataset("synthetic-small").source
    documents = [d for d in generate(source) if d.split == "train"]  # type: ignore[arg-type] # synthetic
    types = sorted({e.type for d in documents for e in d.entities})
    relations = sorted({r.type for d in documents for r in d.relations})
    tokenizer = load_tokenizer(paths.EMBEDDED_BASES / "medner-tiny")
    encoder = Encoder(tokenizer, "compact", types, relations)
    drawn = random.Random(1).sample(documents, count)
    return list(build_samples(drawn, encoder, max_tokens=512).samples)


def plain_step(model: Any, samples: list[Sample]) -> None:
    for i in range(0, STEP, 8):
        batch = collate(samples[i : i + 8], pad=2)
        ids, labels = batch["input_ids"], batch["labels"]
        mask = (
            torch.arange(ids.shape[1]) < torch.tensor([len(s) for s in samples[i : i + 8]])[:, None]
        ).long()
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        losses = F.cross_entropy(
            logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED, reduction="sum"
        )
        (losses / sum(len(s.completion) for s in samples)).backward()


def timed_training(samples: list[Sample], repetitions: int, crew: Ranks, threads: int) -> dict[str, float]:
    """Return way → samples a second. All processes of `crew` call it; the first also runs the plain way.

    threads: of the plain way.
    """
    model, share = model_with_adapter(training=True), torch.get_num_threads()
    assert fuse(model)
    steps = Steps(
        model, layout="aligned", device=CPU, pad=2, samples=STEP, log=Silence(), ranks=crew,
        tokens=4096 // crew.size,
    )  # fmt: skip
    plain = model_with_adapter(training=False) if crew.first else None
    least = {"plain": float("inf"), "medner": float("inf")}

    def timed(name: str, model: Any, order: list[Sample], step: Callable[[list[Sample]], None]) -> None:
        parameters = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(parameters, lr=1e-3, fused=name == "medner")
        began = time.perf_counter()
        for i in range(0, len(order), STEP):
            step(order[i : i + STEP])
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        least[name] = min(least[name], time.perf_counter() - began)

    for _ in range(repetitions):
        if plain is not None:
            torch.set_num_threads(threads)
            timed("plain", plain, samples, lambda batch: plain_step(plain, batch))
            torch.set_num_threads(share)
        crew.least(0, CPU)  # the others wait for the first
        timed("medner", model, sorted(samples, key=len), lambda batch: steps.train(model, batch))
    return {name: len(samples) / seconds for name, seconds in least.items()}


def timed_generation(prompts: list[tuple[str, list[int]]]) -> dict[str, float]:
    """Return way → documents a second; the base as it is, at most 96 new tokens."""
    folder = paths.EMBEDDED_BASES / "medner-tiny"
    model, tokenizer = load_base(folder, load_base_model("medner-tiny"), CPU).eval(), load_tokenizer(folder)
    speeds = {}
    for name, size in (("one by one", 1), ("medner", load_version("tiny-v2").decoding.batch_size)):
        if size > 1:
            use_grouped_attention(model)
        began = time.perf_counter()
        for _ in generate_batches(model, tokenizer, prompts, batch_size=size, max_new_tokens=96):
            pass
        speeds[name] = len(prompts) / (time.perf_counter() - began)
    return speeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=96)
    count = parser.parse_args().samples // STEP * STEP
    samples = notes(count)
    threads = torch.get_num_threads()
    processes = max(1, min(threads, MOST))
    with tempfile.TemporaryDirectory() as folder, forked(processes, Path(folder), Silence()) as crew:
        training = timed_training(samples, 6, crew, threads)
    torch.set_num_threads(threads)
    generation = timed_generation([(s.doc_id, s.prompt) for s in samples])
    results = {
        "tokens a sample": sum(map(len, samples)) / len(samples),
        "training, samples a second": training,
        "training, medner against plain": training["medner"] / training["plain"],
        "generation, documents a second": generation,
        "generation, medner against one by one": generation["medner"] / generation["one by one"],
        "bfloat16 products": fast_bfloat16(CPU),
        "threads": threads,
        "processes that train": processes,
    }
    print(json.dumps(results, indent=1))
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
