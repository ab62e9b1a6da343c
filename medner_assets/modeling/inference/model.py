"""The model that reads: a base with its adapter, merged and unpacked from 4-bit where that is exact and
memory allows it.

A plain LoRA is merged here: PEFT takes seconds to import. A 4-bit matrix is unpacked at every product:
for each generated token, all of the model. Unpacked once, a base of 7 billion parameters takes 14 GiB on a
GPU and its adapter can be merged into it.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import WEIGHTS, load_merged, module_of, refuse_another_base
from medner_assets.modeling.fused.decoding import use_grouped_attention
from medner_assets.modeling.fused.projections import unpack
from medner_assets.modeling.laps import Laps
from medner_assets.modeling.loading import load_base
from medner_assets.modeling.memory import HEADROOM, device_memory
from medner_assets.recipes.sources import BaseModelRecipe

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel


_SHARE = 0.3
"""Of the device's memory: the rest is for the key-value cache."""


def load_model(
    folder: Path,
    base: BaseModelRecipe,
    adapter: Path | None,
    device: "torch.device",
    *,
    tokens: int | None = None,
    laps: Laps | None = None,
) -> "PreTrainedModel":
    """Return the model that reads: every process that writes completions has it from here, ready to run.

    folder: the base's weights. adapter: None for the base alone. tokens: how many the
    tokenizer has, where the caller has loaded it. laps: told of each part. Raises MednerError when the
    adapter was trained on other weights or does not fit.
    """
    laps = laps or Laps(of_process=False)
    if adapter is not None:
        refuse_another_base(adapter, base, folder)
    laps.done("revision")
    model, is_whole = load_base_for_reading(folder, base, device, tokens=tokens)
    laps.done("base")
    if adapter is not None:
        model = load_for_reading(model, adapter, quantized=not is_whole)
    laps.done("adapter")
    return model.eval()


def load_base_for_reading(
    folder: Path, base: BaseModelRecipe, device: "torch.device", *, tokens: int | None = None
) -> tuple["PreTrainedModel", bool]:
    """Return a base as an adapter is put on it, and whether it is whole: not in 4 bits, so that adapters are
    merged."""
    model = load_base(folder, base, device, tokens=tokens)
    is_whole = base.quantization == "none" or unpack_where_it_fits(model, device)
    model.eval()
    use_grouped_attention(model)
    return model, is_whole


def unpack_where_it_fits(model: "PreTrainedModel", device: "torch.device") -> bool:
    """Replace the 4-bit layers of `model` by plain ones where the device is large enough; tell whether.

    The size of the device decides, and not what is free on it just now: a version reads with the same forward
    pass whatever else runs. Raises MednerError when others hold so much that the layers do not fit.
    """
    kind = model.dtype
    wanted = sum(kind.itemsize * state.shape.numel() for _, _, state in _packed(model))
    memory = device_memory(device)
    if wanted > _SHARE * (1 - HEADROOM) * memory.total:
        return False
    if wanted > memory.usable:
        raise MednerError(
            f"the model needs {wanted / 2**30:.1f} GiB and {memory.usable / 2**30:.1f} GiB are free: "
            "end what else uses this device, or use a larger one"
        )
    unpack_layers(model, kind)
    return True


def unpack_layers(model: Any, kind: "torch.dtype") -> None:
    """Replace the 4-bit layers of `model` by nn.Linear in the type `kind`."""
    import torch
    from torch import nn

    for name, layer, _ in _packed(model):
        weight = unpack(layer, kind)
        with torch.device("meta"):
            plain = nn.Linear(weight.shape[1], weight.shape[0], bias=layer.bias is not None)
        plain.weight = nn.Parameter(weight, requires_grad=False)
        if layer.bias is not None:
            plain.bias = layer.bias
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, plain)
    if getattr(model, "is_loaded_in_4bit", False):
        model.is_loaded_in_4bit = False
        model.is_quantized = False


def _packed(model: "nn.Module") -> list[tuple[str, Any, Any]]:
    """Return (name, layer, quantisation state) of the 4-bit layers."""
    found = []
    for name, layer in model.named_modules():
        state = getattr(getattr(layer, "weight", None), "quant_state", None)
        if state is not None:
            found.append((name, layer, state))
    return found


_PLAIN: dict[str, Any] = {
    "peft_type": "LORA", "bias": "none", "use_dora": False, "use_rslora": False, "fan_in_fan_out": False,
    "rank_pattern": {}, "alpha_pattern": {}, "modules_to_save": None, "lora_bias": False,
}  # fmt: skip
"""Settings of an adapter that is nothing but W + (alpha / r) * B @ A. Others are PEFT's business."""


def _settings_of(folder: Path) -> dict[str, Any]:
    """Return what the adapter's configuration states; raise MednerError where it is no LoRA of PEFT's."""
    file = folder / "adapter_config.json"
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        kind = settings.get("peft_type", "LORA")
        numbers = [settings["r"], settings["lora_alpha"]]
        if kind == "LORA" and all(type(each) in (int, float) for each in numbers) and settings["r"] > 0:
            return dict(settings)
        reason = f"peft_type {kind!r} is not LORA" if kind != "LORA" else "r or lora_alpha is no number"
    except OSError as error:
        reason = str(error.strerror)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        reason = "not the JSON that training writes"
    raise MednerError(f"adapter {folder.name}: adapter_config.json: {reason}: train the version again")


def is_plain(folder: Path) -> bool:
    """Return whether the adapter in `folder` only adds to weights; raise MednerError where it is no LoRA."""
    settings = _settings_of(folder)
    return all(settings.get(name, plain) == plain for name, plain in _PLAIN.items())


def load_for_reading(
    model: "PreTrainedModel",
    folder: Path,
    *,
    quantized: bool,
    copies: "dict[str, torch.Tensor] | None" = None,
) -> "PreTrainedModel":
    """Return `model` with the adapter in `folder`, merged where that is exact (full precision).

    copies: takes each weight to which a plain adapter adds, by its module, as it was, in the machine's
    memory; those that are there stay. Raises MednerError when the adapter is no LoRA or does not fit.
    """
    settings = _settings_of(folder)
    if quantized or not is_plain(folder):
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
            module = module_of(name, getattr(model, "text_prefix", None))
            try:
                weight: Any = model.get_submodule(module).weight
                if copies is not None and module not in copies:
                    copies[module] = weight.to("cpu", copy=True)
                weight += ((b.to(where, torch.float32) @ a.to(where, torch.float32)) * scale).to(weight.dtype)
            except (AttributeError, RuntimeError):
                raise MednerError(
                    f"adapter {folder.name} does not fit the base model (at {module}): "
                    "train the version again"
                ) from None
    return model
