"""Base models and tokenizers from local folders: safetensors only, nothing is downloaded, no code of a hub
is run.

Of a model that also sees or hears, the language model alone is kept. How attention is computed is chosen so
that nothing of the model is left out: SDPA knows neither soft caps nor sinks, and some models do not take it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from medner_assets.errors import MednerError
from medner_assets.modeling.base_files import end_tokens, positions
from medner_assets.modeling.requirements import base_folder
from medner_assets.recipes.sources import BaseModelRecipe

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def pick_device(
    wanted: Literal["auto", "cpu", "cuda"], base: BaseModelRecipe | None = None
) -> "torch.device":
    """Return the device to run on; raise MednerError if CUDA is asked for, or by `base`, and absent."""
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise MednerError(
            "device cuda was asked for and no CUDA GPU is visible: use cpu, or check the driver"
        )
    if wanted == "auto" and not available and base is not None and base.minimum_gpu_gib:
        raise MednerError(
            f"the base needs a CUDA GPU with at least {base.minimum_gpu_gib:g} GiB and the node shows none: "
            "ask for one (MEDNER_SLURM_GRES, MEDNER_RAY_GPUS)"
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
    room = positions(folder)
    return min(max_tokens, room - 1) if room else max_tokens


def load_tokenizer(folder: Path) -> "PreTrainedTokenizerBase":
    """Return the fast tokenizer of the model in `folder`; raise MednerError where it has none."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # noqa: BLE001 # each tokenizer class fails in its own way
        reason = f"no tokenizer that loads ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
        if (folder / "tekken.json").is_file():
            reason = "only tekken.json, which needs a library that medner does without"
        raise MednerError(
            f"{folder.name}: {reason}: add its tokenizer.json, which the model's page or a converted copy of "
            "it has"
        ) from None
    if not tokenizer.is_fast:
        raise MednerError(
            f"{folder.name}: it has only a slow tokenizer, which gives no offsets: add its tokenizer.json"
        )
    if tokenizer.eos_token_id is None:
        stated = next((each for each in end_tokens(folder) if each < len(tokenizer)), None)
        if stated is not None:
            tokenizer.eos_token = tokenizer.convert_ids_to_tokens(stated)
    return cast("PreTrainedTokenizerBase", tokenizer)


def ends_of(tokenizer: "PreTrainedTokenizerBase") -> frozenset[int]:
    """Return all tokens that end a text: the tokenizer's, and those that the model's files name.

    Raises MednerError where there is none: no completion would ever end.
    """
    stated = end_tokens(Path(tokenizer.name_or_path)) if tokenizer.name_or_path else ()
    own: Any = tokenizer.eos_token_id
    ends = frozenset(each for each in (*stated, own) if each is not None)
    if not ends:
        raise MednerError(
            f"{Path(tokenizer.name_or_path).name}: neither tokenizer, generation_config.json nor config.json "
            "names an end token (eos_token): add it, so that completions can end"
        )
    return ends


def load_base(
    folder: Path,
    base: BaseModelRecipe,
    device: "torch.device",
    *,
    training: bool = False,
    tokens: int | None = None,
) -> "PreTrainedModel":
    """Return the base's language model on `device`: NF4 with bfloat16 compute where the recipe says so, else
    full precision.

    Full precision is bfloat16 on a GPU and float32 on a CPU; for `training` bfloat16 also on a CPU that has
    instructions for it, with plain attention, which is faster there on short samples
    (`docs/experiments.md`). tokens: how many the tokenizer has, where the caller has loaded it.
    Raises MednerError if the model cannot be loaded, or tokenizer and model disagree on the vocabulary.
    """
    import torch
    from transformers import AutoConfig, BitsAndBytesConfig

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
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        kind = _class_of(config)
        if kind is None:
            raise MednerError(
                f"{folder.name}: transformers knows no model that writes text for {config.model_type!r}: "
                "choose another base"
            )
        model = kind.from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            device_map={"": device},
            attn_implementation="eager" if slim or needs_plain_attention(kind, config) else "sdpa",
            **options,
        )
        model = language_model(model)
    except MednerError:
        raise
    except torch.OutOfMemoryError:
        raise MednerError(
            f"{folder.name} does not fit into the GPU's memory: quantise it (quantization: nf4), or use a "
            "larger GPU"
        ) from None
    except (ValueError, OSError, ImportError, AttributeError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise MednerError(
            f"{folder.name} cannot be loaded ({type(error).__name__}: {reason}): see `medner doctor BASE`"
        ) from None
    if training:
        keep_gradients(model)
    vocabulary = getattr(model.config, "vocab_size", None)
    tokens = len(load_tokenizer(folder)) if tokens is None else tokens
    if not vocabulary:
        raise MednerError(f"{folder.name}: its config.json states no vocabulary: get the model anew")
    if tokens > int(vocabulary):
        raise MednerError(
            f"{folder.name}: the tokenizer has {tokens} tokens and the model {vocabulary}: "
            "they do not belong to one model: get both from one source"
        )
    return cast("PreTrainedModel", model)


def _class_of(config: Any) -> Any:
    """Return the class that loads the model of `config`: one that writes text, else one that also sees."""
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    for mapping in (MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING):
        found = mapping.get(type(config), None)
        if found is not None:
            return found[0] if isinstance(found, tuple) else found
    return None


def needs_plain_attention(kind: Any, config: Any) -> bool:
    """Return whether SDPA would refuse the model, or leave out what its attention does: a soft cap, sinks."""
    text = config.get_text_config()
    capped = getattr(text, "attn_logit_softcapping", None) or getattr(text, "attention_logit_cap", None)
    return bool(capped) or not getattr(kind, "_supports_sdpa", False)


def language_model(model: Any) -> Any:
    """Return the language model of `model` with its output head, as the class that holds nothing else.

    A model that only writes text is returned as it is. `text_prefix` of what is returned says under which
    name its layers stand in the published model, see `adapters.py`.
    """
    import torch
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING

    text = model.config.get_text_config()
    if text is model.config:
        return model
    kind: Any = MODEL_FOR_CAUSAL_LM_MAPPING.get(type(text), None)
    inner = getattr(model.model, "language_model", None)
    head = model.get_output_embeddings()
    if kind is None or inner is None or head is None:
        raise MednerError(
            f"{type(model).__name__}: its language model cannot be told from the rest: choose a base that "
            "only writes text"
        )
    with torch.device("meta"):
        alone = kind(text)
    if type(alone.model) is not type(inner):
        raise MednerError(
            f"{type(model).__name__}: its language model is not that of {kind.__name__}: choose a base that "
            "only writes text"
        )
    text._attn_implementation = inner.config._attn_implementation
    alone.model = inner
    alone.set_output_embeddings(head)
    alone.generation_config = model.generation_config
    for name in ("is_loaded_in_4bit", "is_quantized", "quantization_method", "hf_quantizer"):
        if hasattr(model, name):
            setattr(alone, name, getattr(model, name))
    alone.text_prefix = "model.language_model."
    return alone.eval()


def keep_gradients(model: Any) -> None:
    """Keep bitsandbytes from repacking 4-bit weights in eval mode on a CPU.

    It repacks them for a kernel without a backward pass and leaves them so: every gradient after the first
    evaluation would be wrong.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
