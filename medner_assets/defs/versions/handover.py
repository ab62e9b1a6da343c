"""What a training or generation process is handed: documents as JSON lines, and a job that names them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from medner_assets.corpus.frames import documents_from_frames
from medner_assets.corpus.jsonl import write_documents
from medner_assets.defs.identity import base_revision, training_fingerprint
from medner_assets.defs.resources import Warehouse
from medner_assets.errors import MednerError
from medner_assets.modeling.requirements import base_folder, missing_requirements
from medner_assets.paths import private_folder
from medner_assets.recipes.loading import load_base_model, load_version
from medner_assets.recipes.settings import VersionRecipe
from medner_assets.recipes.sources import BaseModelRecipe


@dataclass(frozen=True, slots=True)
class Base:
    """A base model that is there: its recipe, its folder, and what pins its weights."""

    name: str
    recipe: BaseModelRecipe
    folder: Path
    revision: str

    @property
    def is_local(self) -> bool:
        """Whether nothing needs to be asked of a hub."""
        return self.recipe.path is not None


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

    def write(self, split: str, file: Path) -> Path:
        """Write the documents of a split as JSON lines and return the file."""
        documents = self.documents.filter(pl.col("split") == split)
        kept = documents.select("doc_id")
        private_folder(file.parent)
        write_documents(
            file,
            documents_from_frames(
                documents,
                self.gold_entities.join(kept, on="doc_id", how="semi"),
                self.gold_relations.join(kept, on="doc_id", how="semi"),
            ),
        )
        file.chmod(0o600)
        return file

    def types(self) -> tuple[list[str], list[str]]:
        """Return the entity and the relation types of the train split, sorted: what a prompt asks for."""
        entities, relations = (
            sorted(frame.filter(pl.col("split") == "train")["type"].unique())
            for frame in (self.gold_entities, self.gold_relations)
        )
        return entities, relations


@dataclass(frozen=True, slots=True)
class Order:
    """A version with all that its training and generation depend on."""

    version: str
    recipe: VersionRecipe
    base: Base
    data: Data

    @property
    def fingerprint(self) -> str:
        """The hash of all that the adapter's weights depend on."""
        return training_fingerprint(self.recipe, self.base.recipe, self.base.revision, self.data.version)

    def common(self) -> dict[str, Any]:
        """Return what both kinds of job state."""
        entity_types, relation_types = self.data.types()
        return {
            "version": self.version,
            "base": self.base.recipe.model_dump(mode="json"),
            "base_folder": str(self.base.folder),
            "entity_types": entity_types,
            "relation_types": relation_types,
        }


def available_base(name: str) -> Base:
    """Return a base model that this machine can run; raise MednerError that says what it lacks."""
    recipe = load_base_model(name)
    lacking = missing_requirements(name, recipe)
    folder = base_folder(recipe)
    if lacking is not None or folder is None:
        raise MednerError(lacking or f"base model {name} is not there: see `medner doctor`")
    return Base(name, recipe, folder, base_revision(recipe, folder if recipe.path else None))


def order_of(version: str, warehouse: Warehouse) -> Order:
    """Return the order of a version: its recipe, its base and its dataset as the warehouse has it.

    Raises MednerError when the recipe cannot be read, its dataset is not built, or its base cannot be run
    here.
    """
    recipe = load_version(version)
    data = data_of(recipe.dataset, warehouse)
    return Order(version, recipe, available_base(recipe.base_model), data)


def data_of(dataset: str, warehouse: Warehouse) -> Data:
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
