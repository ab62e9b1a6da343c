"""Settings of a version: training, adapter, decoding, names of post-processing stages. Every field says its
unit or range."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)

Stage = Literal["drop_ungrounded", "deduplicate", "enforce_schema", "fix_direction", "min_confidence"]
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


Probability = Annotated[float, Field(gt=0, lt=1)]


class TaskConfidence(Settings):
    """A least probability for each task: relations are right less often, so that theirs is best lower."""

    entity: Probability
    relation: Probability


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


class ResourcesRecipe(Settings):
    """What a version's processes ask of a batch system (MEDNER_ENGINE=slurm). Decides no weight."""

    cpus: int | None = Field(None, ge=1, le=4096, description="Cores of a job; it has as many threads.")
    mem: str | None = Field(
        None, pattern=r"^[1-9][0-9]*[KMGT]?$", description="Memory on a node, in MB where no unit is given."
    )
    time: str | None = Field(
        None,
        pattern=r"^([0-9]+-)?[0-9]+(:[0-9]{1,2}){0,2}$",
        description="Time limit: minutes, hours:minutes:seconds, days-hours.",
    )
    gres: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_:,.-]+$", description="Generic resources, as gpu:1 or gpu:a100:2."
    )

    def asked(self) -> dict[str, str]:
        """Return what is stated, as sbatch takes it."""
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}


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
