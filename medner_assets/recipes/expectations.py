"""What is expected of a version before it is trained: ranges of scores and of error shares."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from medner_assets.recipes.settings import Settings


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
