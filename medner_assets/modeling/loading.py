"""Base models and tokenizers from local folders: safetensors only, nothing is downloaded, no code of a hub
is run."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from medner_assets.errors import MednerError
from medner_assets.modeling.requirements import base_folder
from medner_assets.recipes.sources import BaseModelRecipe

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def pick_device(wanted: Literal["auto", "cpu", "cuda"]) -> "torch.device":
    """Return the device to run on; raise MednerError if CUDA is asked for and absent."""
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise MednerError(
            "device cuda was asked for and no CUDA GPU is visible: use cpu, or check the driver"
        )
    if available and wanted != "cpu":
        # Fine-tuning on an H100 with torch 2.11 gave NaN after left-padded batches of 64 and 320 tokens. The
        # likely cause is cuDNN's attention with masked rows; without it there were none.
        torch.backends.cuda.enable_cudnn_sdp(False)
        return torch.device("cuda")
    return torch.device("cpu")


def fast_bfloat16(device: "torch.device") -> bool:
    """Return whether bfloat16 products pay on `device`: on a GPU, and on CPUs with instructions for it."""
    import torch

    if device.type == "cuda":
        return True
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def find_weights(base: BaseModelRecipe, folder: Path | None) -> Path:
    """Return the folder of the base's weights; raise MednerError if it is not there."""
    found = folder or base_folder(base)
    if found is None or not (found / "config.json").is_file():
        where = base.path or f"the hub's cache for {base.hub_id} at {base.revision}"
        raise MednerError(f"no base model in {where}: see `medner doctor`")
    return found


def longest_prompt(folder: Path, max_tokens: int) -> int:
    """Return how many tokens a prompt may have: `max_tokens`, and less than the model in `folder` reads."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    room = int(config.get("max_position_embeddings") or 0)
    return min(max_tokens, room - 1) if room else max_tokens


def load_tokenizer(folder: Path) -> "PreTrainedTokenizerBase":
    """Return the fast tokenizer of the model in `folder`."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if not tokenizer.is_fast:
        raise MednerError(
            f"{folder.name}: it has only a slow tokenizer, which gives no offsets: add its tokenizer.json"
        )
    return tokenizer


def load_base(
    folder: Path, base: BaseModelRecipe, device: "torch.device", *, training: bool = False
) -> "PreTrainedModel":
    """Return the base model on `device`: NF4 with bfloat16 compute where the recipe says so, else full
    precision.

    Full precision is bfloat16 on a GPU and float32 on a CPU; for `training` bfloat16 also on a CPU that has
    instructions for it, with plain attention, which is faster there on short samples
    (`docs/experiments.md`).
    Raises MednerError if tokenizer and model disagree on the vocabulary.
    """
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    slim = device.type == "cpu" and training and fast_bfloat16(device)
    dtype = torch.bfloat16 if slim or device.type != "cpu" else torch.float32
    options: dict[str, Any] = {}
    if base.quantization == "nf4":
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    model = AutoModelForCausalLM.from_pretrained(
        folder,
        dtype=dtype,
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        device_map={"": device},
        attn_implementation="eager" if slim else "sdpa",
        **options,
    )
    vocabulary, tokens = int(model.config.vocab_size), len(load_tokenizer(folder))
    if tokens > vocabulary:
        raise MednerError(
            f"{folder.name}: the tokenizer has {tokens} tokens and the model {vocabulary}: "
            "they do not belong to one model: get both from one source"
        )
    return model
