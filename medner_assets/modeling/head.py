"""The output head on learned positions only: fewer than half of a sample's tokens are predicted, and the head
is a fifth of a small model's work."""

from typing import TYPE_CHECKING

from medner_assets.modeling.batches import IGNORED

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class SelectiveHead:
    """Puts the output head of `model` on the positions that predict a labelled token.

    It works through a hook of the head's module, so that the model is still called as a whole: data
    parallelism and gradient checkpointing wrap that call.
    """

    def __init__(self, model: "PreTrainedModel") -> None:
        self._chosen: torch.Tensor | None = None
        head = model.get_output_embeddings()
        self._hook = head.register_forward_pre_hook(self._select)

    def choose(self, labels: "torch.Tensor") -> None:
        """Let the next call of the model return logits (learned tokens, vocabulary) for `labels` (samples,
        tokens), row by row."""
        self._chosen = learned(labels)

    def remove(self) -> None:
        """Take the hook off."""
        self._hook.remove()

    def _select(self, module: object, hidden: "tuple[torch.Tensor, ...]") -> "tuple[torch.Tensor] | None":
        del module
        if self._chosen is None:
            return None
        chosen, self._chosen = self._chosen, None
        return (hidden[0][:, :-1][chosen],)


def learned(labels: "torch.Tensor") -> "torch.Tensor":
    """Return (samples, tokens - 1), true where the next token is labelled."""
    return labels[:, 1:] != IGNORED


def completion_loss(
    logits: "torch.Tensor", labels: "torch.Tensor", weights: "torch.Tensor", items: "torch.Tensor | float"
) -> "torch.Tensor":
    """Return the weighted sum of the negative log likelihoods of the labelled tokens, divided by `items`.

    logits: (learned tokens, vocabulary), see `SelectiveHead`; labels and weights: (samples, tokens).
    """
    import torch.nn.functional as F

    chosen = learned(labels)
    losses = F.cross_entropy(logits.float(), labels[:, 1:][chosen], reduction="none")
    return (losses * weights[:, 1:][chosen]).sum() / items
