"""Every figure of the README's results is computed here from the file that a benchmark wrote.

A figure that no file holds must be one of a published system or a setting, named below; any other fails.
"""

import json
import re
import struct
from collections.abc import Iterator
from typing import Any

from medner_assets.paths import EMBEDDED_BASES, PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
RESULTS = README.partition("## Results")[2].partition("\n## ")[0]

CITED = {
    "SpERT reports 89.3 and 79.2 (Eberts and Ulges, 2020)",
    "REBEL 82.2 for relations (Huguet Cabot and Navigli, 2021)",
}
"""Figures of others, with their source."""

SETTINGS = {
    "rank 16",
    "rank 32",
    "3 epochs",
    "7 epochs",
    "95 %",
    "100 million",
    "SmolLM2-135M",
    "BC5CDR",
    "H200",
    "4-bit",
    "7B",
    "NF4",
    "F1",
}
"""Numbers that are no measurement."""


def results(name: str) -> Any:
    return json.loads((PROJECT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))


def score(runs: list[dict[str, Any]], task: str) -> str:
    """Return the cell of one task: the mean of the trainings, and the range of their intervals, in %."""
    mean = 100 * sum(run[task]["f1"] for run in runs) / len(runs)
    low = 100 * min(run[task]["f1_low"] for run in runs)
    high = 100 * max(run[task]["f1_high"] for run in runs)
    return f"{mean:.1f} ({low:.1f}–{high:.1f})"


def base_rows() -> Iterator[str]:
    runs = results("base")["runs"]
    names = {
        "ade-r16": "ADE, rank 16, 3 epochs",
        "ade-r32": "ADE, rank 32, 7 epochs",
        "bc5cdr-r32": "BC5CDR, rank 32, 7 epochs",
        "biored-r32": "BioRED, rank 32, 7 epochs",
        "small-ade-v2": "SmolLM2-135M on ADE, rank 32, 7 epochs",
        "small-bc5cdr": "SmolLM2-135M on BC5CDR, rank 32, 7 epochs",
    }
    for key, name in names.items():
        assert len(runs[key]) == 3
        yield f"| {name} | {score(runs[key], 'entity')} | {score(runs[key], 'relation')} |"


def gpu_rows() -> Iterator[str]:
    gpu = results("gpu")
    rows, used = gpu["rows"], gpu["versions"]
    small = rows["medner, 16 samples, in 16 GB"]
    written = results("gpu_500")["rows"]
    one, batch = written["naive generation"], written["medner generation"]
    training = results("gpu_training")
    trained = training["second run"]["benchmarks/gpu.py"]["rows"]
    yield trained_row("Mistral-7B", trained["naive training"], trained["medner, 16 samples"])
    yield f"| the same within 16 GB | | {small['seconds_a_step']:.2f} s, {small['peak_gib']:.1f} GiB |"
    largest = trained["medner, largest batch"]
    yield (
        f"| share of 790 TFLOP/s, {largest['samples_a_step']} samples a step | | "
        f"{100 * largest['peak_flops_share']:.0f} % |"
    )
    other = training["first run"]["seconds a step"]["SmolLM2-135M"]
    row = trained_row("SmolLM2-135M", trained["small, naive training"], trained["small, medner, 16 samples"])
    yield row.removesuffix("|") + (
        f"({other['transformers + peft'] / other['medner, replayed']:.0f}× on another host) |"
    )
    (size,) = batch["batches"]
    yield (
        f"| Mistral-7B, {size} completions of 96 tokens | "
        f"{one['seconds_a_completion']:.2f} s each, one by one | "
        f"{batch['seconds_a_completion']:.4f} s each, in one batch: "
        f"**{one['seconds_a_completion'] / batch['seconds_a_completion']:.0f}×** |"
    )
    yield (
        "| trainable parameters, rank 16 / 32 | | "
        f"{rows['adapter, rank 16']['trainable']:,} / {rows['adapter, rank 32']['trainable']:,} |"
    )
    yield f"torch {used['torch']}, transformers {used['transformers']}"


def trained_row(name: str, naive: dict[str, Any], ours: dict[str, Any]) -> str:
    times = naive["seconds_a_step"] / ours["seconds_a_step"]
    return (
        f"| {name}, {ours['samples_a_step']} samples a step | {naive['seconds_a_step']:.2f} s, "
        f"{naive['peak_gib']:.1f} GiB | {ours['seconds_a_step']:.3g} s, {ours['peak_gib']:.1f} GiB: "
        f"**{times:.{0 if times >= 10 else 1}f}×** |"
    )


def two_gpu_rows() -> Iterator[str]:
    rows = results("gpu")["rows"]["two GPUs"]["rows"]
    for row in rows:
        if row["effective_batch"] in (16, 128) and "Mistral" in row["model"]:
            yield (
                f"| training, {row['effective_batch']} samples a step | {row['seconds_a_step_1']:.3f} s | "
                f"{row['seconds_a_step_2']:.3f} s: **{row['speedup']:.2f}×** |"
            )
    two = results("two_gpus")
    side = two["side by side"]
    yield (
        f"| two trainings, one card each | {sum(side['seconds_alone'].values()):.0f} s | "
        f"{side['seconds_side_by_side']:.0f} s: **{side['speedup_of_the_commands']:.2f}×** |"
    )
    notes = two["annotation"]
    yield (
        f"| annotation, notes a second | {notes['notes_a_second_one_worker']:.0f} | "
        f"{notes['notes_a_second_two_workers']:.0f}: **{notes['speedup']:.2f}×** |"
    )


def test_every_row_of_the_results_is_what_the_benchmark_wrote():
    wanted = [*base_rows(), *gpu_rows(), *two_gpu_rows()]
    text = " ".join(RESULTS.split())
    assert [row for row in wanted if " ".join(row.split()) not in text] == []


def test_no_other_figure_stands_in_the_results():
    left = " ".join(RESULTS.split())
    for known in [*base_rows(), *gpu_rows(), *two_gpu_rows(), *CITED]:
        left = left.replace(" ".join(known.split()), "")
    left = re.sub(r"`[^`]*`|" + "|".join(re.escape(each) for each in SETTINGS), "", left)
    assert re.findall(r"[\w.-]*\d[\w.,%×-]*", left) == []


def test_the_size_of_the_embedded_base_is_that_of_its_weights():
    weights = EMBEDDED_BASES / "medner-tiny" / "model.safetensors"
    with weights.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        tensors = json.loads(file.read(length))
    parameters = 0
    for name, tensor in tensors.items():
        if name != "__metadata__":
            count = 1
            for side in tensor["shape"]:
                count *= side
            parameters += count
    assert f"{parameters / 1e6:.1f} million parameters" in README
