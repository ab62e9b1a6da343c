"""Several trainings in one process that take turns, step by step, each on a stream of its own.

While the device works on the step of one, the host prepares the next one's: steps that do not fill the device
run beside each other. One thread runs at a time, until it passes on: nothing of a training can fall between
two lines of another, and each finds the random numbers where it left them, so that it is what it would be
alone.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

PassOn = Callable[[], None]
"""Lets the others take their turns; returns at the next turn of its caller."""


class Turns:
    """A ring of threads of which one runs: the first of `_ring`."""

    def __init__(self, device: "torch.device") -> None:
        self._device = device
        self._changed = threading.Condition()
        self._ring: list[int] = []
        self._later: list[int] = []

    def run(
        self, works: Sequence[Callable[[], None]], *, at_once: int, streams: bool
    ) -> list[Exception | None]:
        """Run all works to their ends and return what each raised; one that fails leaves the others alone.

        at_once: how many are under way at the same time. streams: whether each has a stream of its own, and
        so memory of its own.
        """
        numbers = range(len(works))
        raised: list[Exception | None] = [None] * len(works)
        self._ring, self._later = list(numbers[:at_once]), list(numbers[at_once:])
        threads = [
            # Daemons: an interrupted process does not wait for them.
            threading.Thread(target=self._work, args=(i, works[i], streams, raised), daemon=True)
            for i in numbers
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)  # an interruption reaches this thread between two waits
        return raised

    def pass_on(self) -> None:
        """Let the others take their turns and return at the next one of the caller, whose turn it is."""
        if len(self._ring) < 2:
            return
        me, random = self._ring[0], _random_state(self._device)
        with self._changed:
            self._ring.append(self._ring.pop(0))
            self._changed.notify_all()
        self._await(me)
        _restore(self._device, random)

    def _work(self, me: int, work: Callable[[], None], streams: bool, raised: list[Exception | None]) -> None:
        self._await(me)
        try:
            with self._stream(streams):
                work()
        except Exception as error:  # noqa: BLE001 # handed to the caller of `run`
            raised[me] = error
        finally:  # whatever ended it: the others wait
            with self._changed:
                self._ring.remove(me)
                self._ring.extend(self._later[:1])
                del self._later[:1]
                self._changed.notify_all()

    def _await(self, me: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._ring[:1] == [me])

    def _stream(self, own: bool) -> AbstractContextManager[Any]:
        import torch

        if not own or self._device.type != "cuda":
            return nullcontext()
        torch.cuda.synchronize(self._device)  # what was made so far was made on another stream
        return torch.cuda.stream(torch.cuda.Stream(self._device))


def _random_state(device: "torch.device") -> tuple[Any, Any]:
    import torch

    return torch.get_rng_state(), torch.cuda.get_rng_state(device) if device.type == "cuda" else None


def _restore(device: "torch.device", state: tuple[Any, Any]) -> None:
    import torch

    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1], device)
