"""The loss of a micro-batch in each layout: negative log likelihoods of completion tokens, summed.

The output head and the loss are computed on learned positions only: fewer than half of a sample's tokens
are predicted, and the head is a fifth of a small model's work.

What a model does to its scores after its head (a cap, a scale) is part of it. For classes that are proven to
do nothing there, the loss is made from the head's input; for any other, the head's input is cut down to the
learned positions on its way and the model's own forward pass goes on with it; where a model has no head that
can be watched, all its scores are taken. On a CPU the loss and its gradient are
computed together, some hundred positions at a time: the logits of a whole step would be the largest
tensors of all, and are never kept.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from medner_assets.modeling.samples import Sample
from medner_assets.modeling.training.batching import IGNORED, PackedRow, collate

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


_PIECE = 256
"""Positions at a time: their logits stay in a CPU's cache."""
_SMALLEST = 1e-30
"""Below this a probability in float32 says too little about its logarithm."""


Head = Literal["plain", "own", "whole"]
"""How scores are made. plain: from the head's input and its matrix alone. own: by the model, on learned
positions. whole: by the model, on all positions."""

_PLAIN_HEADS = frozenset({
    "LlamaForCausalLM", "MistralForCausalLM", "MixtralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM",
    "Olmo2ForCausalLM", "Olmo3ForCausalLM", "Phi3ForCausalLM", "SmolLM3ForCausalLM",
})  # fmt: skip
"""Classes of transformers whose scores are the head's product and nothing else, as
`test_equality.py` has it."""


def head_of(model: Any) -> Head:
    """Return how the scores of `model`, with or without an adapter, may be made, by its class."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    kind = type(inner)
    if kind.__name__ in _PLAIN_HEADS and kind.__module__.startswith("transformers.models."):
        return "plain"
    return "own" if inner.get_output_embeddings() is not None else "whole"


class HeadInput:
    """Takes from a call of `model` the states that its output head would get, so that the loss is made from
    them.

    It works through a hook of the head's module, so that the model is still called as a whole: data
    parallelism and gradient checkpointing wrap that call.
    """

    def __init__(self, model: "PreTrainedModel") -> None:
        self.layer = model.get_output_embeddings()
        self._taken: list[torch.Tensor] | None = None
        self._learned: torch.Tensor | None = None
        self._hook = None if self.layer is None else self.layer.register_forward_pre_hook(self._take)

    def states(self, model: Any, **inputs: Any) -> "torch.Tensor":
        """Call `model`, or what wraps it, and return the head's input, (samples, tokens, hidden)."""
        taken: list[torch.Tensor] = []
        self._taken = taken
        try:
            model(**inputs, use_cache=False)
        finally:
            self._taken = None
        if len(taken) != 1:
            raise RuntimeError(f"{type(model).__name__} called its output head {len(taken)} times")
        return taken[0]

    def scores(self, model: Any, learned: "torch.Tensor", **inputs: Any) -> "torch.Tensor":
        """Call `model`, or what wraps it, and return its own scores at the learned positions.

        Shape (learned positions, vocabulary). learned: (samples, tokens), true where a token is predicted
        from.
        """
        taken: list[torch.Tensor] = []
        self._taken, self._learned = taken, learned
        try:
            output = model(**inputs, use_cache=False)
        finally:
            self._taken = self._learned = None
        scores: torch.Tensor = output.logits
        if len(taken) != 1 or scores.shape[:2] != (1, int(learned.sum())):
            raise RuntimeError(f"{type(model).__name__} does not make its scores from its output head alone")
        return scores[0]

    def remove(self) -> None:
        """Take the hook off."""
        if self._hook is not None:
            self._hook.remove()

    def _take(self, module: object, hidden: "tuple[torch.Tensor, ...]") -> "tuple[torch.Tensor] | None":
        del module
        if self._taken is None:
            return None
        self._taken.append(hidden[0])
        return (hidden[0][:, :0] if self._learned is None else hidden[0][self._learned][None],)


def completion_loss(
    states: "torch.Tensor", head: Any, targets: "torch.Tensor", weights: "torch.Tensor", items: float
) -> "torch.Tensor":
    """Return the weighted sum of the targets' negative log likelihoods, divided by `items`.

    states: (learned tokens, hidden), the input of `head`, a linear layer; targets and weights: (learned
    tokens,).
    """
    import torch.nn.functional as F
    from torch import nn

    plain = type(head) is nn.Linear and getattr(head, "bias", None) is None and not head.weight.requires_grad
    if plain and not states.is_cuda:
        total: torch.Tensor = _in_pieces().apply(states, head.weight, targets, weights / items)
        return total
    losses = F.cross_entropy(head(states).float(), targets, reduction="none")
    return (losses * weights).sum() / items


@cache
def _in_pieces() -> Any:
    import torch

    class LossInPieces(torch.autograd.Function):
        """Sum of weights × negative log likelihoods. The gradient of the states is computed on the way."""

        @staticmethod
        def forward(ctx: Any, states: Any, matrix: Any, targets: Any, weights: Any) -> Any:
            gradient = torch.empty_like(states) if ctx.needs_input_grad[0] else None
            total = torch.zeros((), dtype=torch.float32)
            for begin in range(0, len(states), _PIECE):
                piece = slice(begin, begin + _PIECE)
                asked, weight = targets[piece, None], weights[piece, None]
                logits = states[piece].to(matrix.dtype) @ matrix.T
                likely = torch.softmax(logits.float(), -1)
                chosen = likely.gather(1, asked)
                logs = chosen.log()
                if bool((chosen < _SMALLEST).any()):
                    logs = torch.log_softmax(logits.float(), -1).gather(1, asked)
                total -= (logs * weight).sum()
                if gradient is not None:
                    likely.scatter_(1, asked, torch.expm1(logs))
                    gradient[piece] = (likely.to(matrix.dtype) @ matrix) * weight
            ctx.save_for_backward(gradient)
            return total

        @staticmethod
        def backward(ctx: Any, outer: Any) -> Any:
            (gradient,) = ctx.saved_tensors
            return gradient * outer.to(gradient.dtype), None, None, None

    return LossInPieces


def packed_loss(
    model: Any, head: HeadInput, row: PackedRow, items: float, *, weighted: bool = True
) -> "torch.Tensor":
    """Return the weighted loss of a row's completion tokens, divided by `items`. The model is fused."""
    import torch

    states = head.states(
        model,
        input_ids=row.input_ids,
        position_ids=row.position_ids,
        # A mask of four dimensions is handed on as it is: transformers then makes none over all pairs of
        # tokens.
        attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool, device=row.input_ids.device),
        boundaries=row.boundaries,
        longest=row.longest,
        # A share of the last layer: much of a small model, a hundredth of a large one.
        kept=None if row.input_ids.is_cuda else row.predicting,
    )[0]
    if len(states) > len(row.predicting):
        states = states[row.predicting]
    weights = row.weights if weighted else torch.ones_like(row.weights)
    return completion_loss(states, head.layer, row.targets, weights, items)


def joined_loss(
    model: Any, head: HeadInput, row: PackedRow, items: float, *, weighted: bool = True, way: Head = "own"
) -> "torch.Tensor":
    """Return the weighted loss of a row's completion tokens, divided by `items`, by the model's own forward
    pass.

    No attention mask goes with the row: from positions that begin anew transformers makes one that keeps
    samples apart, where the model's attention takes it.
    """
    import torch
    import torch.nn.functional as F

    inputs = {"input_ids": row.input_ids, "position_ids": row.position_ids}
    weights = row.weights if weighted else torch.ones_like(row.weights)
    if way == "plain":
        states = head.states(model, **inputs)[0][row.predicting]
        return completion_loss(states, head.layer, row.targets, weights, items)
    if way == "own":
        learned = torch.zeros_like(row.input_ids, dtype=torch.bool)
        learned[0, row.predicting] = True
        scores = head.scores(model, learned, **inputs)
    else:
        scores = model(**inputs, use_cache=False).logits[0, row.predicting]
    losses = F.cross_entropy(scores.float(), row.targets, reduction="none")
    return (losses * weights).sum() / items


def padded_loss(
    model: Any,
    head: HeadInput,
    samples: Sequence[Sample],
    items: float,
    *,
    pad: int,
    device: "torch.device",
    weighted: bool = True,
    way: Head = "plain",
) -> "torch.Tensor":
    """Return the weighted loss of the samples' completion tokens, divided by `items`. Any causal model."""
    import torch
    import torch.nn.functional as F

    batch = {name: tensor.to(device) for name, tensor in collate(samples, pad).items()}
    learned = batch["labels"][:, 1:] != IGNORED
    targets, weights = batch["labels"][:, 1:][learned], batch["weights"][:, 1:][learned]
    if not weighted:
        weights = torch.ones_like(weights)
    if way == "plain":
        states = head.states(model, input_ids=batch["input_ids"])
        return completion_loss(states[:, :-1][learned], head.layer, targets, weights, items)
    if way == "own":
        predicting = torch.zeros_like(batch["labels"], dtype=torch.bool)
        predicting[:, :-1] = learned
        scores = head.scores(model, predicting, input_ids=batch["input_ids"])
    else:
        scores = model(input_ids=batch["input_ids"], use_cache=False).logits[:, :-1][learned]
    losses = F.cross_entropy(scores.float(), targets, reduction="none")
    return (losses * weights).sum() / items
