"""One training step's forward and backward pass, by medner's layers and by what could stand in their place.

    python benchmarks/gpu_kernels.py [--output FILE] [--limit 200] [--only PART …] [--tiny]

SmolLM2-135M in bfloat16 and Mistral-7B in NF4, random weights, LoRA rank 16 on all seven projections, one
packed row of 16 samples (about 3,000 tokens) again and again, or six of them in turn. Every way computes the
same loss, which is given. All but the first "plain" attend within samples by the same FlashAttention call as
medner's layers, and the 7B's have its matrices unpacked to bfloat16, as medner keeps them where memory allows
it: what is left is how the layers are computed. launched: kernel by kernel. captured: replayed as one CUDA
graph. compiled: each decoder layer by torch.compile, for one shape or, where there are six, for any.

Each part runs in a process of its own with a time-out, the most telling first; nothing begins after `--limit`
seconds. A line is written as soon as something is measured. `--tiny` tries the script on a CPU.
"""

import argparse
import json
import multiprocessing
import os
import signal
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any
from unittest import mock

# Without it, asking whether there is a GPU would keep the processes that are forked from having one.
os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
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
from medner_assets.modeling.adapters import add_adapter
from medner_assets.modeling.fused import elementwise, functions, layers
from medner_assets.modeling.fused.attention import _flash, packed_attention
from medner_assets.modeling.fused.layers import fuse, keep_unpacked
from medner_assets.modeling.inference.model import unpack_layers
from medner_assets.modeling.training.batching import PackedRow, pack
from medner_assets.modeling.training.loss import HeadInput, joined_loss, packed_loss
from medner_assets.modeling.training.optimizer import FlatParameters
from medner_assets.modeling.training.rounding import in_order_of_use, kept_rounded
from medner_assets.recipes.settings import LoraRecipe

RESULTS = Path(__file__).parent / "results" / "gpu_kernels.jsonl"
TFLOPS = 790e12
SIZES: dict[str, tuple[dict[str, Any], int]] = {
    "SmolLM2-135M": (SMOLLM2, SMOLLM2_PARAMETERS),
    "Mistral-7B": (GEOMETRY, PARAMETERS),
}
ATTENTION = "within_samples"
Step = Callable[[], torch.Tensor]
"""Leaves gradients on the adapter and returns the loss."""


class Trial:
    """A model and a row of one size. tiny: a small geometry on a CPU."""

    def __init__(self, size: str, *, tiny: bool, lengths: int) -> None:
        self.device = torch.device("cpu" if tiny else "cuda")
        self.kind = torch.float32 if tiny else torch.bfloat16
        shape, self.parameters = SIZES[size]
        self.shape, self.nf4 = SMALL if tiny else shape, size == "Mistral-7B"
        steps = [random_samples(4 if tiny else 16, seed=16 + i) for i in range(lengths)]
        self._rows = cycle([pack(samples, self.device) for samples in steps])
        self.items = sum(len(each.completion) for each in steps[0])
        self.tokens = sum(len(each) for samples in steps for each in samples) / lengths

    def row(self) -> PackedRow:
        """Return the row of the next step."""
        return next(self._rows)

    def base(self) -> Any:
        """Return the base as it is trained: the large one in NF4."""
        return random_mistral(self.device, self.shape, self.kind, nf4=self.nf4)

    def unpacked(self) -> Any:
        """Return the base with the matrices that products take, and attention within samples."""
        model = self.base()
        if self.nf4:
            unpack_layers(model, self.kind)
        model.set_attn_implementation(ATTENTION)
        return model

    def adapted(self, base: Any) -> Any:
        """Return the base with an adapter that changes something, the same for every way."""
        model = add_adapter(base, LoraRecipe()).train()
        chance = torch.Generator(self.device).manual_seed(5)
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.data.normal_(std=0.02, generator=chance)
        return model

    def autocast(self) -> AbstractContextManager[Any]:
        """Return what transformers' Trainer computes a step of such a model under."""
        return nullcontext() if self.device.type == "cpu" else torch.autocast("cuda", self.kind)

    def plain_step(self, model: Any, *, within: bool = True) -> Step:
        """Return the step of a model by transformers and PEFT. within: with the attention of `ATTENTION`."""
        head, trained = HeadInput(model), [p for p in model.parameters() if p.requires_grad]
        loss_of = packed_loss if within else partial(joined_loss, way="plain")

        def step() -> torch.Tensor:
            torch.compiler.cudagraph_mark_step_begin()
            for parameter in trained:
                parameter.grad = None
            with self.autocast():
                loss = loss_of(model, head, self.row(), self.items)
            loss.backward()
            return loss.detach()

        return step

    def medner_step(self) -> Step:
        """Return the step of medner's layers, the adapter flat and rounded once."""
        model = self.adapted(self.base())
        assert fuse(model)
        keep_unpacked(model, self.kind)
        head, flat = HeadInput(model), FlatParameters(in_order_of_use(model))
        rounded = kept_rounded(model, flat)

        def step() -> torch.Tensor:
            flat.zero()
            if rounded is not None:
                rounded.refresh()
            loss = packed_loss(model, head, self.row(), self.items)
            loss.backward()
            flat.gather()
            return loss.detach()

        return step


def within_samples(
    module: Any, query: Any, key: Any, value: Any, mask: Any, scaling: float, **others: Any
) -> tuple[torch.Tensor, None]:
    """Attend within the samples of a row by the call of medner's layers, as transformers asks for it."""
    del module, mask
    states = [each[0].transpose(0, 1) for each in (query, key, value)]
    attend = (
        _flash if query.is_cuda else packed_attention
    )  # a compiler stumbles over the choice in the latter
    return attend(*states, others["boundaries"], others["longest"], scaling)[None], None


def captured(step: Step) -> Step:
    """Return `step`, which ran before, as one CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        loss = step()

    def replay() -> torch.Tensor:
        graph.replay()
        return loss

    return replay


def in_layers(model: Any, mode: str, *, dynamic: bool | None) -> Any:
    """Compile each decoder layer; the first one's code serves all.

    dynamic: None: for rows of any length, from the second length on.
    """
    for layer in model.get_base_model().model.layers:
        layer.compile(mode=mode, dynamic=dynamic)
    return model


def with_liger(base: Any) -> Any:
    """Put Liger's rotation, SwiGLU and norm into a base; the loss is computed as for the others."""
    from liger_kernel.transformers import apply_liger_kernel_to_mistral

    apply_liger_kernel_to_mistral(fused_linear_cross_entropy=False, model=base)
    return base


def plain_elementwise() -> None:
    """Let medner's layers compute rotation and SwiGLU by PyTorch's own operations, one after the other."""

    class FeedForward:
        @staticmethod
        def apply(x: torch.Tensor, projections: Any, *_: Any) -> torch.Tensor:
            return layers.by_autograd(x, projections)

    own = functions.functions()._replace(feed_forward=FeedForward)
    mock.patch.object(functions, "rotate", elementwise._rotate).start()
    mock.patch.object(layers, "functions", return_value=own).start()


def medner(trial: Trial) -> Step:
    return trial.medner_step()


def medner_plain_elementwise(trial: Trial) -> Step:
    plain_elementwise()
    return trial.medner_step()


def plain(trial: Trial) -> Step:
    return trial.plain_step(trial.adapted(trial.base()), within=False)


def plain_within(trial: Trial) -> Step:
    return trial.plain_step(trial.adapted(trial.unpacked()))


def liger(trial: Trial) -> Step:
    return trial.plain_step(trial.adapted(with_liger(trial.unpacked())))


def compiled(trial: Trial, mode: str = "default", *, dynamic: bool | None = False) -> Step:
    return trial.plain_step(in_layers(trial.adapted(trial.unpacked()), mode, dynamic=dynamic))


WAYS: dict[str, tuple[Callable[[Trial], Step], int]] = {
    "medner": (medner, 40),
    "plain, attention within samples": (plain_within, 40),
    "Liger": (liger, 40),
    "compiled": (compiled, 80),
    "medner, plain elementwise": (medner_plain_elementwise, 40),
    "plain": (plain, 40),
    "compiled, reduce-overhead": (partial(compiled, mode="reduce-overhead"), 80),
    "medner, rows of six lengths": (medner, 40),
    "compiled, rows of six lengths": (partial(compiled, dynamic=None), 80),
}
"""How a step is computed, and after how many seconds its process is ended."""
NOT_CAPTURED = ("plain", "compiled, reduce-overhead")
LENGTHS = 6
"""Of rows where they differ, as in training; "rows of six lengths" takes them in turn."""
PARTS = [
    *(("SmolLM2-135M", way) for way in list(WAYS)[:4]),
    *(("Mistral-7B", way) for way in list(WAYS)[:6]),
    *(("Mistral-7B", way) for way in list(WAYS)[7:]),
    *(("SmolLM2-135M", way) for way in list(WAYS)[4:]),
]


def timed(trial: Trial, step: Step, *, warm: int, steps: int) -> dict[str, Any]:
    """Return seconds a step (mean), the loss of the next one and the memory that it took."""
    on_gpu = trial.device.type == "cuda"

    def once() -> float:
        began = time.perf_counter()
        step()
        if on_gpu:
            torch.cuda.synchronize()
        return time.perf_counter() - began

    first = [once() for _ in range(warm)]
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    seconds, tokens = statistics.mean(once() for _ in range(steps)), trial.tokens
    return {
        "seconds_a_step": seconds,
        "first_step": first[0] if first else None,
        "tokens": tokens,
        "peak_flops_share": 4 * trial.parameters * tokens / seconds / TFLOPS,
        "loss": float(step()),
        "peak_gib": torch.cuda.max_memory_allocated() / 2**30 if on_gpu else None,
    }


def measure(size: str, way: str, tiny: bool, output: Path) -> None:
    """Measure one part and append a line for each that is measured."""
    began = time.perf_counter()
    register(within_samples)
    several = way.endswith("lengths")
    trial = Trial(size, tiny=tiny, lengths=LENGTHS if several else 1)
    step = WAYS[way][0](trial)

    def row(kind: str, step: Step, warm: int) -> None:
        found = {
            "size": size,
            "way": way,
            "kind": kind,
            **timed(trial, step, warm=warm, steps=3 if tiny else 9),
        }
        if way.startswith("compiled"):
            counted = torch._dynamo.utils.counters
            breaks = sum(counted["graph_break"].values())
            found |= {"graphs": counted["stats"].get("unique_graphs"), "graph_breaks": breaks}
        found["seconds_of_the_part"] = time.perf_counter() - began
        written(found, output)

    try:
        row("launched", step, LENGTHS if several else 3)
    except Exception:
        if not way.startswith("compiled"):
            raise
        traceback.print_exc()
        torch._dynamo.reset()
        register(torch._dynamo.disable(within_samples))  # the compiler cannot look into the attention's call
        row("launched, attention not compiled", step, LENGTHS if several else 3)
    # The 7B keeps the GPU busy as it is; nothing may follow a capture that failed.
    if not tiny and size == "SmolLM2-135M" and way not in NOT_CAPTURED and not several:
        row("captured", captured(step), 2)


def register(attention: Any) -> None:
    """Let transformers know an attention by the name `ATTENTION`."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(ATTENTION, attention)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)


def _take_gpu(size: str, way: str, output: Path) -> None:
    """Take the GPU; where something took it before the fork, begin as a process of its own."""
    try:
        torch.cuda.init()
    except RuntimeError:
        here = str(Path(__file__).resolve())
        os.execv(sys.executable, [sys.executable, here, "--output", str(output), "--part", size, way])


def written(found: dict[str, Any], output: Path) -> None:
    """Append a line to the output and print it."""
    line = json.dumps(found)
    with output.open("a", encoding="utf-8") as out:
        out.write(line + "\n")
    print(line, flush=True)


def in_a_process(size: str, way: str, tiny: bool, output: Path, seconds: float) -> str | None:
    """Measure a part in a process of its own; return why not all of it was measured, or None."""

    def child() -> None:
        os.setsid()
        if not tiny:
            _take_gpu(size, way, output)
        measure(size, way, tiny, output)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
        return f"ended after {seconds:.0f} s"
    return f"exit code {process.exitcode}" if process.exitcode else None


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--output", type=Path, default=RESULTS, help="JSON lines")
    options.add_argument("--limit", type=float, default=200.0)
    options.add_argument("--only", nargs="*", default=(), help="ways, or sizes")
    options.add_argument("--tiny", action="store_true")
    options.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.part:
        measure(*given.part, tiny=False, output=given.output)
        return
    given.output.unlink(missing_ok=True)
    began = time.monotonic()
    import peft  # noqa: F401 # once, for all that are forked
    from transformers import MistralForCausalLM  # noqa: F401

    for size, way in PARTS:
        if given.only and not {size, way} & set(given.only):
            continue
        if given.tiny and way == "Liger":
            continue
        left = given.limit - (time.monotonic() - began)
        said = (
            in_a_process(size, way, given.tiny, given.output, WAYS[way][1])
            if left > 0
            else f"not begun after {given.limit:.0f} s"
        )
        if said is not None:
            written({"size": size, "way": way, "not measured": said}, given.output)


if __name__ == "__main__":
    main()
