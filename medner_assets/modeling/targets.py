"""Which layers of a base get an adapter: the recipe's names, checked against the loaded model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from medner_assets.errors import MednerError

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

_TOWERS = ("vision", "visual", "audio", "multi_modal", "image")
_MAMBA = {"falcon_h1", "mamba", "mamba2", "falcon_mamba", "nemotron_h"}
_READ_DIRECTLY = ("out_proj", "conv1d")
"""Layers whose weights a Mamba kernel reads past the module's forward pass: PEFT refuses an adapter there."""


@dataclass(frozen=True, slots=True)
class LayerTargets:
    """The layers to adapt. `stated` is what PEFT is told: names of layers, or a pattern of their paths."""

    stated: list[str] | str
    names: tuple[str, ...]
    """Last parts of the layers' paths, sorted."""

    @staticmethod
    def outside_of_towers(names: Sequence[str] | dict[str, int]) -> str:
        """Return a pattern of the layers with these names that are in no vision or audio tower."""
        return rf"^(?!.*({'|'.join(_TOWERS)})).*\.({'|'.join(map(re.escape, sorted(names)))})$"


def find_targets(model: "PreTrainedModel", wanted: Sequence[str] | Literal["all-linear"]) -> LayerTargets:
    """Return the layers of `model` that `wanted` means.

    all-linear: every linear layer of the decoder. Names: each must be the name of a linear layer there.
    Raises MednerError, with what there is, where a name matches nothing or nothing is linear.
    """
    linear = linear_layers(model)
    there = sorted({name.rpartition(".")[2] for name in linear})
    if not there:
        raise MednerError(
            f"{type(model).__name__} has no linear layer in its decoder that could carry an adapter: "
            "choose another base"
        )
    if wanted == "all-linear":
        names = there
    else:
        missing = [name for name in wanted if name not in there]
        if missing:
            raise MednerError(
                f"lora.target_modules: {type(model).__name__} has no layer {', '.join(missing)}: "
                f"it has {', '.join(there)}; name some of these, or all-linear"
            )
        names = sorted(wanted)
    chosen = {name for name in linear if name.rpartition(".")[2] in names}
    meant = {name for name, _ in model.named_modules() if name.rpartition(".")[2] in names}
    if chosen == meant:
        # As the recipe orders them: PEFT makes the adapters in the model's order, whatever this one is.
        return LayerTargets(list(names if wanted == "all-linear" else wanted), tuple(names))
    pattern = "|".join(re.escape(name) for name in sorted(chosen))
    return LayerTargets(rf"^({pattern})$", tuple(names))


def linear_layers(model: "PreTrainedModel") -> dict[str, "nn.Module"]:
    """Return the linear layers of the decoder by their path: not the output head, no tower, no router's
    weight that is no layer."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    head = model.get_output_embeddings()
    direct = _READ_DIRECTLY if getattr(model.config, "model_type", None) in _MAMBA else ()
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | Conv1D)
        and module is not head
        and not any(tower in name for tower in _TOWERS)
        and name.rpartition(".")[2] not in direct
        # A layer below a decoder layer: its path holds the layer's number.
        and re.search(r"\.\d+\.", name)
    }
