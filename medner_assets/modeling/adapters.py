"""The LoRA adapter: put on a base, saved as a PEFT folder with its facts, loaded and merged for
generation."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from medner_assets.errors import MednerError
from medner_assets.files import file_hash
from medner_assets.modeling.base_revision import base_revision, is_base_of
from medner_assets.modeling.targets import LayerTargets, find_targets
from medner_assets.recipes.settings import LoraRecipe
from medner_assets.recipes.sources import BaseModelRecipe

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

WEIGHTS, FACTS, LOG = "adapter_model.safetensors", "medner.json", "training_log.jsonl"
"""Files of an adapter's folder besides PEFT's own: FACTS is a row of table `adapters`, LOG rows of
`training_log`."""


def add_adapter(model: "PreTrainedModel", recipe: LoraRecipe) -> "PeftModel":
    """Return `model` with a fresh adapter, the only part that trains. Adapter weights are float32.

    The frozen parts keep their type: norms and the output head in float32, as PEFT's preparation for 4-bit
    training has them, cost memory and time and are rounded to 16 bits again at each product.
    Raises MednerError where the recipe names layers that the model does not have.
    """
    from peft import LoraConfig, get_peft_model

    targets = find_targets(model, recipe.target_modules)

    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,  # type: ignore[arg-type] # declared int, any number works
        lora_dropout=recipe.dropout,
        target_modules=targets.stated,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config, autocast_adapter_dtype=True)


def adapted_layers(model: "PeftModel") -> dict[str, int]:
    """Return how many layers of each name carry an adapter: what was adapted, not what was asked for."""
    counts: dict[str, int] = {}
    for name, module in model.named_modules():
        if hasattr(module, "lora_A") and hasattr(module, "base_layer"):
            last = name.rpartition(".")[2]
            counts[last] = counts.get(last, 0) + 1
    return dict(sorted(counts.items()))


def leave_casts_to_autocast(model: "PeftModel") -> None:
    """Let the adapter take activations in the type that they have; products must run under autocast.

    PEFT asks whether autocast is on for CUDA only: on a CPU it turns each input into float32, which autocast
    turns back. Without it a step takes a ninth less time, and gives the same gradients, bit by bit.
    """
    for module in model.modules():
        if hasattr(module, "cast_input_dtype_enabled"):
            setattr(module, "cast_input_dtype_enabled", False)  # noqa: B010 # a plain attribute of PEFT's


def save_adapter(
    model: "PeftModel",
    folder: Path,
    facts: dict[str, Any],
    log: list[dict[str, Any]],
    save_dtype: Literal["fp32", "bf16"] = "fp32",
) -> None:
    """Write the adapter, its facts and its training log into `folder`."""
    import torch

    kind = torch.bfloat16 if save_dtype == "bf16" else torch.float32
    trained = {
        name: parameter.detach().to(kind, copy=True)
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    model.save_pretrained(str(folder), safe_serialization=True, state_dict=trained)
    prefix: str | None = getattr(model.get_base_model(), "text_prefix", None)
    _settle_names(folder / WEIGHTS, len(trained), prefix)
    config = folder / "adapter_config.json"
    settings = json.loads(config.read_text(encoding="utf-8"))
    # PEFT keeps them as a set, whose order changes from process to process: equal trainings, equal files.
    if isinstance(settings["target_modules"], list):
        settings["target_modules"] = sorted(settings["target_modules"])
    if prefix:  # the published model has a vision tower, whose layers bear the same names
        settings["target_modules"] = LayerTargets.outside_of_towers(adapted_layers(model))
    config.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    complete = {
        **facts,
        "weights_hash": weights_hash(folder),
        "config_hash": file_hash(config),
        "adapter_bytes": (folder / WEIGHTS).stat().st_size,
    }
    (folder / FACTS).write_text(json.dumps(complete, indent=2) + "\n")
    (folder / LOG).write_text("".join(json.dumps(row) + "\n" for row in log))


def _settle_names(file: Path, expected: int, prefix: str | None) -> None:
    """Check that every trained tensor was saved, and give it the name that it has in the published model."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(file)
    if len(tensors) != expected:
        raise RuntimeError(f"{len(tensors)} of {expected} trained tensors were saved")
    if prefix:
        renamed = {published_name(name, prefix): value for name, value in tensors.items()}
        save_file(renamed, file, metadata={"format": "pt"})


def published_name(name: str, prefix: str) -> str:
    """Return the name that a tensor of the language model alone has in the published model.

    prefix: where the language model's layers stand there, see `loading.language_model`.
    """
    return name.replace("base_model.model.model.", f"base_model.model.{prefix}", 1)


def module_of(tensor: str, prefix: str | None) -> str:
    """Return the name of the layer that an adapter's tensor belongs to, in the language model alone."""
    name = tensor.removeprefix("base_model.model.").rpartition(".lora_")[0]
    return f"model.{name.removeprefix(prefix)}" if prefix and name.startswith(prefix) else name


def load_merged(model: "PreTrainedModel", folder: Path, *, merge: bool) -> "PreTrainedModel":
    """Return `model` with the adapter in `folder`; merged into its weights where that is exact (full
    precision)."""
    from peft import PeftModel

    try:
        prefix = getattr(model, "text_prefix", None)
        names = {re.escape(prefix): "model."} if prefix else None
        adapted = PeftModel.from_pretrained(model, str(folder), is_trainable=False, key_mapping=names)
    except (RuntimeError, ValueError, OSError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise MednerError(
            f"adapter {folder.name} does not fit the base model ({reason}): train the version again"
        ) from None
    return adapted.merge_and_unload() if merge else adapted  # type: ignore[return-value] # same forward


def refuse_another_base(adapter: Path, base: BaseModelRecipe, folder: Path) -> None:
    """Raise MednerError if `adapter` says that it was trained on other weights than those in `folder`.

    Another base of the same shape would load without a word, and write nonsense.
    """
    file = adapter / FACTS
    trained = json.loads(file.read_text(encoding="utf-8")).get("base_revision") if file.is_file() else None
    if not is_base_of(base, folder, trained or ""):
        here = base_revision(base, folder)
        raise MednerError(
            f"adapter {adapter.name} was trained on base weights {trained}, and those in {folder.name} are "
            f"{here}: train the version again, or bring the base that it was trained on"
        )


def weights_hash(folder: Path) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of the adapter's weights."""
    return file_hash(folder / WEIGHTS)
