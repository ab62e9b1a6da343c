"""What writes the completions of a version, and what its process is told: one value for each system."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medner_assets import paths
from medner_assets.defs.datasets.data import Data, data_of
from medner_assets.defs.identity import asking_id, combined, generation_id
from medner_assets.defs.versions.handover import VersionInputs, inputs_of, writer_of
from medner_assets.errors import MednerError
from medner_assets.files import file_hash
from medner_assets.modeling.requirements import gliner_folder
from medner_assets.recipes.version import VersionRecipe
from medner_assets.warehouse.data_tables import DataTables

GENERATE = "medner_assets.modeling.inference.generate"
"""The process of models on this machine."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation. Equal ids: equal completions, nothing to generate anew."""

    version: str
    recipe: VersionRecipe
    data: Data
    id: str
    writer: str
    """Hash of what writes: an adapter, a base, a server and its model."""
    module: str
    """The process that writes."""
    job: Callable[[Path], dict[str, Any]]
    """What only this kind of process is told. Takes the step's folder, where it may write what it names."""
    is_offline: bool = True
    """Whether nothing is asked of a hub."""
    shares_host: bool = False
    """Whether it works on one GPU, see `cards.py`."""


def generation_of(version: str, recipe: VersionRecipe, warehouse: DataTables) -> Generation:
    """Return what writes the completions of a version whose system writes some.

    Raises MednerError when the dataset is not built, or what writes is not there or of another recipe.
    """
    if recipe.system == "endpoint":
        return _of_server(version, recipe, data_of(recipe.dataset, warehouse))
    if recipe.system == "gliner":
        return _of_gliner(version, recipe, data_of(recipe.dataset, warehouse))
    return _of_model(inputs_of(version, warehouse))


def _of_model(inputs: VersionInputs) -> Generation:
    recipe, writer = inputs.recipe, writer_of(inputs)

    def job(folder: Path) -> dict[str, Any]:
        stated = {
            **inputs.common(),
            "decoding": recipe.decoding.model_dump(mode="json"),
            "max_tokens": recipe.training.max_tokens,
        }
        if recipe.system == "lora":
            return {**stated, "adapter": str(paths.adapter(inputs.version))}
        return {**stated, "adapter": None, "shots": _shots(recipe, inputs.data, folder)}

    return Generation(
        inputs.version,
        recipe,
        inputs.data,
        generation_id(writer, inputs.data.version, recipe),
        writer,
        GENERATE,
        job,
        is_offline=inputs.base.is_local,
        shares_host=True,
    )


def _of_server(version: str, recipe: VersionRecipe, data: Data) -> Generation:
    entity_types, relation_types = data.types()

    def job(folder: Path) -> dict[str, Any]:
        return {
            "version": version,
            "entity_types": entity_types,
            "relation_types": relation_types,
            "endpoint": recipe.server.model_dump(mode="json"),
            "shots": _shots(recipe, data, folder),
        }

    return Generation(
        version,
        recipe,
        data,
        asking_id(recipe, data.version),
        combined("endpoint", json.dumps(recipe.server.asked(), sort_keys=True)),
        "medner_assets.modeling.inference.ask",
        job,
    )


def _of_gliner(version: str, recipe: VersionRecipe, data: Data) -> Generation:
    weights = gliner_folder(recipe.marker)
    if not weights.is_dir():
        raise MednerError(f"{version}: there are no weights in {weights}: put them there")
    files = sorted(file for file in weights.rglob("*") if file.suffix in (".json", ".safetensors"))
    writer = combined("gliner", *(part for file in files for part in (file.name, file_hash(file))))
    entity_types, relation_types = data.types()
    job = {
        "version": version,
        "entity_types": entity_types,
        "relation_types": relation_types,
        "weights": str(weights),
        "threshold": recipe.marker.threshold,
    }
    return Generation(
        version,
        recipe,
        data,
        combined(writer, data.version, str(recipe.marker.threshold)),
        writer,
        "medner_assets.modeling.inference.gliner",
        lambda _: job,
        shares_host=True,
    )


def _shots(recipe: VersionRecipe, data: Data, folder: Path) -> dict[str, Any]:
    """Return what a job states of the examples in its prompts."""
    pool = data.write("train", folder / "examples.jsonl")
    return {"pool": str(pool), "count": recipe.shots, "choice": recipe.shot_choice, "seed": recipe.seed}
