"""Predictions of a version as other tools read annotations: a folder of BRAT files, or one PubTator file."""

import shutil
import tempfile
from pathlib import Path

from medner_assets import paths
from medner_assets.corpus.jsonl import document_from_json
from medner_assets.corpus.writers.brat import brat_annotations, brat_name
from medner_assets.corpus.writers.pubtator import pubtator_block
from medner_assets.errors import MednerError
from medner_assets.schema import Document
from medner_assets.warehouse.export import Exported, predicted_documents
from medner_assets.warehouse.store import Store


def export_annotations(target: Path, format: str, version: str, dataset: str, *, force: bool) -> Exported:
    """Write the final predictions of a version's test split; the folder or file appears whole or not at all.

    Predictions whose string is nowhere in the text have no place in these formats; the note counts them.
    """
    if not target.absolute().parent.is_dir():
        raise MednerError(f"{target}: there is no folder {target.parent}: create it first")
    if target.exists() and not force:
        raise MednerError(f"{target}: it exists already: remove it or use --force")
    documents = predicted(version, dataset)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.absolute().parent))
    try:
        draft = folder / "draft"
        if format == "brat":
            draft.mkdir(mode=0o700)
            for document in documents:
                name = brat_name(document.id)
                write(draft / f"{name}.txt", document.text)
                write(draft / f"{name}.ann", brat_annotations(document))
        else:
            write(draft, "".join(pubtator_block(document) for document in documents))
        if target.is_dir():
            target.rename(folder / "old")
        draft.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    placeless = sum(entity.start is None for document in documents for entity in document.entities)
    note = f"{placeless} predictions are not in the text as they stand and were left out" if placeless else ""
    return Exported(target, len(documents), note)


def predicted(version: str, dataset: str) -> list[Document]:
    """Return the predictions of a version as documents; raise MednerError when their texts are not there."""
    contents = list(predicted_documents(Store(paths.warehouse()), version))
    if any("text" not in content for content in contents):
        raise MednerError(
            f"{dataset} has changed since {version} was evaluated on it: run `medner train {version}` and "
            f"`medner evaluate {version}` again"
        )
    return [document_from_json(content) for content in contents]


def write(file: Path, content: str) -> None:
    """Write a file of one's own: line ends as they are, readable by its owner only."""
    file.touch(mode=0o600)
    file.write_text(content, encoding="utf-8", newline="")
