"""What the files of a base model say before anything is loaded: its positions, its end tokens, and what is
wrong with them. Reads JSON only, so that Dagster and `medner doctor` can ask without torch."""

import json
from pathlib import Path
from typing import Any

_POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx")
_CHANGING = ("longrope", "dynamic", "su", "yarn_dynamic")
"""Rotary tables that change once a text is longer than the original length: what was read before and what is
read after would not go together."""
_LOADERS = "config.json, tokenizer.json and *.safetensors"


def text_config(folder: Path) -> dict[str, Any]:
    """Return config.json of the language model in `folder`: the nested one, where the model also sees."""
    return language_part(_json(folder / "config.json"))


def language_part(config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the language model in a model's configuration."""
    for name in ("text_config", "llm_config", "language_config"):
        if isinstance(config.get(name), dict):
            return {**{key: value for key, value in config.items() if key != name}, **config[name]}
    return config


def positions(folder: Path) -> int | None:
    """Return how many tokens the model in `folder` reads at most; None where its config states no limit."""
    return positions_in(text_config(folder))


def positions_in(config: dict[str, Any]) -> int | None:
    """Return how many tokens a model with this configuration reads at most, prompt and completion; None
    where it states no limit.

    A model whose rotary table changes past its original length reads that many: what stands in its
    key-value cache was computed with the other table.
    """
    stated = next((int(config[name]) for name in _POSITIONS if config.get(name)), None)
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type") or rope.get("type") if isinstance(rope, dict) else None
    original = config.get("original_max_position_embeddings") or (
        rope.get("original_max_position_embeddings") if isinstance(rope, dict) else None
    )
    if kind in _CHANGING and original:
        return min(int(original), stated or int(original))
    return stated


def end_tokens(folder: Path) -> tuple[int, ...]:
    """Return the tokens that end a text by generation_config.json, else by config.json; () where none is
    stated."""
    for file, config in (
        (folder / "generation_config.json", None),
        (folder / "config.json", text_config(folder)),
    ):
        stated = (config if config is not None else _json(file)).get("eos_token_id")
        if stated is not None:
            return tuple(stated) if isinstance(stated, list) else (int(stated),)
    return ()


def trouble(folder: Path) -> str | None:
    """Return what keeps the files in `folder` from being a base, in a few words with the remedy; None if
    nothing does."""
    config = _json(folder / "config.json")
    if not config:
        return "a readable config.json"
    if config.get("auto_map") and not config.get("model_type"):
        return "a model_type that transformers knows: it wants code of its own, which medner never runs"
    if config.get("model_type") and not _known(str(config["model_type"])):
        remote = "it wants code of its own (trust_remote_code), which medner never runs: "
        return (
            f"a model_type that transformers knows ({config['model_type']!r} is none): "
            f"{remote if config.get('auto_map') else ''}choose another base or a newer transformers"
        )
    if not text_config(folder).get("vocab_size") and "model_type" in config and not _defaults(config):
        return "a vocabulary (config.json states no vocab_size): get the model anew"
    if not list(folder.glob("*.safetensors")):
        if list(folder.glob("*.gguf")):
            return (
                "safetensors weights: there is GGUF only: take the repository that it was made from, or "
                "convert it as docs/base-models.md shows"
            )
        if list(folder.glob("*.bin")) or list(folder.glob("*.pt*")):
            return (
                "safetensors weights: there are pickled ones only (.bin), which can run code: take a "
                "revision with safetensors, or convert them in a place that you trust"
            )
    if not (folder / "tokenizer.json").is_file():
        if (folder / "tekken.json").is_file():
            return "tokenizer.json (there is tekken.json only): get it from a converted copy of the model"
        if not any((folder / name).is_file() for name in ("tokenizer.model", "vocab.json", "spiece.model")):
            return f"a tokenizer (tokenizer.json): a base has {_LOADERS}"
    return None


def _defaults(config: dict[str, Any]) -> bool:
    """Return whether a nested config may leave its vocabulary to the class's default."""
    return any(isinstance(value, dict) and "model_type" in value for value in config.values())


def _known(model_type: str) -> bool:
    """Return whether transformers has a configuration of that name; true where it cannot be asked cheaply."""
    from importlib.util import find_spec

    spec = find_spec("transformers")
    if spec is None or not spec.submodule_search_locations:
        return True
    names = Path(spec.submodule_search_locations[0]) / "models" / "auto" / "auto_mappings.py"
    others = Path(spec.submodule_search_locations[0]) / "models" / "auto" / "configuration_auto.py"
    text = "".join(file.read_text(encoding="utf-8") for file in (names, others) if file.is_file())
    return not text or f'"{model_type}"' in text


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
