"""4-bit copies of bases below `data/quantised`: a quarter of the bytes to read, and nothing to quantise.

A copy is what transformers saves of the quantised model, safetensors and configuration, and holds the bits
that quantising anew gives. Training makes it; whatever loads the base afterwards reads it. It can be removed
at any time.
"""

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from medner_assets import paths
from medner_assets.locks import take
from medner_assets.modeling.base_revision import base_revision
from medner_assets.modeling.progress import Log
from medner_assets.modeling.publishing import publish_folder
from medner_assets.recipes.sources import BaseModelRecipe

_FACTS = "medner.json"
_ROOM = 2
"""A copy is made where the disk has this many times its size: checkpoints and adapters need room too."""


@dataclass(frozen=True, slots=True)
class QuantisedCopy:
    """Where the 4-bit copy of a base is, or is to be. facts: all that its bits depend on."""

    folder: Path
    facts: Mapping[str, str]

    def is_there(self) -> bool:
        """Tell whether there is a copy of just this base, quantised in just this way."""
        try:
            return json.loads((self.folder / _FACTS).read_text(encoding="utf-8")) == self.facts
        except (OSError, ValueError, RecursionError):
            return False

    def drop(self) -> None:
        """Remove what cannot be read."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self, model: Any, log: Log) -> None:
        """Write the copy of a model that has just been loaded, unless another process is about it.

        The model is not needed after the return: what waits for the disk is a thread, and the copy appears
        whole when it is done. log: told where there can be none.
        """
        place, name = self.folder.parent, self.folder.name
        saved = place / f".{name}.saved"
        lock = None
        try:
            lock = take(place / f"{name}.lock")
            if lock is None:
                return
            for left in place.glob(f".{name}.*"):  # of a process that was killed
                shutil.rmtree(left)
            size, free = sum(each.nbytes for each in model.parameters()), shutil.disk_usage(place).free
            if free < _ROOM * size:
                raise OSError(f"it takes {size / 2**30:.1f} GiB and {free / 2**30:.1f} GiB are free")
            model.save_pretrained(saved)
            (saved / _FACTS).write_text(json.dumps(self.facts), encoding="utf-8")
        except Exception as error:  # noqa: BLE001 # safetensors has errors of its own, and the model is loaded
            self._give_up(error, saved, lock, log)
            return

        def move(new: Path) -> None:
            for file in saved.iterdir():
                file.rename(new / file.name)

        def publish() -> None:
            try:
                publish_folder(self.folder, move)
            except OSError as error:
                self._give_up(error, saved, lock, log)
            else:
                saved.rmdir()
                os.close(lock)

        threading.Thread(target=publish, name="4-bit copy").start()

    def _give_up(self, error: Exception, saved: Path, lock: int | None, log: Log) -> None:
        reason = " ".join(str(error).split())[:160]
        log.info(f"no 4-bit copy of the base is kept in {self.folder.parent}: {reason}")
        shutil.rmtree(saved, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def copy_of(base: BaseModelRecipe, folder: Path, settings: Mapping[str, str]) -> QuantisedCopy | None:
    """Return the place of the 4-bit copy of the base in `folder`; None where nothing is kept.

    settings: of the quantisation.
    """
    if not paths.data().is_dir():
        return None
    libraries = {name: version(name) for name in ("bitsandbytes", "transformers")}
    facts = {"revision": base_revision(base, folder), **libraries, **settings}
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    return QuantisedCopy(paths.data() / "quantised" / key, facts)


def through_copy(
    copy: QuantisedCopy | None,
    load: Callable[[Path], Any],
    folder: Path,
    log: Log,
    *,
    keeps: bool,
) -> Any:
    """Return the model in a copy, else what `load` returns of `folder`, which is then kept as a copy if it
    `keeps`.

    A copy that cannot be read is removed, and a line says so. Raises what `load` raises of `folder`.
    """
    import torch

    if copy is not None and copy.is_there():
        try:
            return load(copy.folder)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # noqa: BLE001 # each reader of a damaged file fails in its own way
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
        log.info(f"the 4-bit copy {copy.folder} cannot be read ({reason}): the base is quantised anew")
        copy.drop()
    model = load(folder)
    if copy is not None and keeps:
        copy.keep(model, log)
    return model
