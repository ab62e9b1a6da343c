"""Greedy completions in batches: documents of one length together, padded on the left, with a key-value
cache."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model wrote for one document. finish_reason: stop, or length where it was cut."""

    doc_id: str
    completion: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    """Wall-clock seconds; a batch's time is shared evenly."""


def generate_batches(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompts: Sequence[tuple[str, list[int]]],
    *,
    batch_size: int,
    max_new_tokens: int,
) -> Iterator[list[Completion]]:
    """Yield the completions of (doc_id, prompt tokens) batch by batch, the longest prompts first.

    The longest batch comes first so that a lack of memory shows at once.
    """
    by_length = sorted(prompts, key=lambda prompt: -len(prompt[1]))
    for i in range(0, len(by_length), batch_size):
        yield _generate(model, tokenizer, by_length[i : i + batch_size], max_new_tokens)


def _generate(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    batch: Sequence[tuple[str, list[int]]],
    max_new_tokens: int,
) -> list[Completion]:
    import torch

    began = time.monotonic()
    end = tokenizer.eos_token_id
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else end
    longest = max(len(tokens) for _, tokens in batch)
    ids = torch.full((len(batch), longest), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, (_, tokens) in enumerate(batch):
        ids[row, -len(tokens) :] = torch.tensor(tokens)
        mask[row, -len(tokens) :] = 1
    with torch.inference_mode():
        output = model.generate(  # type: ignore[operator] # typed as a Tensor by nn.Module
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            do_sample=False,
            max_new_tokens=max_new_tokens,
            eos_token_id=end,
            pad_token_id=pad,
            use_cache=True,
        )
    written = output[:, longest:].tolist()
    seconds = (time.monotonic() - began) / len(batch)
    completions = []
    for (doc_id, tokens), new in zip(batch, written, strict=True):
        stopped = end in new
        kept = new[: new.index(end)] if stopped else new
        text = str(tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False))
        completions.append(
            Completion(doc_id, text, "stop" if stopped else "length", len(tokens), len(kept), seconds)
        )
    return completions
