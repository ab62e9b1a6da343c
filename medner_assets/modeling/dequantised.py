"""A model in a GGUF file → a base: 16-bit safetensors, configuration and tokenizer. What the file's
quantisation lost stays lost."""

from pathlib import Path
from typing import Any

from medner_assets.errors import MednerError


def dequantise(file: Path, folder: Path, end_token: str) -> None:
    """Write the model in `file` into `folder`, which is there, as bfloat16.

    end_token: what ends a text; GGUF files often state another token than the model was trained to end with.
    Needs the package gguf. Raises MednerError where transformers cannot read the file, or its vocabulary has
    no such token.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from_file: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(file.parent, **from_file)
        read: Any = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.bfloat16, **from_file)
    except Exception as error:  # noqa: BLE001 # each reader of an architecture fails in its own way
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise MednerError(
            f"{file.name}: transformers cannot unpack it ({reason}): take the model that it was made from"
        ) from None
    ends = tokenizer.get_vocab().get(end_token)
    if ends is None:
        raise MednerError(f"{file.name}: its vocabulary has no {end_token!r}: correct the base's `end_token`")
    tokenizer.eos_token = end_token
    tokenizer.clean_up_tokenization_spaces = False  # would change the white space of what is decoded
    config = read.config
    del config.quantization_config  # save_pretrained refuses a model that says it is still quantised
    config.bos_token_id, config.eos_token_id = tokenizer.bos_token_id, ends
    plain = type(read)(config).to(torch.bfloat16)
    plain.load_state_dict(read.state_dict())
    plain.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
