"""An adapter merged into its base for reading. A plain LoRA is merged here: PEFT takes seconds to import."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import WEIGHTS, load_merged

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_PLAIN: dict[str, Any] = {
    "peft_type": "LORA", "bias": "none", "use_dora": False, "use_rslora": False, "fan_in_fan_out": False,
    "rank_pattern": {}, "alpha_pattern": {}, "modules_to_save": None, "lora_bias": False,
}  # fmt: skip
"""Settings of an adapter that is nothing but W + (alpha / r) * B @ A. Others are PEFT's business."""


def load_for_reading(model: "PreTrainedModel", folder: Path, *, quantized: bool) -> "PreTrainedModel":
    """Return `model` with the adapter in `folder`, merged where that is exact (full precision).

    Raises MednerError when the adapter does not fit the model.
    """
    settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    if quantized or any(settings.get(name, plain) != plain for name, plain in _PLAIN.items()):
        return load_merged(model, folder, merge=not quantized)
    import torch
    from safetensors.torch import load_file

    factors = load_file(folder / WEIGHTS)
    where = model.device
    scale = settings["lora_alpha"] / settings["r"]
    with torch.inference_mode():
        for name, a in factors.items():
            if not name.endswith(".lora_A.weight"):
                continue
            b = factors[name.replace(".lora_A.", ".lora_B.")]
            module = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            try:
                weight = model.get_submodule(module).weight
                weight += ((b.to(where, torch.float32) @ a.to(where, torch.float32)) * scale).to(weight.dtype)
            except (AttributeError, RuntimeError):
                raise MednerError(
                    f"adapter {folder.name} does not fit the base model (at {module}): "
                    "train the version again"
                ) from None
    return model
