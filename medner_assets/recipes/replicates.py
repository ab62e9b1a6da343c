"""Replicates: one recipe trained with several seeds. `NAME` is the first, `NAME.r2` … `NAME.rK` the others.

Each is a partition of its own, so that it is trained, retried and evaluated alone; what is said of the recipe
is said under `NAME`. Pure.
"""

import hashlib
import re

_REPLICATE = re.compile(r"(.+)\.r([0-9]+)")


def replicate_name(version: str, index: int) -> str:
    """Return the partition of a version's replicate; index counts from 1, and the first is the version."""
    return version if index == 1 else f"{version}.r{index}"


def version_and_index(name: str) -> tuple[str, int]:
    """Return the version that a partition is a replicate of, and its index from 1."""
    match = _REPLICATE.fullmatch(name)
    return (match.group(1), int(match.group(2))) if match else (name, 1)


def is_replicate(name: str) -> bool:
    """Tell whether a name is that of a replicate past the first; no version file may have it."""
    return _REPLICATE.fullmatch(name) is not None


def names_of(version: str, replicates: int) -> tuple[str, ...]:
    """Return the partitions of a version's replicates, the version itself first."""
    return tuple(replicate_name(version, index) for index in range(1, replicates + 1))


def seed_of(seed: int, index: int) -> int:
    """Return a replicate's seed, 0 to 2³¹ − 1: the first has the recipe's, the others sha1(seed/index)."""
    if index == 1:
        return seed
    digest = hashlib.sha1(f"{seed}/{index}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
