"""Greedy completions in batches: documents of one length together, padded on the left, with a key-value
cache.

A batch takes as many steps as its longest completion has tokens, and most end long before: on synthetic
notes the median completion is a third of the longest one of its batch. transformers' `generate` carries
the rows that have ended to the end; here they leave (`stepping.py` says when). The tokens are those of
`generate`: the same model called with the same masks and positions.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError
from medner_assets.modeling.base_files import language_part, positions_in
from medner_assets.modeling.inference.stepping import Stepping
from medner_assets.modeling.inference.token_places import TokenPlaces
from medner_assets.modeling.loading import ends_of
from medner_assets.modeling.memory import device_memory, release

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from medner_assets.modeling.inference.grammar import Constraint, Grammar


_DIGITS = 5
"""Of a log-probability that is written down: the sum over a line stays within 1e-4."""


@dataclass(slots=True)
class Written:
    """What was written behind one prompt: its new tokens, without the end of text."""

    tokens: list[int]
    ended: bool = False
    """Whether the model ended its text; else it was cut."""
    most: int = 2**31
    """Tokens that it may have."""
    log_probabilities: list[float] = field(default_factory=list)
    """Of each token, natural logarithm, rounded, as the model gave it before any grammar; of the one that
    ended the text too."""

    @property
    def is_full(self) -> bool:
        """Whether no token may be added."""
        return len(self.tokens) >= self.most

    @property
    def is_done(self) -> bool:
        """Whether nothing more is written."""
        return self.ended or self.is_full


def decode(
    model: "PreTrainedModel",
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    end: int | Collection[int],
    pad: int,
    constraint: "Constraint | None" = None,
    stepping: Stepping | None = None,
) -> list[Written]:
    """Return what `model` writes behind each prompt (at least one, none empty), at most `max_new_tokens`.

    end: the token or tokens that end a text. A row is cut when prompt and completion are as long as the model
    reads. constraint: forbids tokens, row by row; it is told which rows stay. stepping: the way of the device
    where it is None.
    """
    import torch

    ends = frozenset((end,) if isinstance(end, int) else end)
    room = positions_in(language_part(model.config.to_dict())) or max(map(len, prompts)) + max_new_tokens
    device = model.device
    longest = max(map(len, prompts))
    ids = torch.full((len(prompts), longest), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(prompts):
        ids[row, -len(tokens) :] = torch.tensor(tokens)
        mask[row, -len(tokens) :] = 1
    ids, mask = ids.to(device), mask.to(device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    written = [Written([], most=min(max_new_tokens, room - len(tokens))) for tokens in prompts]
    steps = max(each.most for each in written)
    likely: list[tuple[list[int], torch.Tensor]] = []  # stay on the device until all is written
    rows = list(range(len(prompts)))  # of the batch as it is now: positions in `written`
    with torch.inference_mode():
        stepper = (stepping or Stepping()).begin(model, ids, mask, positions, steps)
        for step in range(steps):
            scores = stepper.scores
            best, chosen = (constraint.allowed(scores) if constraint else scores).max(-1)
            likely.append((rows, _log_probabilities(best, stepper.total)))
            values = chosen.tolist()
            for row, value in zip(rows, values, strict=True):
                if value in ends and not written[row].is_full:
                    written[row].ended = True
                elif not written[row].is_done:
                    written[row].tokens.append(value)
            if step == steps - 1:
                break
            if constraint:
                constraint.take(values)
            live = [at for at, row in enumerate(rows) if not written[row].is_done]
            if not live:
                break
            if len(live) <= (1 - stepper.worth_leaving) * len(rows):
                stepper.keep(live)
                chosen = chosen[torch.tensor(live, device=device)]
                rows = [rows[at] for at in live]
                if constraint:
                    constraint.keep(live)
            stepper.step(chosen)
    _distribute(likely, written)
    return written


def _log_probabilities(best: "torch.Tensor", total: "torch.Tensor") -> "torch.Tensor":
    """Return (rows,): the log-probability of each chosen token among all tokens, in float32.

    best: the scores of the chosen tokens. total: see `stepping`; it is of all tokens, also where a grammar
    allowed some alone: what the model would rather have said is doubt as well, and the same answer has the
    same probability with and without one.
    """
    return best.float() - total


def _distribute(likely: "Sequence[tuple[list[int], torch.Tensor]]", written: Sequence[Written]) -> None:
    """Give each text its tokens' log-probabilities; what a row is given behind its end is left out.

    Whole columns at a time: value by value it took longer than the passes that gave the values.
    """
    import torch

    values = torch.cat([each for _, each in likely]).double().cpu().numpy().round(_DIGITS)
    at = 0
    for _, steps_alike in groupby(likely, key=lambda step: id(step[0])):
        steps = list(steps_alike)
        rows = steps[0][0]
        block = values[at : at + len(steps) * len(rows)].reshape(len(steps), len(rows))
        at += block.size
        for place, row in enumerate(rows):
            one = written[row]
            missing = len(one.tokens) + one.ended - len(one.log_probabilities)
            one.log_probabilities += block[:missing, place].tolist()


MOST_DOCUMENTS = 512
"""In a batch: results are kept batch by batch, and more are hardly faster."""


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
    token_starts: list[int] | None = None
    """Of each token, its first character in `completion`; of the one that ended the text too; None: not
    known."""
    log_probabilities: list[float] | None = None
    """Of each token, natural logarithm, see `Written`; None: it is not known."""


def generate_batches(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompts: Sequence[tuple[str, list[int]]],
    *,
    batch_size: int,
    max_new_tokens: int,
    grammar: "Grammar | None" = None,
    say: Callable[[str], None] = lambda _: None,
    named: Callable[[str], str] = str,
) -> Iterator[list[Completion]]:
    """Yield the completions of (doc_id, prompt tokens) batch by batch, the longest prompts first.

    The longest batch comes first so that a lack of memory shows at once. batch_size: documents a batch on a
    CPU; on a GPU as many as its free memory holds, and half of them when that was too much. grammar: what
    completions must follow. say: takes a line when a batch was cut, or steps cannot be recorded. named: what
    a person calls the document of an id, for errors.
    Raises MednerError when not even one document fits.
    """
    import torch

    waiting = sorted(prompts, key=lambda prompt: -len(prompt[1]))
    places, stepping = TokenPlaces(tokenizer), Stepping(say)
    size = batch_size
    if waiting and model.device.type == "cuda":
        size = fitting_batch(model, len(waiting[0][1]) + max_new_tokens)
    while waiting:
        try:
            done = _generate(model, tokenizer, places, waiting[:size], max_new_tokens, grammar, stepping)
        except torch.OutOfMemoryError:
            done = None  # the error's frames keep the cache alive until this block ends
        if done is not None:
            del waiting[:size]
            yield done
            continue
        if size == 1:
            raise MednerError(
                f"document {named(waiting[0][0])} of {len(waiting[0][1])} tokens does not fit into the "
                "GPU's memory: "
                "lower decoding.max_new_tokens, split the document, or use a larger GPU"
            )
        release()
        half = max(1, min(size, len(waiting)) // 2)
        say(f"out of memory with {size} documents per batch: continuing with {half}")
        size = half


def fitting_batch(model: "PreTrainedModel", tokens: int) -> int:
    """Return how many documents of `tokens` tokens (prompt and completion) fit a GPU's free memory at
    once."""
    config: Any = model.config.get_text_config()
    heads = config.num_attention_heads
    head = getattr(config, "head_dim", None) or config.hidden_size // heads
    shared = getattr(config, "num_key_value_heads", None) or heads
    cache = 2 * config.num_hidden_layers * shared * head * 2
    # Of one layer at a time: its states and the feed-forward block's, and the cache that grows by a copy.
    layer = (
        8 * config.hidden_size + 3 * (getattr(config, "intermediate_size", None) or 4 * config.hidden_size)
    ) * 2 + 3 * cache // config.num_hidden_layers
    each = tokens * (cache + layer) + 12 * config.vocab_size
    return max(1, min(MOST_DOCUMENTS, int(device_memory(model.device).usable // each)))


def _generate(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    places: TokenPlaces,
    batch: Sequence[tuple[str, list[int]]],
    max_new_tokens: int,
    grammar: "Grammar | None",
    stepping: Stepping,
) -> list[Completion]:
    began = time.monotonic()
    end = ends_of(tokenizer)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(end)
    written = decode(
        model,
        [tokens for _, tokens in batch],
        max_new_tokens=max_new_tokens,
        end=end,
        pad=pad,
        constraint=grammar.constraint(len(batch)) if grammar is not None else None,
        stepping=stepping,
    )
    decoded = [places.decoded(new.tokens) for new in written]
    seconds = (time.monotonic() - began) / len(batch)
    return [
        Completion(
            doc_id,
            text,
            "stop" if new.ended else "length",
            len(tokens),
            len(new.tokens),
            seconds,
            [0, *ends][: len(new.log_probabilities)],
            new.log_probabilities,
        )
        for (doc_id, tokens), new, (text, ends) in zip(batch, written, decoded, strict=True)
    ]
