"""What a version decides: training, adapter, decoding, post-processing. Every field says its unit or
range."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from medner_assets.errors import MednerError

Stage = Literal["drop_ungrounded", "deduplicate", "enforce_schema", "fix_direction"]
ALL_LINEAR: Literal["all-linear"] = "all-linear"
ALL_PROJECTIONS = (
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
)  # fmt: skip


def _word(value: Any) -> Any:
    """Return on and off as words: YAML reads them as true and false."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


Switch = Annotated[Literal["auto", "on", "off"], BeforeValidator(_word)]


class Settings(BaseModel):
    """The base of all recipe models: frozen, unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EarlyStopping(Settings):
    """Stop when the loss on the dev split no longer falls; the best checkpoint is kept."""

    patience: int = Field(
        2, ge=1, le=100, description="Evaluations (one per epoch) without improvement before training stops."
    )
    min_delta: float = Field(
        0.0,
        ge=0,
        description="A smaller decrease of the loss (nats per token) does not count as improvement.",
    )


class TrainingRecipe(Settings):
    """How the adapter is trained."""

    epochs: int = Field(3, ge=1, le=1000, description="Passes over the train split.")
    batch_size: int = Field(8, ge=1, le=4096, description="Documents per forward pass.")
    gradient_accumulation: int = Field(2, ge=1, le=4096, description="Forward passes per optimiser step.")
    learning_rate: float = Field(
        2e-4, gt=0, le=1, description="Peak rate; the base model's multiplier applies."
    )
    schedule: Literal["linear", "cosine", "constant"] = Field(
        "linear", description="Decay after the warm-up."
    )
    warmup_steps: int = Field(100, ge=0, description="Optimiser steps of linear warm-up.")
    weight_decay: float = Field(
        0.01, ge=0, le=1, description="Decoupled weight decay of the adapter's weights."
    )
    max_grad_norm: float = Field(1.0, gt=0, description="Gradients are clipped to this L2 norm.")
    max_tokens: int = Field(
        512,
        ge=32,
        le=131072,
        description="Tokens per sample; longer documents are split at sentence borders, "
        "and read sentence by sentence in evaluation and prediction.",
    )
    optimizer: Literal["adamw_torch", "adamw_8bit"] = Field(
        "adamw_torch", description="adamw_8bit needs CUDA."
    )
    packing: Switch = Field(
        "auto",
        description="Several samples per row, without padding; the loss is the same as sample by sample. "
        "auto: on a GPU, for models with fused layers; on a CPU samples are filled up to one length, which "
        "is faster there. on: for any model whose own attention keeps samples apart.",
    )
    gradient_checkpointing: Switch = Field("auto", description="auto: only when memory is short.")
    relation_loss_weight: float = Field(
        1.0,
        gt=0,
        le=100,
        description="Weight of tokens of relation lines against entity lines, before normalising to mean 1.",
    )
    early_stopping: EarlyStopping | None = Field(
        None, description="None: train all epochs, keep the last weights."
    )
    backend: Literal["auto", "peft", "unsloth"] = Field(
        "auto", description="auto: peft, which is faster; unsloth: extra `gpu`, one GPU."
    )
    gpus: Annotated[int, Field(ge=1, le=64)] | Literal["all"] = Field(
        1,
        description="GPUs of one host that share each step; the effective batch is unchanged. "
        "all: as many as are visible. On a CPU: processes; 1: as many as pay.",
    )

    @property
    def effective_batch(self) -> int:
        """Documents per optimiser step, whatever the micro-batch and the number of GPUs."""
        return self.batch_size * self.gradient_accumulation


LayerName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


class LoraRecipe(Settings):
    """The adapter's shape."""

    rank: int = Field(
        16, gt=0, le=512, description="Rank r of the update B @ A; A is (r, d_in), B is (d_out, r)."
    )
    alpha: float = Field(16, gt=0, description="The update is scaled by alpha / rank.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout on the adapter's input.")
    target_modules: Literal["all-linear"] | tuple[LayerName, ...] = Field(
        ALL_LINEAR,
        description="Layers that are adapted: their names in the base, or all-linear: every linear layer of "
        "its decoder.",
    )
    save_dtype: Literal["fp32", "bf16"] = Field(
        "fp32", description="Type of the saved weights; bf16 halves the file and rounds them."
    )

    @field_validator("target_modules")
    @classmethod
    def _some(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not value:
            raise ValueError("name at least one layer, or all-linear")
        return value

    def hashed(self) -> dict[str, Any]:
        """Return the settings as hashes take them: all-linear as the seven projections that it means in a
        base of the Llama family, where it used to be the default by these names."""
        dumped = self.model_dump(mode="json")
        if self.target_modules == ALL_LINEAR:
            dumped["target_modules"] = list(ALL_PROJECTIONS)
        return dumped


class DecodingRecipe(Settings):
    """How completions are generated. Greedy: a version's completions are a function of its weights."""

    max_new_tokens: int = Field(
        384, ge=1, le=8192, description="A longer completion is cut and marked as cut."
    )
    batch_size: int = Field(
        128,
        ge=1,
        le=4096,
        description="Documents per generation batch on a CPU; a GPU takes as many as fit into its memory.",
    )
    grammar: bool = Field(False, description="Constrain tokens so that every completion parses.")


class Band(Settings):
    """Expected ranges of one task; each a pair (low, high) of fractions, None where nothing is expected."""

    precision: tuple[float, float] | None = None
    recall: tuple[float, float] | None = None
    f1: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "Band":
        for name in ("precision", "recall", "f1"):
            bounds = getattr(self, name)
            if bounds is not None and not 0 <= bounds[0] <= bounds[1] <= 1:
                raise ValueError(f"{name} {list(bounds)} must be [low, high] with 0 ≤ low ≤ high ≤ 1")
        return self


PredictedError = Literal[
    "duplicate", "ungrounded", "type", "boundary", "type_boundary", "direction", "cascaded", "spurious"
]
"""Classes of what was predicted; what is missing was not predicted, and recall says how much it is."""


class TaskExpectation(Settings):
    """What is expected of one task (entities or relations)."""

    conservative: Band = Band()
    optimistic: Band = Band()
    confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Probability, as the author sees it, that the conservative range is reached.",
    )
    error_shares: Mapping[PredictedError, tuple[float, float]] = Field(
        {}, description="Error class → expected range (low, high) of its share of all that is predicted."
    )

    @model_validator(mode="after")
    def _shares_ordered(self) -> "TaskExpectation":
        for name, (low, high) in self.error_shares.items():
            if not 0 <= low <= high <= 1:
                raise ValueError(
                    f"error_shares.{name} {[low, high]} must be [low, high] with 0 ≤ low ≤ high ≤ 1"
                )
        return self

    @model_serializer(mode="wrap")
    def _without_unstated(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A recipe that states no shares keeps the hash that it had before they could be stated.
        dumped: dict[str, Any] = dump(self)
        if not self.error_shares:
            dumped.pop("error_shares", None)
        return dumped


class StageExpectation(Settings):
    """What is expected of both tasks at one stage."""

    entity: TaskExpectation = TaskExpectation()
    relation: TaskExpectation = TaskExpectation()

    @model_validator(mode="after")
    def _classes_of_entities(self) -> "StageExpectation":
        for name in ("direction", "cascaded"):
            if name in self.entity.error_shares:
                raise ValueError(f"entity.error_shares.{name} is a class of relations: state it of relation")
        return self


class Expectation(Settings):
    """What the author expects, written before training and never after; the report holds the result against
    it."""

    raw: StageExpectation = Field(StageExpectation(), description="Without post-processing.")
    final: StageExpectation = Field(StageExpectation(), description="With the recipe's post-processing.")
    reasons: tuple[str, ...] = ()


System = Literal["lora", "prompted", "predictions"]
NOT_OF: Mapping[str, frozenset[str]] = {
    "lora": frozenset({"shots", "shot_choice", "submissions"}),
    "prompted": frozenset({"training", "lora", "submissions"}),
    "predictions": frozenset({"base_model", "training", "lora", "decoding", "shots", "shot_choice"}),
}
"""System → settings that it does not have: its own are an error, those of its baseline are not inherited."""
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class VersionRecipe(Settings):
    """A model version as its file states it, with the baseline's settings filled in."""

    summary: str = Field(min_length=1, max_length=300, description="What this version changes, in one line.")
    baseline: str | None = Field(None, description="The version that it inherits from and is compared with.")
    system: System = Field(
        "lora",
        description="lora: a base with an adapter. prompted: a base alone, asked with examples. predictions: "
        "any system's answers, from a file (`medner register`).",
    )
    base_model: str | None = Field(None, description="Recipe of the base; predictions have none.")
    dataset: str
    seed: int = Field(42, ge=0, lt=2**31)
    replicates: int = Field(
        1, ge=1, le=99, description="Trainings with different seeds; two make a statement on the recipe."
    )
    training: TrainingRecipe = TrainingRecipe()
    lora: LoraRecipe = LoraRecipe()
    decoding: DecodingRecipe = DecodingRecipe()
    shots: int = Field(0, ge=0, le=64, description="prompted: examples of train in each prompt.")
    shot_choice: Literal["seed", "nearest"] = Field(
        "seed",
        description="prompted: one draw for all texts, or the texts most like it.",
    )
    submissions: tuple[Digest, ...] = Field(
        (), description="predictions: SHA-256 of the registered files, one a replicate."
    )
    postprocessing: tuple[Stage, ...] = Field(
        (), description="Stages in the order they run; the last is `final`."
    )
    expectation: Expectation | None = None

    @property
    def base(self) -> str:
        """The name of the base; raises MednerError where the system has none."""
        if self.base_model is None:
            raise MednerError("a version of `system: predictions` has no base: it is a file of answers")
        return self.base_model

    @model_validator(mode="after")
    def _of_its_system(self) -> "VersionRecipe":
        if foreign := sorted(self.model_fields_set & NOT_OF[self.system]):
            raise ValueError(f"system {self.system} has no setting {foreign[0]}: remove it")
        if self.base_model is None and self.system != "predictions":
            raise ValueError("'base_model' is missing: add it")
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
        return {key: value for key, value in dumped.items() if key not in unneeded}
