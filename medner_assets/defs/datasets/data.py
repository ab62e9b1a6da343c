"""A dataset as the warehouse has it."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from medner_assets.corpus.frames import documents_from_frames
from medner_assets.corpus.jsonl import write_documents
from medner_assets.errors import MednerError
from medner_assets.paths import private_folder
from medner_assets.schema import Document
from medner_assets.warehouse.data_tables import DataTables


@dataclass(frozen=True, slots=True)
class Data:
    """One dataset as the warehouse has it: a frame a table, and its version."""

    name: str
    documents: pl.DataFrame
    gold_entities: pl.DataFrame
    gold_relations: pl.DataFrame

    @property
    def version(self) -> str:
        """The hash of the content."""
        return str(self.documents["dataset_version"][0])

    def documents_of(self, split: str) -> list[Document]:
        """Return the documents of a split with their gold annotations."""
        documents = self.documents.filter(pl.col("split") == split)
        kept = documents.select("doc_id")
        return documents_from_frames(
            documents,
            self.gold_entities.join(kept, on="doc_id", how="semi"),
            self.gold_relations.join(kept, on="doc_id", how="semi"),
        )

    def write(self, split: str, file: Path, *more: str) -> Path:
        """Write the documents of a split, and of more splits, as JSON lines and return the file."""
        private_folder(file.parent)
        write_documents(file, [each for name in (split, *more) for each in self.documents_of(name)])
        file.chmod(0o600)
        return file

    def types(self) -> tuple[list[str], list[str]]:
        """Return the entity and the relation types of the train split, sorted: what a prompt asks for."""
        entities, relations = (
            sorted(frame.filter(pl.col("split") == "train")["type"].unique())
            for frame in (self.gold_entities, self.gold_relations)
        )
        return entities, relations


def data_of(dataset: str, warehouse: DataTables) -> Data:
    """Return a dataset; raise MednerError when it was never built or has nothing to train or test on."""
    if not warehouse.store().has("documents", dataset):
        raise MednerError(f"dataset {dataset} has not been built: materialise `dataset` for {dataset} first")
    data = Data(
        dataset,
        *(warehouse.read(table, dataset) for table in ("documents", "gold_entities", "gold_relations")),
    )
    for split in ("train", "test"):
        if data.documents.filter(pl.col("split") == split).is_empty():
            raise MednerError(f"dataset {dataset} has no {split} documents: see datasets/{dataset}.yaml")
    return data
