"""One base in memory that reads with one adapter after the other, as if it were loaded for each.

Where an adapter is added to the base's weights, these are copied before, and copied back for the next one: to
the last bit what was loaded. The copies are in the machine's memory, not in a GPU's, so that batches have the
size that they would have alone. Where the weights cannot be had back, the base is loaded anew.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medner_assets.modeling.adapters import refuse_another_base
from medner_assets.modeling.inference.model import is_plain, load_base_for_reading, load_for_reading
from medner_assets.modeling.laps import Laps
from medner_assets.modeling.memory import device_memory, release
from medner_assets.recipes.sources import BaseModelRecipe

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class OneBase:
    """A base that is loaded when it is first read with. Of several models that it gave, the last is valid."""

    def __init__(self, say: Callable[[str], None] = lambda _: None) -> None:
        """say: takes a line where the base has to be loaded for each adapter."""
        self._say = say
        self.is_new = True
        self._is_whole = False
        self._copies: dict[str, torch.Tensor] | None = None
        self._get_back: Callable[[], Any] | None = None  # the base as it was loaded

    def model(
        self,
        folder: Path,
        base: BaseModelRecipe,
        adapter: Path | None,
        device: "torch.device",
        *,
        tokens: int | None = None,
        laps: Laps | None = None,
    ) -> "PreTrainedModel":
        """Return what `load_model` returns for the same arguments; folder and base are those of all calls."""
        laps = laps or Laps(of_process=False)
        self.is_new = False
        if adapter is not None:
            refuse_another_base(adapter, base, folder)
        laps.done("revision")
        if self._get_back is not None:
            model = self._get_back()
        else:
            release()  # of an adapter that could not be taken off, or put on
            model, self._is_whole = load_base_for_reading(folder, base, device, tokens=tokens)
            self._copies = {} if self._can_copy(model) else None
        laps.done("base")
        if adapter is None:
            self._get_back = lambda: model
            return model
        self._get_back = None  # until all of the adapter is on
        adapted: Any = load_for_reading(model, adapter, quantized=not self._is_whole, copies=self._copies)
        if not self._is_whole:
            # PEFT left the weights as they were. On a CPU bitsandbytes repacks them when they are first used,
            # and what is computed under the next adapter differs in the last digits.
            self._get_back = adapted.unload if device.type != "cpu" else None
        elif self._copies is not None and is_plain(adapter):
            self._get_back = lambda: self._restored(model)
        laps.done("adapter")
        return adapted.eval()

    def _restored(self, model: Any) -> Any:
        import torch

        with torch.inference_mode():
            for module, weight in (self._copies or {}).items():
                model.get_submodule(module).weight.copy_(weight)
        return model

    def _can_copy(self, model: Any) -> bool:
        """Return whether the machine has memory for copies of all weights that may change."""
        import torch

        wanted = sum(each.nbytes for each in model.parameters()) if self._is_whole else 0
        fits = wanted <= device_memory(torch.device("cpu")).usable
        if not fits:
            self._say("no memory for a copy of the base's weights: the base is loaded for each adapter")
        return fits
