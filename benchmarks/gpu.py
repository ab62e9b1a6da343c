"""Training and generation of a random Mistral-7B in NF4 on a GPU, side by side with the naive path, in one
run.

    python benchmarks/gpu.py [--output benchmarks/results/gpu.json] [--seconds 280] [--only PART …]
    python benchmarks/gpu.py --two-gpus-alone

Speed, memory, shapes and file sizes are those of the real model: its geometry is the same. Nothing is said of
quality. Where two GPUs are visible, both are measured against one. `--seconds` leaves out what would begin
later; what was left out is named in the result. `--two-gpus-alone` measures that part and adds it, with its
date, to the result that is there. Without a GPU a tiny geometry runs, to try the script.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch

from benchmarks.gpu_model import (
    GEOMETRY,
    PARAMETERS,
    SMALL,
    SMOLLM2,
    SMOLLM2_PARAMETERS,
    random_mistral,
    random_samples,
)
from benchmarks.gpu_naive import naive_adapter, naive_generation, naive_training
from medner_assets.modeling.adapters import add_adapter, save_adapter
from medner_assets.modeling.fused.decoding import use_grouped_attention
from medner_assets.modeling.fused.layers import fuse, keep_unpacked
from medner_assets.modeling.inference import stepping
from medner_assets.modeling.inference.decoding import generate_batches
from medner_assets.modeling.inference.model import unpack_layers
from medner_assets.modeling.memory import release
from medner_assets.modeling.progress import StandardError
from medner_assets.modeling.training.backends import SharedBase
from medner_assets.modeling.training.batching import StepOrder
from medner_assets.modeling.training.distributed import ranks, visible_gpus
from medner_assets.modeling.training.optimizer import FlatParameters
from medner_assets.modeling.training.rounding import in_order_of_use
from medner_assets.modeling.training.steps import Layout, Steps
from medner_assets.modeling.training.trainer import Training, make_trainer, training_arguments
from medner_assets.modeling.training.turns import PassOn, Turns
from medner_assets.modeling.training.watch import log_rows
from medner_assets.recipes.settings import LoraRecipe, TrainingRecipe

TFLOPS = 790e12
"""Measured on this card with a large bf16 product on random data."""
GPUS = visible_gpus()
CUDA = bool(GPUS)
DEVICE = torch.device("cuda" if CUDA else "cpu")
KIND = torch.bfloat16 if CUDA else torch.float32
SHAPE = GEOMETRY if CUDA else SMALL


class Run:
    """What was measured so far; each part is kept although a later one fails."""

    def __init__(self, output: Path, seconds: float, only: Sequence[str] = ()) -> None:
        """seconds: nothing begins later. only: names of parts; (): all."""
        self._began, self._limit, self._output = time.monotonic(), seconds, output
        self._only = only
        self.result: dict[str, Any] = {"rows": {}, "left_out": {}}

    def part(self, name: str, measure: Callable[[], dict[str, Any]]) -> None:
        """Measure one part and write the result file."""
        at = time.monotonic() - self._began
        if self._only and name not in self._only:
            self.result["left_out"][name] = "not asked for"
            return
        if at > self._limit:
            self.result["left_out"][name] = f"{at:.0f} s had gone"
            return
        try:
            self.result["rows"][name] = measure()
        except Exception as error:  # noqa: BLE001 # what was measured before must not be lost
            traceback.print_exc()
            self.result["left_out"][name] = f"{type(error).__name__}: {error}"[:300]
        if CUDA:
            release()
        took = time.monotonic() - self._began - at
        print(f"[{at:5.0f} s] {name}: {self.result['rows'].get(name, 'failed')} ({took:.0f} s)", flush=True)
        self._output.parent.mkdir(parents=True, exist_ok=True)
        self._output.write_text(json.dumps(self.result, indent=2) + "\n")


def training(
    model: Any,
    batch: int,
    steps: int,
    *,
    warm: int,
    checkpointing: str = "auto",
    layout: Layout = "packed",
    optimizer: str = "adamw_8bit" if CUDA else "adamw_torch",
    parameters: int = PARAMETERS,
    pass_on: PassOn | None = None,
) -> dict[str, Any]:
    """Train by medner's own trainer; return what the naive path returns, and what the probe chose."""
    samples = random_samples(batch * steps, seed=batch)
    recipe = TrainingRecipe(
        epochs=1, batch_size=batch, gradient_accumulation=1, warmup_steps=0, optimizer=optimizer,
        gradient_checkpointing=checkpointing,
    )  # fmt: skip
    flat = FlatParameters(in_order_of_use(model)) if CUDA else None
    with tempfile.TemporaryDirectory() as folder:
        arguments = training_arguments(recipe, 1, 1.0, Path(folder), cuda=CUDA, bfloat16=layout == "padded")
        arguments.save_strategy = arguments.eval_strategy = "no"
        runner = Steps(
            model, layout=layout, device=DEVICE, pad=0, samples=batch, log=StandardError(),
            checkpointing=checkpointing, flat=flat,
        )  # fmt: skip
        runner.fit(samples, batch)
        order = StepOrder([len(each) for each in samples], batch, 1, by_length=layout == "padded")
        runner.plan([samples[i] for i in step] for step in order.of(0))
        training = Training(
            recipe, samples, samples[:1], runner, order, "benchmark", StandardError(), flat=flat,
            pass_on=pass_on,
        )  # fmt: skip
        trainer = make_trainer(model, arguments, training)
        trainer.train()
        runner.close()
    at = [row["seconds"] for row in log_rows(trainer.state.log_history) if row["kind"] == "train"]
    steps_taken = [b - a for a, b in pairwise(at[warm - 1 :])]
    taken, tokens = statistics.median(steps_taken), sum(map(len, samples)) / steps
    return {
        "samples_a_step": batch,
        "seconds_a_step": taken,
        "mean_seconds_a_step": statistics.mean(steps_taken),
        "tokens_a_second": tokens / taken,
        "peak_flops_share": 4 * parameters * tokens / taken / TFLOPS,
        "peak_gib": torch.cuda.max_memory_allocated() / 2**30 if CUDA else 0.0,
        "micro_batch_tokens": runner.tokens,
        "checkpointing": runner.checkpointing,
    }


def small_model(run: Run) -> None:
    """Measure SmolLM2-135M's geometry in bfloat16: the naive path, one training, five side by side."""
    shape, count = (SMOLLM2, 160) if CUDA else (SMALL, 4)
    run.part(
        "small, naive training",
        lambda: naive_training(
            naive_adapter(random_mistral(DEVICE, shape, KIND, nf4=False), kbit=False),
            random_samples(16 * 14, seed=16), 14, cuda=CUDA, kbit=False,
        ),
    )  # fmt: skip
    shared = SharedBase()

    def one(pass_on: PassOn | None = None) -> dict[str, Any]:
        base = shared.twin(lambda: random_mistral(DEVICE, shape, KIND, nf4=False))
        model = add_adapter(base, LoraRecipe())
        assert fuse(model)
        settings: dict[str, Any] = {"optimizer": "adamw_torch", "parameters": SMOLLM2_PARAMETERS}
        return training(model, 16, count, warm=count // 2, **settings, pass_on=pass_on)

    def five() -> dict[str, Any]:
        turns, found = Turns(DEVICE), list[dict[str, Any]]()
        raised = turns.run([lambda: found.append(one(turns.pass_on))] * 5, at_once=5, streams=True)
        failures = [error for error in raised if error is not None]
        if failures:
            raise failures[0]
        # Steps of each while all are under way: the time of a round of five.
        return {"seconds_a_round": statistics.median(each["mean_seconds_a_step"] for each in found)}

    run.part("small, medner, 16 samples", one)
    run.part("small, five replicates side by side", five)


def files(model: Any) -> dict[str, Any]:
    """Return trainable parameters and file sizes of the model's adapter."""
    sizes = {}
    for kind in ("fp32", "bf16"):
        with tempfile.TemporaryDirectory() as folder:
            save_adapter(model, Path(folder), {}, [], kind)
            sizes[kind] = (Path(folder) / "adapter_model.safetensors").stat().st_size
    return {"trainable": model.get_nb_trainable_parameters()[0], "bytes": sizes}


def generation(model: Any, prompts: list, tokens: int) -> dict[str, Any]:
    """Return seconds a completion of medner's batches over all prompts."""

    class Tokenizer:
        eos_token_id, pad_token_id, name_or_path = -1, 0, ""

        def __call__(self, text: str, **_: Any) -> dict[str, list[int]]:
            return {"input_ids": [ord(each) for each in text]}

        @staticmethod
        def decode(ids: list[int], **_: Any) -> str:
            return "x" * len(ids)

    seconds = []
    for _ in range(2):  # the first one loads kernels, which the naive path's median leaves out as well
        began = time.monotonic()
        batches = list(
            generate_batches(model, Tokenizer(), prompts, batch_size=32, max_new_tokens=tokens, say=print)
        )
        seconds.append(time.monotonic() - began)
    done = [each for batch in batches for each in batch]
    assert sum(each.completion_tokens for each in done) == tokens * len(prompts)
    return {
        "first_seconds": seconds[0],
        "seconds": seconds[1],
        "seconds_a_completion": seconds[1] / len(done),
        "batches": [len(b) for b in batches],
    }


def small_model_in_fp32() -> dict[str, Any]:
    """Return the relative difference of the packed, fused loss to the loss sample by sample, and with
    bf16."""
    from medner_assets.modeling.training.batching import pack
    from medner_assets.modeling.training.loss import HeadInput, packed_loss

    samples = random_samples(12, seed=3)
    items = sum(len(each.completion) for each in samples)
    found = {}
    for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        model = add_adapter(random_mistral(DEVICE, SMALL, kind, nf4=CUDA), LoraRecipe())
        torch.manual_seed(5)
        for key, parameter in model.named_parameters():
            if "lora_B" in key:
                parameter.data.normal_(std=0.05)
        total = 0.0
        for each in samples:
            ids = torch.tensor([each.prompt + each.completion], device=DEVICE)
            with torch.no_grad():
                logits = model(input_ids=ids, use_cache=False).logits[0, len(each.prompt) - 1 : -1].float()
            total += float(
                torch.nn.functional.cross_entropy(logits, ids[0, len(each.prompt) :], reduction="sum")
            )
        fuse(model)
        with torch.no_grad():
            packed = float(packed_loss(model, HeadInput(model), pack(samples, DEVICE), items))
        found[name] = abs(packed - total / items) / (total / items)
    return found


def main() -> None:
    """Read the options and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "gpu.json")
    options.add_argument("--seconds", type=float, default=280.0)
    options.add_argument("--two-gpus-alone", action="store_true")
    options.add_argument("--only", nargs="*", default=(), help="names of the parts to measure")
    chosen = options.parse_args()
    if chosen.two_gpus_alone:
        add_two_gpus(chosen.output)
        return
    with ranks("auto"):  # from here on one GPU is visible
        measure(Run(chosen.output, chosen.seconds, chosen.only), chosen.output)


def measure(run: Run, output: Path) -> None:
    """Measure everything, print and write."""
    run.result |= {
        "date": datetime.now(UTC).date().isoformat(),
        "gpus_visible": len(GPUS),
        "card": torch.cuda.get_device_name() if CUDA else f"{platform.machine()} CPU",
        "versions": {
            name: version(name) for name in ("torch", "transformers", "peft", "bitsandbytes", "accelerate")
        },
    }
    run.part("loss difference, small model", small_model_in_fp32)
    small_model(run)
    one_gpu(run)
    if CUDA:
        release()
    if CUDA and importlib.util.find_spec("unsloth") is not None:
        run.part("unsloth, 16 samples", unsloth_training)
    if len(GPUS) > 1:
        run.part("two GPUs", two_gpus)
    run.result |= headline(run.result["rows"])
    output.write_text(json.dumps(run.result, indent=2) + "\n")
    print(json.dumps({key: value for key, value in run.result.items() if key != "rows"}, indent=1))
    if run.result["left_out"]:
        sys.exit("some parts were not measured, see left_out")


def one_gpu(run: Run) -> None:
    """Measure medner's path, then the naive one on the same base."""
    base = random_mistral(DEVICE, SHAPE, KIND, nf4=CUDA)
    model = add_adapter(base, LoraRecipe())
    assert fuse(model)
    keep_unpacked(model, KIND)
    run.part("medner, 16 samples", lambda: training(model, 16, 30 if CUDA else 4, warm=8 if CUDA else 1))
    run.part("medner, largest batch", lambda: training(model, 144 if CUDA else 4, 7 if CUDA else 3, warm=2))
    run.part("adapter, rank 16", lambda: files(model))
    for module in model.modules():
        for each in getattr(module, "fused_projections", ()):
            each.unpacked = None
    run.part("medner, 16 samples, unpacked at each use", lambda: training(model, 16, 12, warm=4))
    run.part("medner, 16 samples, in 16 GB", lambda: in_16_gb(model))
    base = model.unload()
    for module in base.modules():
        if hasattr(module, "unfused_forward"):
            module.forward = module.unfused_forward
    naive = naive_adapter(base)
    prompts = [(each.doc_id, each.prompt) for each in random_samples(500 if CUDA else 6, seed=7)]
    new = 96 if CUDA else 8
    naive.gradient_checkpointing_disable()
    run.part(
        "naive generation",
        lambda: {"seconds_a_completion": naive_generation(naive, prompts[:: len(prompts) // 3][:3], new)},
    )
    naive.gradient_checkpointing_enable()
    naive.train()
    run.part("naive training", lambda: naive_training(naive, random_samples(16 * 14, seed=16), 14, cuda=CUDA))
    base = naive.unload().to(KIND) if not CUDA else naive.unload()
    for parameter in base.parameters():
        if parameter.dtype == torch.float32:
            parameter.data = parameter.data.to(KIND)
    base.gradient_checkpointing_disable()
    unpack_layers(base, KIND)
    base = add_adapter(base, LoraRecipe()).merge_and_unload()
    use_grouped_attention(base)
    run.part("medner generation", lambda: generation(base.eval(), prompts, new))
    with mock.patch.object(stepping, "_AT_ONCE", 2**40):
        run.part("medner generation, prompts read in one pass", lambda: generation(base.eval(), prompts, new))
    run.part("adapter, rank 32", lambda: files(add_adapter(base, LoraRecipe(rank=32, alpha=32))))


def in_16_gb(model: Any) -> dict[str, Any]:
    """Train the reference's setting with 16 GB (10⁹ bytes each) of the card's memory and no more."""
    if not CUDA:
        return {}
    release()
    torch.cuda.set_per_process_memory_fraction(16e9 / torch.cuda.get_device_properties(0).total_memory)
    try:
        return training(model, 16, 10, warm=3)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def unsloth_training() -> dict[str, Any]:
    """Return what `gpu_unsloth.py` measured, in a process of its own: unsloth replaces parts of other
    libraries."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "row.json"
        script = str(Path(__file__).parent / "gpu_unsloth.py")
        subprocess.run([sys.executable, script, str(out)], check=True, timeout=240)
        row: dict[str, Any] = json.loads(out.read_text())
    return row


def two_gpus() -> dict[str, Any]:
    """Return the rows of `gpu_ranks.py` with their speed-up and the largest difference of a loss."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.json"
        script = str(Path(__file__).parent / "gpu_ranks.py")
        command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", script, str(out)]
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ",".join(GPUS[:2])}
        subprocess.run([sys.executable, *command], check=True, timeout=400, env=environment)
        rows = json.loads(out.read_text())
    for row in rows:
        row["speedup"] = row["seconds_a_step_1"] / row["seconds_a_step_2"]
        pairs = zip(row.pop("losses_1"), row.pop("losses_2"), strict=True)
        row["largest_loss_difference"] = max(abs(a - b) for a, b in pairs)
    return {"rows": rows}


def add_two_gpus(output: Path) -> None:
    """Measure two GPUs against one and add that to the result at `output`."""
    result: dict[str, Any] = json.loads(output.read_text())
    result["rows"]["two GPUs"] = two_gpus() | {"date": datetime.now(UTC).date().isoformat()}
    result |= headline(result["rows"])
    output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result["rows"]["two GPUs"], indent=1))


def headline(rows: dict[str, Any]) -> dict[str, Any]:
    """Return the figures at the top of the result; those that were left out are missing."""

    def of(name: str, key: str) -> float | None:
        return rows.get(name, {}).get(key)

    def ratio(above: float | None, below: float | None) -> float | None:
        return above / below if above and below else None

    two = rows.get("two GPUs", {}).get("rows", [])
    return {
        "train_speedup": ratio(
            of("medner, 16 samples", "tokens_a_second"), of("naive training", "tokens_a_second")
        ),
        "peak_flops_share": of("medner, largest batch", "peak_flops_share"),
        "small_train_speedup": ratio(
            of("small, medner, 16 samples", "tokens_a_second"), of("small, naive training", "tokens_a_second")
        ),
        "small_peak_flops_share": of("small, medner, 16 samples", "peak_flops_share"),
        "five_replicates_to_one": ratio(
            of("small, five replicates side by side", "seconds_a_round"),
            of("small, medner, 16 samples", "mean_seconds_a_step"),
        ),
        "generate_speedup": ratio(
            of("naive generation", "seconds_a_completion"), of("medner generation", "seconds_a_completion")
        ),
        "unsloth_train_speedup": ratio(
            of("unsloth, 16 samples", "tokens_a_second"), of("naive training", "tokens_a_second")
        ),
        "two_gpu_speedup": max((row["speedup"] for row in two if "Mistral" in row["model"]), default=None),
        "trainable_rank_16": of("adapter, rank 16", "trainable"),
        "trainable_rank_32": of("adapter, rank 32", "trainable"),
    }


if __name__ == "__main__":
    main()
