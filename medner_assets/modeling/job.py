"""What the training and generation processes are told: one JSON file each, every path absolute."""

import json
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from medner_assets.errors import MednerError
from medner_assets.recipes.settings import DecodingRecipe, VersionRecipe
from medner_assets.recipes.sources import BaseModelRecipe


class _Job(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    base: BaseModelRecipe
    base_folder: Path | None = Field(
        None, description="The weights, where `base` names a folder; None: the hub's cache."
    )
    entity_types: tuple[str, ...] = Field(
        description="Types that the prompt asks for: those of the train split."
    )
    relation_types: tuple[str, ...]

    @classmethod
    def read(cls, file: Path) -> Self:
        """Return the job in `file`; raise MednerError when it is none."""
        try:
            return cls.model_validate(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            reason = " ".join(str(error).split())[:300]
            raise MednerError(
                f"{file.name}: not a job that this version of medner can run: {reason}"
            ) from None


class TrainingJob(_Job):
    """One adapter to train."""

    recipe: VersionRecipe
    train: Path = Field(description="Documents, JSON lines.")
    dev: Path = Field(description="Documents, JSON lines; may be empty.")
    output: Path = Field(description="The adapter's folder; appears whole or not at all.")
    work: Path = Field(description="Scratch folder: checkpoints and progress.json.")
    fingerprint: str = Field(description="Hash of recipe, data and base; training resumes only from its own.")
    dataset_version: str
    device: Literal["auto", "cpu", "cuda"] = "auto"


class GenerationJob(_Job):
    """Completions to write."""

    adapter: Path | None = Field(description="The adapter's folder; None: the base alone.")
    documents: Path = Field(description="Documents, JSON lines.")
    decoding: DecodingRecipe
    output: Path = Field(description="Completions, JSON lines; appears whole or not at all.")
    work: Path | None = Field(None, description="Scratch folder: partial results and progress.json.")
    generation_id: str = Field(
        description="Hash of adapter weights, data and decoding; partial results are its own."
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"
