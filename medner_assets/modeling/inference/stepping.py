"""The forward passes of a decoding loop: one over the prompts, then one a token, with a key-value cache.

On a GPU the host decides how fast a small model writes: a pass over SmolLM2-135M is 600 launches, and the
card is done with each before the next one comes. So the passes of one token are recorded as a CUDA graph and
replayed. A graph has fixed shapes: the cache is as long as prompts and completions can get, and the rows are
those that it was recorded with, until half of them have ended and it is recorded anew.

Prompts are read part by part, the longest together: a few hundred of them, filled up to the longest of all,
would be read in more than twice the time that their own tokens take.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, starmap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

_ATTENTIONS = ("sdpa", "medner_grouped")
"""Those that take a mask of booleans, (rows, 1, new tokens, tokens)."""
_WORTH_RECORDING = 8
"""New tokens: a recording costs about what two passes cost."""
_AT_ONCE = 16_384
"""Tokens of prompts, filled up, in one pass: a GPU is busy with them, and reads more no faster."""


class Growing:
    """The cache grows by a token a step, as transformers' own does; rows leave when a sixth has ended."""

    worth_leaving = 1 / 6
    """Share of ended rows at which the cache is copied without them."""

    def __init__(
        self, model: "PreTrainedModel", ids: "torch.Tensor", mask: "torch.Tensor", positions: "torch.Tensor"
    ) -> None:
        from transformers import DynamicCache

        self.model, self.mask, self.positions = model, mask, positions
        self.cache: Any = DynamicCache(config=model.config)
        self.scores, self.total = _scores(model, ids, mask, positions, self.cache)
        """(rows, vocabulary): of the next token of each row; and (rows,): see `_scores`."""

    def step(self, chosen: "torch.Tensor") -> None:
        """Take the token of each row, (rows,), and score the next one."""
        import torch

        self.positions = self.positions[:, -1:] + 1
        self.mask = torch.cat([self.mask, self.mask.new_ones(len(chosen), 1)], dim=1)
        self.scores, self.total = _scores(self.model, chosen[:, None], self.mask, self.positions, self.cache)

    def keep(self, live: Sequence[int]) -> None:
        """Go on with these rows only, by their present places."""
        import torch

        kept = torch.tensor(live, device=self.mask.device)
        self.cache.batch_select_indices(kept)
        self.mask, self.positions = self.mask[kept], self.positions[kept]


class Recorded:
    """The cache has its whole length from the start, and each step replays one recorded pass.

    Unseen places are masked, so that the scores are those of a growing cache. Where a pass cannot be
    recorded (a module that asks the device for a number, say) it is called, and the cache stays as it is.
    """

    worth_leaving = 1 / 2

    def __init__(
        self,
        read: "Iterable[tuple[slice, Growing]]",
        layers: Sequence[Any],
        mask: "torch.Tensor",
        positions: "torch.Tensor",
        stepping: "Stepping",
    ) -> None:
        """read: prompts that were read, by their rows, which give their caches away. layers: the fixed ones,
        empty. mask, positions: (rows, tokens) of all prompts."""
        import torch
        from transformers import Cache

        self.stepping = stepping
        rows, width = mask.shape
        self.mask = torch.zeros(rows, 1, 1, layers[0].max_cache_len, dtype=torch.bool, device=mask.device)
        self.mask[:, 0, 0, :width] = mask.bool()
        self.at = torch.full((1,), width, device=mask.device)  # where the next token stands
        self.positions = positions[:, -1:].clone()
        self.ids = torch.zeros_like(self.positions)
        found = []
        for part, first in read:
            for grown, fixed in zip(first.cache.layers, layers, strict=True):
                _place(grown, fixed, part, rows, width)
                grown.keys = grown.values = None  # one layer at a time is in memory twice
            found.append((first.scores, first.total))
        self.model = first.model
        self.scores, self.total = (torch.cat(each) for each in zip(*found, strict=True))
        self.cache: Any = Cache(layers=list(layers))
        self._forget()

    def step(self, chosen: "torch.Tensor") -> None:
        """Take the token of each row, (rows,), and score the next one."""
        self.ids.copy_(chosen[:, None])
        if self.graph is not None:
            self.graph.replay()
            return
        if self.passes == 1 and self.stepping.records:  # the pass before has set up what a recording may not
            self._try_to_record()
        if self.graph is None:
            self.scores, self.total = self._pass()
        self.passes += 1

    def keep(self, live: Sequence[int]) -> None:
        """Go on with these rows only, by their present places."""
        import torch

        kept = torch.tensor(live, device=self.mask.device)
        for layer in self.cache.layers:
            layer.keys, layer.values = layer.keys[kept], layer.values[kept]
        self.mask, self.positions, self.ids = self.mask[kept], self.positions[kept], self.ids[kept]
        self._forget()

    def _forget(self) -> None:
        self.graph: Any = None
        self.passes = 0

    def _pass(self) -> tuple["torch.Tensor", "torch.Tensor"]:
        """Score behind `ids`. All that changes from one token to the next changes on the device."""
        self.positions.add_(1)
        self.mask.index_fill_(-1, self.at, True)
        self.at.add_(1)
        return _scores(self.model, self.ids, self.mask, self.positions, self.cache)

    def _try_to_record(self) -> None:
        import torch

        try:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                scores, total = self._pass()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self.stepping.cannot_record(error)
            return
        self.graph, self.scores, self.total = graph, scores, total
        graph.replay()


class Stepping:
    """How the batches of one model are stepped through. Where recording failed, it is not tried again."""

    def __init__(self, say: Callable[[str], None] = lambda _: None, *, fixed: bool | None = None) -> None:
        """say: takes a line where passes cannot be recorded. fixed: whether the cache has a fixed length;
        None: on a GPU."""
        self.say, self.fixed, self.records = say, fixed, True

    def begin(
        self,
        model: "PreTrainedModel",
        ids: "torch.Tensor",
        mask: "torch.Tensor",
        positions: "torch.Tensor",
        new_tokens: int,
    ) -> Growing | Recorded:
        """Read the prompts: ids, mask, positions (rows, tokens), padded on the left."""
        on_gpu = ids.device.type == "cuda"
        if new_tokens < _WORTH_RECORDING or not (on_gpu if self.fixed is None else self.fixed):
            return Growing(model, ids, mask, positions)
        parts = parts_within(mask.sum(-1).tolist(), _AT_ONCE)

        def read(part: slice, longest: int) -> tuple[slice, Growing]:
            return part, Growing(model, *(each[part, -longest:] for each in (ids, mask, positions)))

        first = read(*parts[0])
        layers = fixed_layers(model, first[1].cache, ids.shape[1] + new_tokens)
        if layers is None:
            return first[1] if len(parts) == 1 else Growing(model, ids, mask, positions)
        return Recorded(chain([first], starmap(read, parts[1:])), layers, mask, positions, self)

    def cannot_record(self, error: RuntimeError) -> None:
        """Say so, and call the passes from now on."""
        self.records = False
        self.say(f"generation goes on without CUDA graphs: {str(error).splitlines()[0]}")


def parts_within(lengths: Sequence[int], limit: int) -> list[tuple[slice, int]]:
    """Return (rows, tokens of the longest) of parts in which rows, filled up to the longest, have at most
    `limit` tokens, or of one row. They take all rows in their order."""
    parts: list[tuple[slice, int]] = []
    begin, longest = 0, 0
    for row, length in enumerate(lengths):
        if row > begin and max(longest, length) * (row + 1 - begin) > limit:
            parts.append((slice(begin, row), longest))
            begin, longest = row, 0
        longest = max(longest, length)
    return [*parts, (slice(begin, len(lengths)), longest)]


def _place(grown: Any, fixed: Any, part: slice, rows: int, width: int) -> None:
    """Write the keys and values of some rows at their places, the last ones of `width`, of a fixed layer."""
    if not fixed.is_initialized:
        _, heads, _, size = grown.keys.shape
        fixed.update(*(each.new_zeros(rows, heads, width, size) for each in (grown.keys, grown.values)))
    begin = width - grown.keys.shape[2]
    fixed.keys[part, :, begin:width] = grown.keys
    fixed.values[part, :, begin:width] = grown.values


def fixed_layers(model: "PreTrainedModel", grown: Any, length: int) -> list[Any] | None:
    """Return a fixed layer of the cache for each of a growing one; None where that is not the same.

    length: tokens at most, prompts and completions. The same: each layer keeps plain keys and values of every
    token, and attention takes a mask of booleans.
    """
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer, StaticLayer

    if getattr(model.config, "_attn_implementation", None) not in _ATTENTIONS:
        return None
    for layer in grown.layers:
        if type(layer) is DynamicSlidingWindowLayer and layer.sliding_window >= length:
            continue  # the window is never left
        if type(layer) is not DynamicLayer:
            return None
    return [StaticLayer(max_cache_len=length) for _ in grown.layers]


def _scores(
    model: "PreTrainedModel", ids: "torch.Tensor", mask: "torch.Tensor", positions: "torch.Tensor", cache: Any
) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Return (rows, vocabulary), the scores of the next token of each row, and (rows,), the logarithm of the
    sum of their exponentials in float32: a score less it is a log-probability."""
    output = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    scores = output.logits[:, -1]
    return scores, _total(scores)


def _total(scores: "torch.Tensor") -> "torch.Tensor":
    return scores.float().logsumexp(-1)
