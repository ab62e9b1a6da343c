"""The adapter of a fused model in the type of its activations, rounded once a step instead of in each layer.

Each projection multiplies by its A and B in 16 bits: hundreds of small kernels that convert a few thousand
values each, which take a twelfth of a small model's step on a GPU. As one tensor they take one.
"""

from typing import TYPE_CHECKING, Any

from medner_assets.modeling.fused.layers import computed_together
from medner_assets.modeling.training.optimizer import BLOCK, FlatParameters

if TYPE_CHECKING:
    import torch
    from torch import nn


def in_order_of_use(model: Any) -> list["nn.Parameter"]:
    """Return the trained parameters of a model, the A of adapters that are computed together in a row."""
    first: list[Any] = []
    for group in computed_together(model):
        first += [each.down for each in group if each.down is not None]
        first += [each.up for each in group if each.up is not None]
    known = set(map(id, first))
    return [*first, *(p for p in model.parameters() if p.requires_grad and id(p) not in known)]


class RoundedAdapter:
    """Keeps the rounded adapter in the projections of a fused model. Whoever changes weights calls `refresh`
    before the model is used again."""

    def __init__(self, model: Any, flat: FlatParameters, kind: "torch.dtype") -> None:
        """flat: of the parameters `in_order_of_use`."""
        self._whole = flat.whole
        self._copy, views = flat.copy_in(kind)
        places = {id(piece): i for i, piece in enumerate(flat.pieces)}
        self._groups = computed_together(model)
        for group in self._groups:
            downs = [places[id(each.down)] for each in group if each.down is not None]
            ups = [None if each.up is None else views[places[id(each.up)]] for each in group]
            group[0].rounded = (_in_a_row([views[i] for i in downs]), ups)
        self.refresh()

    def refresh(self) -> None:
        """Round the adapter as it is now."""
        self._copy.copy_(self._whole.detach())

    def remove(self) -> None:
        """Let each projection round for itself again."""
        for group in self._groups:
            group[0].rounded = None


def kept_rounded(model: Any, flat: FlatParameters) -> RoundedAdapter | None:
    """Return the rounded adapter of a fused model; None where nothing is rounded, or A of adapters that are
    computed together do not lie in a row without gaps."""
    kind = model.get_input_embeddings().weight.dtype
    downs = [each.down for group in computed_together(model) for each in group if each.down is not None]
    if kind == flat.whole.dtype or any(down.numel() % BLOCK for down in downs):
        return None
    return RoundedAdapter(model, flat, kind)


def _in_a_row(views: "list[torch.Tensor]") -> "torch.Tensor | None":
    """Return adjacent matrices of one width as one."""
    if not views:
        return None
    rows, width = sum(len(view) for view in views), views[0].shape[1]
    return views[0].as_strided((rows, width), (width, 1))
