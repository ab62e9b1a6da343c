"""What the training and generation processes are given: one JSON file each, every path absolute."""

import json
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from medner_assets.corpus.shards import Shard
from medner_assets.errors import MednerError
from medner_assets.recipes.endpoint import EndpointRecipe
from medner_assets.recipes.settings import DecodingRecipe
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import VersionRecipe

REFUSED = "refused"
"""The finish_reason of a completion whose writer would not answer; others are stop and length."""


class _Job(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    entity_types: tuple[str, ...] = Field(
        description="Types that the prompt asks for: those of the train split."
    )
    relation_types: tuple[str, ...]

    @classmethod
    def read(cls, file: Path) -> Self:
        """Return the job in `file`; raise MednerError when it is none."""
        try:
            return cls.parsed(file.read_text(encoding="utf-8"), file.name)
        except (OSError, ValueError) as error:
            raise _no_job(file.name, error) from None

    @classmethod
    def parsed(cls, text: str, name: str) -> Self:
        """Return the job that JSON `text` states; raise MednerError, with its `name`, when it is none."""
        try:
            return cls.model_validate(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise _no_job(name, error) from None


def _no_job(name: str, error: Exception) -> MednerError:
    reason = " ".join(str(error).split())[:300]
    return MednerError(f"{name}: not a job that this version of medner can run: {reason}")


class _LocalJob(_Job):
    base: BaseModelRecipe
    base_folder: Path | None = Field(
        None, description="The weights, where `base` names a folder; None: the hub's cache."
    )


class ShotsJob(BaseModel):
    """Examples in the prompt, for a base that was not trained on the format."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pool: Path = Field(description="Documents of the train split, JSON lines.")
    count: int = Field(ge=0, description="Examples a text; 0: the format is described only.")
    choice: Literal["seed", "nearest"]
    seed: int


class _PromptingJob(_Job):
    shots: ShotsJob | None = Field(None, description="None: the model was trained on the format.")


class TrainingJob(_LocalJob):
    """One adapter to train."""

    recipe: VersionRecipe
    train: Path = Field(description="Documents, JSON lines.")
    dev: Path = Field(description="Documents, JSON lines; may be empty.")
    output: Path = Field(description="The adapter's folder; appears whole or not at all.")
    work: Path = Field(description="Scratch folder: checkpoints and progress.json.")
    fingerprint: str = Field(description="Hash of recipe, data and base; training resumes only from its own.")
    dataset_version: str
    device: Literal["auto", "cpu", "cuda"] = "auto"
    beside: tuple[Path, ...] = Field(
        (), description="Jobs of other replicates, trained in the same process where one GPU takes them."
    )


class InferenceJob(_LocalJob, _PromptingJob):
    """What every process that writes completions is told."""

    adapter: Path | None = Field(description="The adapter's folder; None: the base alone.")
    decoding: DecodingRecipe
    max_tokens: int | None = Field(
        None,
        description="A text whose prompt is longer is read sentence by sentence: the recipe's max_tokens. "
        "None: every text is read whole.",
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"


class WritingJob(_PromptingJob):
    """Completions to write, whoever writes them."""

    documents: Path = Field(description="Documents, JSON lines.")
    output: Path = Field(description="Completions, JSON lines; appears whole or not at all.")
    work: Path | None = Field(None, description="Scratch folder: partial results and progress.json.")
    generation_id: str = Field(
        description="Hash of what writes, data and decoding; partial results are its own."
    )


class GenerationJob(InferenceJob, WritingJob):
    """Completions that a model on this machine writes."""

    beside: tuple[Path, ...] = Field(
        (),
        description="Jobs of other replicates, whose completions the same process writes on the same base.",
    )


class GlinerJob(WritingJob):
    """Answers that a GLiNER2 model on this machine gives."""

    weights: Path = Field(description="Its folder.")
    threshold: float
    device: Literal["auto", "cpu", "cuda"] = "auto"


class AskingJob(WritingJob):
    """Completions that a server is asked for."""

    endpoint: EndpointRecipe


class ReadingJob(InferenceJob):
    """What a version needs to read texts of any length: prediction and annotation."""

    postprocessing: tuple[str, ...] = Field(description="Stages of the recipe, in order.")
    triples: tuple[tuple[str, str, str], ...] = Field(
        description="(relation type, head type, tail type) of the train split, for post-processing."
    )
    symmetric: tuple[str, ...] = Field(description="Relation types without direction.")
    calibration: Path | None = Field(
        None, description="How probabilities are calibrated; None: they are the model's own."
    )
    least: dict[Literal["entity", "relation"], float] = Field(
        {"entity": 0.5, "relation": 0.5},
        description="Task → the least probability that the stage min_confidence keeps.",
    )


class PredictionJob(ReadingJob):
    """Texts to read at once, one after the other."""

    inputs: tuple[Path, ...] = Field(description="Files: .jsonl holds documents, any other is one text.")
    names: tuple[str, ...] = Field(description="What each input is called; ids of texts.")


class AnnotationJob(ReadingJob):
    """Shards of a corpus to annotate."""

    corpus: Path = Field(description="The folder that the shards' files are in.")
    corpus_name: str
    shards: tuple[Shard, ...]
    output: Path = Field(description="The folder of the shards' Parquet files, each written once.")
    work: Path = Field(description="Scratch folder: claims, reasons of shards set aside, progress.json.")
    annotation_id: str = Field(description="Hash of all that annotations depend on but the text.")
    workers: int = Field(
        1,
        ge=0,
        le=256,
        description="Processes; each loads the model once. 0: one per GPU of the machine that annotates.",
    )
