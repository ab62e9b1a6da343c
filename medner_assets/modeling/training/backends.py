"""A base with a fresh adapter, ready for training, from the backend that the recipe names."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

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
    from transformers import PreTrainedModel

Backend = Literal["peft", "unsloth"]
Samples = TypeVar("Samples")

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


class SharedBase:
    """What trainings in one process have in common, once the first of them has made it: the frozen base, and
    samples of the same documents."""

    def __init__(self) -> None:
        self._pristine: Any = None
        self._samples: tuple[Any, Any] | None = None
        self.unpacked: dict[int, torch.Tensor] = {}
        """4-bit matrices in 16 bits, by the identity of the parameter that holds them."""
        self.pool: Any = None
        """Memory of captured steps, where all share one; None: each has its own."""

    @property
    def is_loaded(self) -> bool:
        """Whether the first training has loaded it."""
        return self._pristine is not None

    def twin(self, load: "Callable[[], PreTrainedModel]") -> "PreTrainedModel":
        """Return the base as modules of its own over the tensors that all share."""
        if self._pristine is None:
            self._pristine = load()
        tensors = [*self._pristine.parameters(), *self._pristine.buffers()]
        states = [getattr(each, "quant_state", None) for each in tensors]
        return copy.deepcopy(self._pristine, {id(each): each for each in (*tensors, *states)})

    def samples(self, job: TrainingJob, read: Callable[[], Samples]) -> Samples:
        """Return what `read` makes of the documents of `job`; once for trainings that learn from the same
        samples."""
        depends_on = (
            job.dataset_version, job.entity_types, job.relation_types, job.base.prompt_style, job.base_folder,
            job.recipe.training,
        )  # fmt: skip
        if self._samples is None or self._samples[0] != depends_on:
            self._samples = depends_on, read()
        samples: Samples = self._samples[1]
        return samples

    def share_captures(self) -> None:
        """Let captured steps use the same memory: none of them runs beside another."""
        import torch

        self.pool = torch.cuda.graph_pool_handle()


def adapted(
    job: TrainingJob,
    folder: Path,
    device: "torch.device",
    log: Log,
    shared: SharedBase | None = None,
    *,
    tokens: int | None = None,
) -> Adapted:
    """Return the base in `folder` with a fresh adapter on `device`. The caller has seeded torch.

    shared: what holds the base for several trainings. tokens: how many the tokenizer has.
    """
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
    load = partial(load_base, folder, job.base, device, training=True, tokens=tokens)
    model = add_adapter(shared.twin(load) if shared else load(), job.recipe.lora)
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
    known = shared.unpacked if shared else {}
    room = _UNPACKED_SHARE * device_memory(device).usable
    if device.type == "cuda" and (known or unpacked_bytes(model) <= room):
        taken = keep_unpacked(model, torch.bfloat16, known)
        if taken:
            log.info(f"4-bit weights are kept unpacked in 16 bits: {taken / 2**30:.1f} GiB")
    return Adapted(model, "packed", backend)
