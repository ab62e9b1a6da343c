"""The state of what a dataset is made from: its recipe, and size and time of its corpus files."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from medner_assets import paths
from medner_assets.files import write_private
from medner_assets.paths import private_folder
from medner_assets.recipes.loading import recipe_hash
from medner_assets.recipes.sources import DatasetRecipe, FilesSource


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a dataset was, or would be, made from. Equal states give equal documents."""

    recipe_hash: str
    files: str
    """Hash of name, size and modification time of every file; empty for a generated dataset."""
    missing: tuple[str, ...] = ()
    """Files that are not there."""


def source_state(recipe: DatasetRecipe, corpora: Path) -> SourceState:
    """Return the present state of a dataset's source."""
    if not isinstance(recipe.source, FilesSource):
        return SourceState(recipe_hash(recipe), "")
    digest, missing = hashlib.sha256(), []
    for name in sorted({name for names in recipe.source.files.values() for name in names}):
        try:
            status = (corpora / name).stat()
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        except OSError:
            missing.append(name)
    return SourceState(recipe_hash(recipe), digest.hexdigest()[:16], tuple(missing))


def remember(dataset: str, state: SourceState, dataset_version: str) -> None:
    """Note what the dataset in the warehouse was made from."""
    file = _note(dataset)
    private_folder(file.parent)
    write_private(file, json.dumps({**asdict(state), "dataset_version": dataset_version}))


def is_current(dataset: str, state: SourceState, dataset_version: str) -> bool:
    """Tell whether the dataset in the warehouse was made from `state`, and is still the one that was made.

    Files that are gone do not make it outdated: its documents are in the warehouse.
    """
    try:
        noted = json.loads(_note(dataset).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    same_files = bool(state.missing) or noted["files"] == state.files
    return (
        noted["dataset_version"] == dataset_version
        and noted["recipe_hash"] == state.recipe_hash
        and same_files
    )


def known_files(dataset: str, state: SourceState) -> str:
    """Return the hash of a dataset's files; where some are gone, of those that it was built from."""
    if not state.missing:
        return state.files
    try:
        return str(json.loads(_note(dataset).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError):
        return ""


def _note(dataset: str) -> Path:
    return paths.work(dataset, "building") / "source.json"
