"""Draws that give the same result on every machine and Python version.

Only `Random.random()` is used: it is the one method whose sequence Python promises to keep for a given seed;
`choice`, `shuffle` and `sample` have changed between versions. A seed is a text, which `Random` hashes with
SHA-512 (seeding version 2, also stable).
"""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(*parts: object) -> Random:
    """Return the generator named by `parts`: equal parts, equal sequence."""
    return Random("/".join(str(part) for part in parts))


def pick(rng: Random, items: Sequence[T]) -> T:
    """Return one of `items` (not empty), all equally likely."""
    return items[int(rng.random() * len(items))]


def between(rng: Random, low: int, high: int) -> int:
    """Return an integer, low <= value <= high, all equally likely."""
    return low + int(rng.random() * (high - low + 1))


def shuffled(rng: Random, items: Sequence[T]) -> list[T]:
    """Return `items` in an order drawn at random (Fisher and Yates)."""
    order = list(items)
    for last in range(len(order) - 1, 0, -1):
        other = int(rng.random() * (last + 1))
        order[last], order[other] = order[other], order[last]
    return order


class Weighted:
    """A draw from `values` with the given positive weights."""

    def __init__(self, weights: dict[str, float]) -> None:
        self._values = tuple(weights)
        total = sum(weights.values())
        running = 0.0
        bounds = []
        for weight in weights.values():
            running += weight / total
            bounds.append(running)
        self._bounds = tuple(bounds)

    def draw(self, rng: Random) -> str:
        """Return one value."""
        point = rng.random()
        for value, bound in zip(self._values, self._bounds, strict=True):
            if point < bound:
                return value
        return self._values[-1]
