"""What pins the files of a base model: one rule for fingerprints, for adapters, and for whether these fit."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
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
    files = [file for file in sorted(folder.glob("*")) if file.suffix in _READ]
    with ThreadPoolExecutor() as pool:  # hashing is done outside the interpreter's lock
        digests = list(pool.map(_digest, files))
    whole = hashlib.sha256()
    for file, digest in zip(files, digests, strict=True):
        whole.update(file.name.encode() + b"\0")
        whole.update(digest)
    return whole.hexdigest()[:16]


def _digest(file: Path) -> bytes:
    """Return the hash of a file. A process hashes each state of it once: a base has gigabytes."""
    state = file.stat()
    return _digest_of(file, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


@lru_cache(maxsize=256)
def _digest_of(file: Path, *_: int) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


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
