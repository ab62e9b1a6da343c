"""The paths that training may take, how far each is from plain transformers + PEFT, and where that is kept.

A comparison costs seconds and depends on base, path, device, libraries and code: these are its key.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medner_assets import paths
from medner_assets.files import publish_file
from medner_assets.modeling.adapters import adapted_layers
from medner_assets.modeling.training.backends import Adapted
from medner_assets.modeling.training.loss import Head
from medner_assets.modeling.training.steps import OWN_FORWARD, Layout

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class TrainingPath:
    """A path that training may take. alone: one sample a forward pass."""

    layout: Layout
    head: Head
    alone: bool = False

    def words(self) -> str:
        """Return the path in words."""
        if self.layout not in OWN_FORWARD:
            return f"{self.layout} rows through fused layers"
        head = {
            "plain": "the output head on learned positions",
            "own": "the model's own forward pass, scores on learned positions",
            "whole": "the model's own forward pass, scores on all positions",
        }[self.head]
        batches = "packed rows kept apart by the model's own attention"
        if self.layout == "padded":
            batches = "one sample at a time" if self.alone else "padded batches"
        return f"{batches}, {head}"


@dataclass(frozen=True, slots=True)
class PathComparison:
    """How far a path is from plain transformers + PEFT. loss: nats a token; gradients: relative L2."""

    path: str
    loss: float | None
    gradients: float | None
    plain_loss: float | None
    compute: str
    samples: int
    equal: bool
    trouble: str = ""

    def words(self) -> str:
        """Return the numbers in words."""
        if self.loss is None:
            return self.trouble
        told = f"loss differs by {self.loss:.1e}, gradients by {self.gradients:.1e} ({self.compute})"
        return f"{told}; {self.trouble}" if self.trouble else told


def cache_folder(work: Path) -> Path:
    """Return where findings are kept: shared by all versions below MEDNER_DATA, else the job's own folder."""
    return paths.data() / "equality" if work.is_relative_to(paths.data()) else work


def key_of(ready: Adapted, way: TrainingPath, base: str, device: "torch.device", cast: bool) -> str:
    """Return the hash of all that a finding depends on."""
    import torch

    whole: Any = ready.model.get_base_model()
    return hashlib.sha256(
        json.dumps(
            [
                base, type(whole).__name__, whole.config.to_json_string(), asdict(way),
                str(next(ready.model.parameters()).dtype), cast, adapted_layers(ready.model),
                torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
                [_version(name) for name in ("torch", "transformers", "peft", "bitsandbytes")], _code(),
            ],
            sort_keys=True,
        ).encode()
    ).hexdigest()[:16]  # fmt: skip


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _code() -> str:
    """Return the hash of the code that a finding is about."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for file in (*sorted((here.parent / "fused").glob("*.py")), *sorted(here.glob("*.py"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def cached(cache: Path | None, key: str) -> PathComparison | None:
    """Return what was found before under `key`; None: nothing, or nothing that can be read."""
    if cache is None:
        return None
    try:
        return PathComparison(**json.loads((cache / f"equality-{key}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def keep(cache: Path, key: str, found: PathComparison) -> None:
    """Keep a comparison for the next training of the same base on the same machine."""
    paths.private_folder(cache)
    written = cache / f".equality-{key}.partial"
    written.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    publish_file(cache / f"equality-{key}.json", written)
