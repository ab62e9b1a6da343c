"""What can be wrong with an adapter's folder, found without loading a model."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

_TYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
    "F64": np.dtype("<f8"),
}
_SIDE = re.compile(r"\.lora_([AB])\.")


def faults(folder: Path) -> list[str]:
    """Return what makes the adapter in `folder` unusable, one line each; empty when nothing does.

    Checked: the configuration is readable, every tensor lies in the file with its shape and is finite, each
    matrix A has its B, both have the stated rank, and at least one B is not zero (else nothing was learned).
    """
    try:
        rank = int(json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))["r"])
    except (OSError, ValueError, KeyError, TypeError):
        return ["adapter_config.json is missing or does not state the rank"]
    try:
        tensors = list(_tensors(folder / "adapter_model.safetensors"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"adapter_model.safetensors cannot be read as safetensors ({type(error).__name__})"]
    found = [f"{name} has values that are not finite" for name, array in tensors if not _is_finite(array)]
    sides: dict[str, dict[str, np.ndarray]] = {}
    for name, array in tensors:
        side = _SIDE.search(name)
        if side is None:
            found.append(f"{name} is no LoRA matrix")
            continue
        sides.setdefault(_SIDE.sub(".", name), {})[side.group(1)] = array
    for name, pair in sides.items():
        if set(pair) != {"A", "B"}:
            found.append(f"{name} has one of its two matrices only")
        elif pair["A"].shape[0] != rank or pair["B"].shape[1] != rank:
            found.append(f"{name} is not of rank {rank}")
    if not sides:
        found.append("there is no LoRA matrix")
    elif not any(pair["B"].any() for pair in sides.values() if "B" in pair):
        found.append("every matrix B is zero: nothing was learned")
    return found


def _tensors(file: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and values of each tensor, bfloat16 as its bits, which NumPy has no type for."""
    from safetensors import SafetensorError, deserialize

    try:
        tensors = deserialize(file.read_bytes())
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    for name, described in tensors:
        values = np.frombuffer(described["data"], dtype=_TYPES[described["dtype"]])
        yield name, values.reshape(described["shape"])


def _is_finite(array: np.ndarray) -> bool:
    if array.dtype == np.dtype("<u2"):  # bfloat16: all exponent bits set means infinite or not a number
        return not bool(((array & 0x7F80) == 0x7F80).any())
    return bool(np.isfinite(array).all())
