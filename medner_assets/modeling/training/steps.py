"""One optimiser step: its samples go through the model in micro-batches that fit, and their gradients add up.

The effective batch is the recipe's whatever the micro-batch: the loss is a sum over the step's completion
tokens divided by their number. Where a micro-batch does not fit into the device's memory, the step begins
anew with micro-batches of half the size, and says so.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from medner_assets.errors import MednerError
from medner_assets.modeling.memory import device_memory, give_back, largest_that_fits, release
from medner_assets.modeling.progress import Log
from medner_assets.modeling.samples import Sample
from medner_assets.modeling.training.batching import pack, padded_groups, rows_within
from medner_assets.modeling.training.distributed import Ranks
from medner_assets.modeling.training.graphs import Graphs, graphs_for
from medner_assets.modeling.training.loss import (
    Head,
    HeadInput,
    head_of,
    joined_loss,
    packed_loss,
    padded_loss,
)
from medner_assets.modeling.training.optimizer import FlatParameters
from medner_assets.modeling.training.rounding import kept_rounded

if TYPE_CHECKING:
    import torch

_EVAL_SAMPLES = 32
_STEPS_A_TRIM = 20
_SMALLEST_PROBE = 512
"""Tokens. Smaller micro-batches waste a GPU so much that keeping fewer activations is faster."""

Layout = Literal["packed", "aligned", "joined", "padded"]
"""packed: samples one after the other, without padding. aligned: the same, each filled up to the longest,
which is fastest on a CPU. Both need a fused model (`fused/layers.py`). joined: as packed, through the model's
own attention, which must keep samples apart by their positions. padded: a rectangle, for any model."""
OWN_FORWARD: tuple[Layout, ...] = ("joined", "padded")
"""Layouts that take the model's own forward pass."""
_ROWS: tuple[Layout, ...] = ("packed", "joined")


class Steps:
    """Runs steps and evaluations of a model in one layout."""

    def __init__(
        self,
        model: Any,
        *,
        layout: Layout,
        device: "torch.device",
        pad: int,
        samples: int,
        log: Log,
        ranks: Ranks = Ranks(),  # noqa: B008 # frozen
        checkpointing: Literal["auto", "on", "off"] = "off",
        tokens: int | None = None,
        way: Head | None = None,
        flat: FlatParameters | None = None,
        pool: "Callable[[], Any] | None" = None,
    ) -> None:
        """samples: most samples of a padded micro-batch. tokens: most tokens of a micro-batch; None: no
        limit. way: how scores are made; None: as the model's class allows. flat: what is trained,
        where it is one tensor. pool: returns memory of CUDA graphs that others use too, or None.

        checkpointing: what the recipe says; auto: switched on when not even one sample fits without.
        """
        self._model, self._layout, self._device, self._pad = model, layout, device, pad
        self._samples, self.tokens, self._log, self._ranks = samples, tokens, log, ranks
        self._head, self._way = HeadInput(model), way or head_of(model)
        self._together = 1 if samples == 1 else _EVAL_SAMPLES
        self._may_checkpoint = checkpointing == "auto"
        self.checkpointing = checkpointing == "on"
        self._trained = [p for p in model.parameters() if p.requires_grad]
        self._flat, self._pool = flat, pool
        self._rounded = kept_rounded(model, flat) if flat is not None and layout == "packed" else None
        self.bytes_a_step = 0
        """What a step takes of the device's memory, where `fit` has tried one."""
        self._graphs: Graphs | None = None
        self._done = 0

    def close(self) -> None:
        """Take off what was put on the model."""
        self._head.remove()
        if self._rounded is not None:
            self._rounded.remove()

    def train(self, model: Any, samples: Sequence[Sample]) -> "torch.Tensor":
        """Leave the gradients of one step on the parameters and return its loss, over all processes.

        model: what wraps the model for the forward pass. Raises MednerError when one sample alone does not
        fit.
        """
        import torch

        items = sum(len(sample.completion) for sample in samples)
        mine = self._ranks.share(samples)
        while True:
            loss = self._attempt(model, self._groups(mine), items)
            fits = self._ranks.least(int(loss is not None), self._device)
            if fits:
                break
            self._shrink(mine)
        if self._flat is None:
            self._ranks.sum_gradients(self._trained)
        else:
            self._flat.gather()
            self._ranks.sum(self._flat.gradient)
        self._done += 1
        if self._device.type == "cpu" and self._done % _STEPS_A_TRIM == 0:
            give_back()
        assert loss is not None
        return self._ranks.sum(loss) if torch.is_tensor(loss) else loss

    def evaluate(self, samples: Sequence[Sample]) -> tuple[float, int]:
        """Return the summed loss of the samples' completion tokens, each weighing 1, and their number."""
        import torch

        mine = self._ranks.share(sorted(samples, key=len))
        if self._rounded is not None:
            self._rounded.refresh()
        total = torch.zeros((), device=self._device, dtype=torch.float64)
        waiting = self._eval_groups(mine)
        with torch.no_grad():
            while waiting:
                try:
                    total += self._loss(self._model, waiting[0], 1.0, weighted=False)
                except torch.OutOfMemoryError:
                    if len(waiting[0]) == 1:
                        raise MednerError(_too_small(len(waiting[0][0]))) from None
                    half = len(waiting[0]) // 2
                    waiting[:1] = [waiting[0][:half], waiting[0][half:]]
                    release()
                    continue
                del waiting[0]
        count = sum(len(sample.completion) for sample in samples)
        return float(self._ranks.sum(total)), count

    def fit(self, samples: Sequence[Sample], effective: int) -> None:
        """Find the largest micro-batch that fits a CUDA device, with gradient checkpointing only if it must
        be.

        samples: all samples; effective: samples a step. Tries the longest of them, forward and backward.
        """
        import torch

        longest = sorted(samples, key=len, reverse=True)[: -(-effective // self._ranks.size)]
        if not longest or self._device.type != "cuda":
            return
        wanted, one = sum(map(len, longest)), len(longest[0])

        def fits(tokens: int) -> bool:
            self.tokens = tokens
            largest = max(self._groups(longest), key=lambda group: sum(map(len, group)))
            before, allocated = device_memory(self._device), torch.cuda.memory_allocated(self._device)
            torch.cuda.reset_peak_memory_stats(self._device)
            done = self._attempt(self._model, [largest], 1) is not None
            taken = torch.cuda.max_memory_allocated(self._device) - allocated
            self._clear()
            self.bytes_a_step = taken
            return bool(self._ranks.least(int(done and taken <= before.usable), self._device))

        with torch.random.fork_rng(devices=[self._device]):
            self._model.train()
            smallest = max(one, min(_SMALLEST_PROBE, wanted)) if self._may_checkpoint else one
            found = largest_that_fits(wanted, smallest, fits)
            if found is None and self._may_checkpoint:
                self._checkpoint()
                found = largest_that_fits(wanted, one, fits)
        if found is None:
            raise MednerError(_too_small(one))
        self.tokens = found if found < wanted else None
        torch.cuda.reset_peak_memory_stats(self._device)
        self._log.info(
            f"micro-batches of up to {found} tokens, "
            f"{'with' if self.checkpointing else 'without'} gradient checkpointing; "
            f"a step has {effective} samples"
        )

    def plan(self, steps: Iterable[Sequence[Sample]]) -> None:
        """Prepare CUDA graphs for the steps to come, where rows are packed and nothing is computed twice."""
        if self._device.type == "cuda" and self._flat and self._layout == "packed" and not self.checkpointing:
            rows = [row for step in steps for row in self._groups(self._ranks.share(step))]
            self._graphs = graphs_for(
                rows,
                self._model.get_nb_trainable_parameters()[1],
                lambda row: packed_loss(self._model, self._head, row, 1.0),
                self._flat,
                self._log,
                self._pool,
            )

    def _attempt(self, model: Any, groups: list[list[Sample]], items: int) -> "torch.Tensor | None":
        """Run forward and backward over the groups; return the loss, None if memory did not suffice."""
        import torch

        total = torch.zeros((), device=self._device)
        self._clear()
        if self._rounded is not None:
            self._rounded.refresh()
        try:
            for group in groups:
                loss = self._graphs.run(group, items) if self._graphs else None
                if loss is None:
                    loss = self._loss(model, group, items)
                    loss.backward()
                total += loss.detach()
            return total
        except torch.OutOfMemoryError:
            pass  # the error's frames keep tensors alive until this block ends
        self._clear()
        release()
        return None

    def _loss(
        self, model: Any, group: Sequence[Sample], items: float, *, weighted: bool = True
    ) -> "torch.Tensor":
        if self._layout == "padded":
            return padded_loss(
                model,
                self._head,
                group,
                items,
                pad=self._pad,
                device=self._device,
                weighted=weighted,
                way=self._way,
            )
        row = pack(group, self._device, self._pad if self._layout == "aligned" else None)
        if self._layout == "joined":
            return joined_loss(model, self._head, row, items, weighted=weighted, way=self._way)
        return packed_loss(model, self._head, row, items, weighted=weighted)

    def _groups(self, samples: Sequence[Sample]) -> list[list[Sample]]:
        """Return the micro-batches of a step."""
        if self._layout in _ROWS:
            return rows_within(samples, self.tokens or max(1, sum(map(len, samples))))
        return padded_groups(samples, self._samples, self.tokens)

    def _eval_groups(self, samples: Sequence[Sample]) -> list[list[Sample]]:
        """Return the batches of an evaluation of samples sorted by length; nothing is kept for a backward
        pass."""
        if self._layout in _ROWS:
            tokens = self.tokens or max(map(len, samples), default=1) * _EVAL_SAMPLES
            return rows_within(samples, tokens)
        return padded_groups(samples, min(_EVAL_SAMPLES, self._together), self.tokens)

    def _shrink(self, samples: Sequence[Sample]) -> None:
        """Halve the micro-batch, or keep fewer activations, or give up with a MednerError; all processes
        alike."""
        self._graphs = None  # of larger micro-batches
        groups = self._groups(samples)
        largest = max((_size(group, self._layout) for group in groups), default=0)
        single = self._ranks.least(int(all(len(group) == 1 for group in groups)), self._device)
        if single and self._may_checkpoint:
            self._checkpoint()
            self._log.info(
                "out of memory with one sample per micro-batch: continuing with gradient checkpointing"
            )
            return
        if single:
            raise MednerError(_too_small(max(map(len, samples), default=0)))
        size = -self._ranks.least(-largest, self._device)
        self.tokens = max(1, size // 2)
        self._log.info(
            f"out of memory with micro-batches of {size} tokens: continuing with {self.tokens}; "
            "the effective batch is unchanged"
        )

    def _checkpoint(self) -> None:
        self._model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        self._may_checkpoint, self.checkpointing = False, True

    def _clear(self) -> None:
        if self._flat is not None:
            self._flat.zero()
            return
        for parameter in self._trained:
            parameter.grad = None


def _size(group: Sequence[Sample], layout: Layout) -> int:
    """Return the tokens of a micro-batch, padding counted."""
    lengths = [len(sample) for sample in group]
    return sum(lengths) if layout in _ROWS else max(lengths) * len(lengths)


def _too_small(tokens: int) -> str:
    return (
        f"one sample of {tokens} tokens does not fit into the GPU's memory: "
        "lower training.max_tokens or lora.rank, or use a larger GPU"
    )
