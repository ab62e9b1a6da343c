"""How much memory a device has left, and how many tokens a micro-batch may have so that it fits."""

import ctypes
import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import torch

HEADROOM = 0.05
"""Share of the device's memory that no plan uses: fragments, and what other libraries allocate."""


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Bytes of a device as this process may use them."""

    total: int
    free: int

    @property
    def usable(self) -> int:
        """Bytes that a plan may take: the free ones less the headroom."""
        return max(0, self.free - int(HEADROOM * self.total))


def device_memory(device: "torch.device") -> DeviceMemory:
    """Return the memory of a device. CUDA: what is free, what the allocator holds unused, within a set
    fraction. CPU: the machine's."""
    if device.type == "cpu":
        machine = psutil.virtual_memory()
        return DeviceMemory(machine.total, machine.available)
    import torch

    free, total = torch.cuda.mem_get_info(device)
    allocated = torch.cuda.memory_allocated(device)
    held = torch.cuda.memory_reserved(device) - allocated
    # Asked of the current device: unlike its neighbours this function wants a device with a number.
    fraction = getattr(torch.cuda, "get_per_process_memory_fraction", lambda: 1.0)()
    allowed = int(total * fraction)
    return DeviceMemory(allowed, min(free + held, allowed - allocated))


def release() -> None:
    """Give back what the allocator holds unused, after an allocation failed."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def give_back() -> None:
    """Give the free blocks of a CPU's heap back to the system, where the C library can (glibc).

    Batches differ in length, so that the heap fragments and grows: over 120 steps of the embedded base to
    2.2 GB, and to 1.9 GB when asked every 10 steps, at the same speed.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def largest_that_fits(
    wanted: int, smallest: int, fits: "Callable[[int], bool]", rounds: int = 2
) -> int | None:
    """Return the largest number of tokens that fits, to about an eighth; None if not even `smallest` does.

    wanted: more is not needed. fits: a function of a number of tokens that tries it.
    """
    size = max(wanted, smallest)
    if fits(size):
        return size
    too_many = size
    while size > smallest:
        size = max(smallest, size // 2)
        if fits(size):
            break
        too_many = size
    else:
        return None
    for _ in range(rounds):
        middle = (size + too_many) // 2
        if middle <= size:
            break
        if fits(middle):
            size = middle
        else:
            too_many = middle
    return size
