"""What pins the files of a base model: one rule for fingerprints, for adapters, and for whether these fit."""

import hashlib
from pathlib import Path

from medner_assets.files import file_hash
from medner_assets.recipes.sources import BaseModelRecipe

_READ = (".json", ".safetensors", ".model", ".txt")


def base_revision(base: BaseModelRecipe, folder: Path | None) -> str:
    """Return what pins a base: the hub's revision, or a hash of the files in its local folder.

    folder: where a base with a `path` is; every file in it counts but those that no loader reads.
    """
    if base.path is None or folder is None:
        return base.revision or ""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*")):
        if file.suffix in _READ:
            digest.update(file.name.encode() + b"\0")
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def is_base_of(base: BaseModelRecipe, folder: Path, stated: str) -> bool:
    """Tell whether an adapter that states `stated` was trained on this base; yes where neither is known.

    Adapters of an earlier edition state the hash of the weights alone, or of the first of several files.
    """
    here = base_revision(base, folder)
    return not (stated and here) or stated == here or stated in _of_before(folder)


def _of_before(folder: Path) -> tuple[str, ...]:
    hashes = {file.name: file_hash(file) for file in sorted(folder.glob("*.safetensors"))}
    if not hashes:
        return ()
    first = next(iter(hashes.values()))
    lines = "".join(f"{name}\0{each}\n" for name, each in hashes.items())
    return first, hashlib.sha256(lines.encode()).hexdigest()[:16]
