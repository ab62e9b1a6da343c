"""The recipe of a model version: which system, on what, with which settings."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from medner_assets.errors import MednerError
from medner_assets.recipes.endpoint import EndpointRecipe
from medner_assets.recipes.expectations import Expectation
from medner_assets.recipes.settings import (
    DecodingRecipe,
    LoraRecipe,
    Probability,
    ResourcesRecipe,
    Settings,
    Stage,
    TaskConfidence,
    TrainingRecipe,
)
from medner_assets.recipes.sources import Place

System = Literal["lora", "prompted", "endpoint", "gliner", "predictions", "ensemble"]
_OF: Mapping[str, frozenset[str]] = {
    "lora": frozenset({"base_model", "training", "lora", "decoding"}),
    "prompted": frozenset({"base_model", "decoding", "shots", "shot_choice"}),
    "endpoint": frozenset({"endpoint", "shots", "shot_choice"}),
    "gliner": frozenset({"gliner"}),
    "predictions": frozenset({"submissions"}),
    "ensemble": frozenset({"members"}),
}
NOT_OF: Mapping[str, frozenset[str]] = {
    system: frozenset().union(*_OF.values()) - own for system, own in _OF.items()
}
"""System → settings that it does not have: its own are an error, those of its baseline are not inherited."""
GIVES_PLACES = frozenset({"gliner", "predictions", "ensemble"})
"""Systems whose completions are lines of answers, with the places of what they name."""
NOT_GENERATED = frozenset({"predictions", "ensemble"})
"""Systems whose answers are there without a process: in a file, or as votes of other versions."""
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class GlinerRecipe(Settings):
    """A GLiNER2 model, which marks places in the text; it is asked for the types of train."""

    path: Place = Field(description="The folder of its weights, relative to the project.")
    threshold: float = Field(0.5, gt=0, lt=1, description="Probability from which on a mention counts.")


class VersionRecipe(Settings):
    """A model version as its file states it, with the baseline's settings filled in."""

    summary: str = Field(min_length=1, max_length=300, description="What this version changes, in one line.")
    baseline: str | None = Field(None, description="The version that it inherits from and is compared with.")
    system: System = Field(
        "lora",
        description="lora: a base with an adapter. prompted: a base alone, asked with examples. endpoint: a "
        "server that is asked likewise. gliner: a GLiNER2 model. predictions: any system's answers, from a "
        "file (`medner register`). ensemble: what most replicates of a version say.",
    )
    base_model: str | None = Field(None, description="Recipe of the base, of lora and prompted.")
    dataset: str
    seed: int = Field(42, ge=0, lt=2**31)
    replicates: int = Field(
        1, ge=1, le=99, description="Trainings with different seeds; two make a statement on the recipe."
    )
    training: TrainingRecipe = TrainingRecipe()
    lora: LoraRecipe = LoraRecipe()
    decoding: DecodingRecipe = DecodingRecipe()
    endpoint: EndpointRecipe | None = Field(None, description="endpoint: the server, and how it is asked.")
    gliner: GlinerRecipe | None = Field(None, description="gliner: the model.")
    shots: int = Field(0, ge=0, le=64, description="prompted, endpoint: examples of train in each prompt.")
    shot_choice: Literal["seed", "nearest"] = Field(
        "seed",
        description="prompted, endpoint: one draw for all texts, or the texts most like it.",
    )
    submissions: tuple[Digest, ...] = Field(
        (), description="predictions: SHA-256 of the registered files, one a replicate."
    )
    members: str | None = Field(None, description="ensemble: the version whose replicates vote.")
    postprocessing: tuple[Stage, ...] = Field(
        (), description="Stages in the order they run; the last is `final`."
    )
    min_confidence: Probability | TaskConfidence = Field(
        0.5,
        description="The least probability that the stage min_confidence keeps; one for both tasks, or each.",
    )
    resources: ResourcesRecipe | None = Field(
        None,
        description="What each job of a batch system asks for, before MEDNER_SLURM_*; changes no result.",
    )
    expectation: Expectation | None = None

    @property
    def base(self) -> str:
        """The name of the base; raises MednerError where the system has none."""
        if self.base_model is None:
            raise MednerError(f"a version of `system: {self.system}` has no base")
        return self.base_model

    @property
    def server(self) -> EndpointRecipe:
        """The server that is asked; raises MednerError where the system has none."""
        if self.endpoint is None:
            raise MednerError(f"a version of `system: {self.system}` asks no server")
        return self.endpoint

    @property
    def marker(self) -> GlinerRecipe:
        """The GLiNER2 model; raises MednerError where the system has none."""
        if self.gliner is None:
            raise MednerError(f"a version of `system: {self.system}` has no GLiNER2 model")
        return self.gliner

    @property
    def repairs(self) -> list[str]:
        """What decides the post-processing, for hashes: its stages, and the threshold where one has it."""
        if "min_confidence" not in self.postprocessing:
            return [*self.postprocessing]
        least = self.min_confidence
        shown = least if isinstance(least, float) else f"entity {least.entity}, relation {least.relation}"
        return [*self.postprocessing, f"min_confidence {shown}"]

    @property
    def least_probabilities(self) -> dict[Literal["entity", "relation"], float]:
        """Task → the least probability that the stage min_confidence keeps."""
        least = self.min_confidence
        if isinstance(least, float):
            return {"entity": least, "relation": least}
        return {"entity": least.entity, "relation": least.relation}

    def asked_of_a_cluster(self) -> dict[str, str]:
        """Return the resources that the recipe states, by the names of `environment.SLURM_SETTINGS`."""
        return self.resources.asked() if self.resources is not None else {}

    @model_validator(mode="after")
    def _of_its_system(self) -> "VersionRecipe":
        if foreign := sorted(self.model_fields_set & NOT_OF[self.system]):
            raise ValueError(f"system {self.system} has no setting {foreign[0]}: remove it")
        for needed in ("base_model", "endpoint", "gliner", "members"):
            if needed in _OF[self.system] and getattr(self, needed) is None:
                raise ValueError(f"{needed!r} is missing: add it")
        if self.system == "predictions" and len(self.submissions) != self.replicates:
            raise ValueError(
                f"{self.replicates} replicates and {len(self.submissions)} submissions: name a file for each"
            )
        return self

    @model_serializer(mode="wrap")
    def _without_other_systems(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Also: a recipe of an adapter keeps the hash that it had before there were other systems.
        dumped: dict[str, Any] = dump(self)
        unneeded = {*NOT_OF[self.system], *(("system",) if self.system == "lora" else ())}
        if "min_confidence" not in self.postprocessing:
            unneeded.add("min_confidence")
        if self.resources is None:
            unneeded.add("resources")
        return {key: value for key, value in dumped.items() if key not in unneeded}
