"""What a version's training and generation depend on: its recipe, its base and its dataset, all there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from medner_assets import paths
from medner_assets.defs.datasets.data import Data, data_of
from medner_assets.defs.identity import combined, training_fingerprint
from medner_assets.defs.versions.finished import FinishedAdapter, finished_adapter
from medner_assets.errors import MednerError
from medner_assets.modeling.base_revision import base_revision
from medner_assets.modeling.requirements import base_folder, missing_requirements
from medner_assets.recipes.loading import load_base_model, load_version
from medner_assets.recipes.sanity import doubts
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import VersionRecipe
from medner_assets.warehouse.data_tables import DataTables


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
class VersionInputs:
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
    return Base(name, recipe, folder, base_revision(recipe, folder))


def inputs_of(version: str, warehouse: DataTables) -> VersionInputs:
    """Return the inputs of a version: its recipe, its base and its dataset as the warehouse has it.

    Raises MednerError when the recipe cannot be read, its dataset is not built, or its base cannot be run
    here.
    """
    recipe = load_version(version)
    data = data_of(recipe.dataset, warehouse)
    return VersionInputs(version, recipe, available_base(recipe.base), data)


def require_adapters(version: str, recipe: VersionRecipe) -> None:
    """Raise MednerError for a version that never has an adapter."""
    if recipe.system != "lora":
        raise MednerError(f"{version} is of system {recipe.system}: it has no adapter, so nothing to train")


def writer_of(inputs: VersionInputs) -> str:
    """Return the hash of what writes a version's completions: its adapter, or the base that is asked.

    Raises MednerError where the adapter is not there or of another recipe.
    """
    if inputs.recipe.system == "lora":
        return adapter_for(inputs).weights_hash
    asked = inputs.base.recipe.model_dump(mode="json", include={"prompt_style", "quantization"})
    return combined("base", inputs.base.revision, json.dumps(asked, sort_keys=True))


def adapter_or_reason(inputs: VersionInputs) -> tuple[FinishedAdapter | None, str]:
    """Return the adapter that is of these inputs, or None and why there is none, in one line.

    Raises MednerError when what stands in its folder is not what its description says.
    """
    require_adapters(inputs.version, inputs.recipe)
    finished = finished_adapter(paths.adapter(inputs.version))
    again = f"run `medner train {inputs.version}`"
    if finished is None:
        return None, f"{inputs.version} has no adapter yet: {again}"
    row = finished.row
    if (row["dataset"], row["dataset_version"]) != (inputs.data.name, inputs.data.version):
        return None, (
            f"{inputs.version} was trained on dataset {row['dataset']} as of {row['dataset_version']}, "
            f"but {inputs.data.name} is now {inputs.data.version}: {again} again"
        )
    if finished.fingerprint != inputs.fingerprint:
        return None, (
            f"{inputs.version} was trained with another recipe or base than its files now name: {again} again"
        )
    return finished, ""


def adapter_for(inputs: VersionInputs) -> FinishedAdapter:
    """Return the adapter of a version; raise MednerError when it was trained from anything else."""
    finished, reason = adapter_or_reason(inputs)
    if finished is None:
        raise MednerError(reason)
    return finished


def doubts_of(inputs: VersionInputs) -> list[str]:
    """Return what is doubtful in the settings of a version on its dataset and base, a sentence each."""
    config = json.loads((inputs.base.folder / "config.json").read_text(encoding="utf-8"))
    documents = inputs.data.documents.filter(pl.col("split") == "train").height
    return doubts(inputs.recipe, inputs.base.recipe, documents, config)
