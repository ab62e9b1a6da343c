"""A base with a fresh adapter, ready for training, from the backend that the recipe names."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import add_adapter
from medner_assets.modeling.fused.layers import fuse, keep_unpacked, unpacked_bytes
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.loading import load_base
from medner_assets.modeling.memory import device_memory
from medner_assets.modeling.progress import Log
from medner_assets.modeling.training.steps import Layout
from medner_assets.modeling.training.unsloth import unsloth_model

if TYPE_CHECKING:
    import torch
    from peft import PeftModel

Backend = Literal["peft", "unsloth"]

_UNPACKED_SHARE = 0.3
"""4-bit weights are kept unpacked where that takes at most this share of the memory that is left."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """A model with an adapter, and the layout of batches that it takes.

    may_join: rows of several samples are wanted also through the model's own attention, if the probe shows
    that it keeps them apart.
    """

    model: "PeftModel"
    layout: Layout
    backend: Backend
    may_join: bool = False


def adapted(job: TrainingJob, folder: Path, device: "torch.device", log: Log) -> Adapted:
    """Return the base in `folder` with a fresh adapter on `device`. The caller has seeded torch."""
    import torch

    recipe = job.recipe.training
    if recipe.optimizer == "adamw_8bit" and device.type != "cuda":
        raise MednerError(
            f"version {job.version}: optimizer adamw_8bit needs a CUDA GPU and none is visible: "
            "use adamw_torch"
        )
    if recipe.backend == "unsloth":
        return Adapted(unsloth_model(job, folder, device), "padded", "unsloth")
    backend: Backend = "peft"  # for auto too: faster than unsloth here, see docs/decisions
    model = add_adapter(load_base(folder, job.base, device, training=True), job.recipe.lora)
    if recipe.gradient_checkpointing == "on":
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if recipe.packing == "off":
        return Adapted(model, "padded", backend)
    if not fuse(model):
        # Only where the recipe asks for it: without a kernel for borders, attention in a row works through
        # all pairs of its tokens, and batches of like lengths hold little padding.
        return Adapted(model, "padded", backend, may_join=recipe.packing == "on")
    if recipe.packing == "auto" and device.type == "cpu":
        return Adapted(model, "aligned", backend)
    if device.type == "cuda" and unpacked_bytes(model) <= _UNPACKED_SHARE * device_memory(device).usable:
        taken = keep_unpacked(model, torch.bfloat16)
        if taken:
            log.info(f"4-bit weights are kept unpacked in 16 bits: {taken / 2**30:.1f} GiB")
    return Adapted(model, "packed", backend)
