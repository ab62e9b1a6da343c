"""Settings that are valid one by one and make no sense together, or on this dataset and base. Pure.

Nothing here is refused: each doubt is one sentence, said before training starts. Ranges of single settings
are `settings.py`'s.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from medner_assets.recipes.settings import ALL_LINEAR
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import VersionRecipe

_HIGHEST_RATE = 2e-2
"""Peak rates of adapters in use lie between 1e-5 and 5e-3; the embedded base trains at 2e-3."""


def doubts(
    recipe: VersionRecipe, base: BaseModelRecipe, documents: int, config: Mapping[str, Any]
) -> list[str]:
    """Return what is doubtful in a recipe, a sentence each, with the setting's name and what to do.

    documents: of the train split; a document that is split into several samples adds steps. config: the
    base's `config.json`; a size that it does not name is not checked.
    """
    return [*_of_steps(recipe, base, documents), *_of_shapes(recipe, config)]


def training_steps(recipe: VersionRecipe, documents: int) -> int:
    """Return the optimiser steps of a whole training when each document is one sample."""
    return recipe.training.epochs * math.ceil(documents / recipe.training.effective_batch)


def projection_widths(config: Mapping[str, Any]) -> dict[str, int]:
    """Return the smaller side of each projection's matrix: the largest rank that its update can have."""
    try:
        hidden, inner = int(config["hidden_size"]), int(config["intermediate_size"])
        heads = int(config["num_attention_heads"])
        key_heads = int(config.get("num_key_value_heads") or heads)
        head = int(config.get("head_dim") or hidden // heads)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return {}
    outer = {
        "q_proj": heads * head,
        "k_proj": key_heads * head,
        "v_proj": key_heads * head,
        "o_proj": heads * head,
        "gate_proj": inner,
        "up_proj": inner,
        "down_proj": inner,
    }
    widths = {name: min(hidden, width) for name, width in outer.items()}
    return widths if min(widths.values()) > 0 else {}


def _of_steps(recipe: VersionRecipe, base: BaseModelRecipe, documents: int) -> Iterator[str]:
    training = recipe.training
    steps = training_steps(recipe, documents)
    if training.warmup_steps >= steps:
        yield (
            f"training.warmup_steps is {training.warmup_steps} and the whole training has about {steps} "
            f"steps: the learning rate never reaches its peak; set it to {max(steps // 10, 1)} or train "
            "longer"
        )
    if training.effective_batch > documents:
        yield (
            f"training.batch_size × gradient_accumulation is {training.effective_batch} and the train split "
            f"has {documents} documents: an epoch is one step"
        )
    rate = training.learning_rate * base.learning_rate_multiplier
    if rate > _HIGHEST_RATE:
        yield (
            f"training.learning_rate × the base's multiplier is {rate:g}: training diverges at such rates; "
            f"use at most {_HIGHEST_RATE / base.learning_rate_multiplier:g}"
        )
    stopping = training.early_stopping
    if stopping is not None and stopping.patience >= training.epochs:
        yield (
            f"training.early_stopping.patience is {stopping.patience} and there are {training.epochs} "
            "epochs: training never stops early"
        )


def _of_shapes(recipe: VersionRecipe, config: Mapping[str, Any]) -> Iterator[str]:
    widths = projection_widths(config)
    targets = widths if recipe.lora.target_modules == ALL_LINEAR else recipe.lora.target_modules
    narrow = {name: widths[name] for name in targets if name in widths}
    narrow = {name: width for name, width in narrow.items() if width < recipe.lora.rank}
    if narrow:
        largest = ", ".join(f"{name} {width}" for name, width in narrow.items())
        yield (
            f"lora.rank is {recipe.lora.rank}, above the largest rank of some layers ({largest}): "
            "the rest of the adapter's weights adds nothing"
        )
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int) and recipe.training.max_tokens > positions:
        yield (
            f"training.max_tokens is {recipe.training.max_tokens} and the base reads {positions} tokens: "
            f"set it to {positions} or less"
        )
