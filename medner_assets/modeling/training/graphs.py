"""Forward and backward pass of a packed row as one CUDA graph for each shape of rows.

A step of a small model is thousands of kernels of microseconds each, and the host takes longer to launch them
than the GPU to run them. Captured once and replayed, they cost one launch. A graph repeats its kernels with
the same shapes at the same places in memory: rows are filled up to a few shapes (`batching.rooms_for`), and
gradients are added to tensors that stay where they are (`optimizer.FlatParameters`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medner_assets.modeling.progress import Log
from medner_assets.modeling.samples import Sample
from medner_assets.modeling.training.batching import HostRow, PackedRow, Room, host_row, rooms_for
from medner_assets.modeling.training.optimizer import FlatParameters

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class _Captured:
    graph: "torch.cuda.CUDAGraph"
    numbers: "torch.Tensor"
    weights: "torch.Tensor"
    loss: "torch.Tensor"


_HOST_BOUND = 1.5e13
"""Tokens × parameters of a row below which a GPU waits for the host. On an H200 the row of 3,000 tokens takes
the host 0.15 s whatever the model, and the GPU as long at 5 billion parameters."""


def graphs_for(
    rows: Sequence[Sequence[Sample]],
    parameters: int,
    loss: "Callable[[PackedRow], torch.Tensor]",
    flat: FlatParameters,
    log: Log,
    pool: "Callable[[], Any] | None" = None,
) -> "Graphs | None":
    """Return what runs `rows`, those of a whole training, through a model of so many parameters; None where
    that would not be faster. The rest is as `Graphs` takes it."""
    rooms = rooms_for(rows)
    tokens = sum(len(sample) for row in rows for sample in row)
    if not rooms or tokens * parameters > _HOST_BOUND * len(rows):
        return None
    return Graphs(loss, flat, rooms, log, pool)


class Graphs:
    """Runs the rows of a training on a CUDA device; each shape is captured when it comes the second time."""

    def __init__(
        self,
        loss: "Callable[[PackedRow], torch.Tensor]",
        flat: FlatParameters,
        rooms: Sequence[Room],
        log: Log,
        pool: "Callable[[], Any] | None" = None,
    ) -> None:
        """loss: of a row whose weights are divided by the step's completion tokens. rooms: the smallest
        first. pool: returns the memory that is shared with graphs of others, or None."""
        import torch

        self._loss, self._flat, self._rooms, self._log = loss, flat, rooms, log
        self._captured: dict[Room, _Captured | None] = {}
        self._stream = torch.cuda.Stream(flat.whole.device)
        # Rows run one after the other, so that all graphs may use the same memory.
        own = torch.cuda.graph_pool_handle()
        self._pool: Callable[[], Any] = lambda: (pool and pool()) or own

    def run(self, samples: Sequence[Sample], items: float) -> "torch.Tensor | None":
        """Add the gradients of a row to those that are there and return its loss, divided by `items`.

        None: the row fits no shape, or capturing failed, which is said once; then nothing was added.
        """
        import torch

        room = next((each for each in self._rooms if each.holds(samples)), None)
        if room is None:
            return None
        row = host_row(samples, room=room)
        numbers, weights = row.numbers.pin_memory(), row.weights.div_(items).pin_memory()
        if room not in self._captured:
            # As it is: kernels must have been compiled and chosen before they can be captured.
            self._captured[room] = None
            return self._as_it_is(row, numbers, weights)
        found = self._captured[room]
        if found is None:
            try:
                found = self._captured[room] = self._capture(row)
            except (RuntimeError, torch.AcceleratorError) as error:  # out of memory is among them
                reason = " ".join(str(error).split())[:160]
                self._log.info(f"steps are launched kernel by kernel: no CUDA graph could be made ({reason})")
                self._rooms = ()
                self._captured.clear()
                return None
        found.numbers.copy_(numbers, non_blocking=True)
        found.weights.copy_(weights, non_blocking=True)
        found.graph.replay()
        return found.loss.clone()

    def _as_it_is(self, row: HostRow, numbers: "torch.Tensor", weights: "torch.Tensor") -> "torch.Tensor":
        import torch

        device = self._flat.whole.device
        # On the stream of the capture: what autograd keeps of a parameter is bound to its stream.
        self._stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(self._stream):
            moved = row.on(numbers.to(device, non_blocking=True), weights.to(device, non_blocking=True))
            loss = self._loss(moved)
            loss.backward()
        torch.cuda.current_stream(device).wait_stream(self._stream)
        return loss.detach()

    def _capture(self, row: HostRow) -> _Captured:
        import torch

        device = self._flat.whole.device
        numbers, weights = row.numbers.to(device), row.weights.to(device)
        graph = torch.cuda.CUDAGraph()
        self._flat.gather()  # what others left on the parameters is no part of the graph
        with torch.cuda.graph(
            graph, pool=self._pool(), stream=self._stream, capture_error_mode="thread_local"
        ):
            loss = self._loss(row.on(numbers, weights))
            loss.backward()
            self._flat.gather()
            loss = loss.detach()
        return _Captured(graph, numbers, weights, loss)
