"""Greedy decoding of one batch with a key-value cache, from which rows leave when they have ended.

A batch takes as many steps as its longest completion has tokens, and most end long before: on synthetic notes
the median completion is a third of the longest one of its batch. transformers' `generate` carries the rows
that have ended to the end; here they leave whenever a sixth of the batch has ended. The tokens are those of
`generate`: the same model called with the same masks and positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from medner_assets.modeling.grammar import Constraint

_WORTH_LEAVING = 1 / 6
"""Share of ended rows at which the cache is copied without them."""


@dataclass(slots=True)
class Written:
    """What was written behind one prompt: its new tokens, without the end of text."""

    tokens: list[int]
    ended: bool = False
    """Whether the model ended its text; else it was cut."""


def decode(
    model: "PreTrainedModel",
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    end: int,
    pad: int,
    constraint: "Constraint | None" = None,
) -> list[Written]:
    """Return what `model` writes behind each prompt (at least one, none empty), at most `max_new_tokens`.

    constraint: forbids tokens, row by row; it is told which rows stay.
    """
    import torch
    from transformers import DynamicCache

    device = model.device
    longest = max(map(len, prompts))
    ids = torch.full((len(prompts), longest), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(prompts):
        ids[row, -len(tokens) :] = torch.tensor(tokens)
        mask[row, -len(tokens) :] = 1
    ids, mask = ids.to(device), mask.to(device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    cache = DynamicCache(config=model.config)
    written = [Written([]) for _ in prompts]
    rows = list(range(len(prompts)))  # of the batch as it is now: positions in `written`
    with torch.inference_mode():
        for step in range(max_new_tokens):
            scores = _scores(model, ids, mask, positions, cache)
            chosen = (constraint.allowed(scores) if constraint else scores).argmax(-1)
            values = chosen.tolist()
            for row, value in zip(rows, values, strict=True):
                if value == end:
                    written[row].ended = True
                elif not written[row].ended:
                    written[row].tokens.append(value)
            if step == max_new_tokens - 1:
                break
            if constraint:
                constraint.take(values)
            live = [at for at, row in enumerate(rows) if not written[row].ended]
            if not live:
                break
            if len(live) <= (1 - _WORTH_LEAVING) * len(rows):
                kept = torch.tensor(live, device=device)
                cache.batch_select_indices(kept)
                mask, positions, chosen = mask[kept], positions[kept], chosen[kept]
                rows = [rows[at] for at in live]
                if constraint:
                    constraint.keep(live)
            ids, positions = chosen[:, None], positions[:, -1:] + 1
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
    return written


def _scores(
    model: "PreTrainedModel", ids: "torch.Tensor", mask: "torch.Tensor", positions: "torch.Tensor", cache: Any
) -> "torch.Tensor":
    """Return (rows, vocabulary): the scores of the next token of each row."""
    output = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    return output.logits[:, -1]
