"""Probabilities of a model → probabilities that hold: isotonic regression on the dev split. Pure.

A task whose dev items are too few keeps the model's probabilities; a type with too few takes its task's.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import polars as pl
from pydantic import Field, ValidationError

from medner_assets.errors import MednerError
from medner_assets.scoring.confidence.curve import CalibrationCurve, Value
from medner_assets.scoring.schemes import Task

FEWEST_OF_TASK = 100
"""Dev items below which a task is not calibrated."""
FEWEST_OF_TYPE = 300
"""Dev items below which a type has no curve of its own."""
PRECISIONS = (0.9, 0.95, 0.99)
"""For which the least probability to answer is noted."""


class Threshold(Value):
    """From which probability on answers have a precision on dev."""

    precision: float
    probability: float | None = Field(description="The least calibrated probability; None: none has it.")
    coverage: float = Field(description="Share of dev items that are answered then.")


class TaskCalibration(Value):
    """The curves of one task."""

    items: int = Field(description="Items predicted on dev.")
    right: int = Field(description="Of these, right ones.")
    curve: CalibrationCurve | None = Field(description="None: too few; the model's probabilities stay.")
    types: Mapping[str, CalibrationCurve] = Field(description="Types with a curve of their own.")
    thresholds: tuple[Threshold, ...] = ()

    def at(self, types: pl.Series, probability: pl.Series) -> pl.Series:
        """Return the calibrated probabilities of items of these types; null for null."""
        if self.curve is None:
            return probability
        values = probability.to_numpy()  # null is NaN
        found = self.curve.at(values)
        for name, curve in self.types.items():
            own = (types == name).to_numpy()
            found[own] = curve.at(values[own])
        found[np.isnan(values)] = np.nan  # a curve of one knot would take it for a number
        return pl.Series(probability.name, found, dtype=pl.Float64()).fill_nan(None)


class Calibration(Value):
    """How the probabilities of one version are calibrated, as its file beside the adapter has it."""

    generation_id: str = Field(description="The completions whose dev part it was fitted to.")
    tasks: Mapping[Task, TaskCalibration]

    @classmethod
    def fitted(cls, generation_id: str, items: Mapping[Task, pl.DataFrame]) -> Self:
        """Return the calibration from the dev items of each task, as `sure_items` gives them."""
        return cls(generation_id=generation_id, tasks={task: _of_task(rows) for task, rows in items.items()})

    @classmethod
    def parsed(cls, text: str, where: str) -> Self:
        """Return the calibration that a file holds; raise MednerError where it is none."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            reason = error.errors(include_url=False)[0]
            place = ".".join(map(str, reason["loc"])) or "the file"
            raise MednerError(f"{where}: {place}: {reason['msg']}: remove it and evaluate again") from None

    def applied(self, task: Task, rows: pl.DataFrame) -> pl.DataFrame:
        """Return predicted rows of a task with `probability` calibrated from `model_probability`."""
        own = self.tasks.get(task)
        if own is None:
            return rows
        return rows.with_columns(probability=own.at(rows["type"], rows["model_probability"]))

    @property
    def is_whole(self) -> bool:
        """Whether both tasks are calibrated."""
        return all(own.curve is not None for own in self.tasks.values())

    def said(self) -> list[str]:
        """Return what a reader must know of each task, a sentence each."""
        return [_said(task, own) for task, own in self.tasks.items()]


def _of_task(items: pl.DataFrame) -> TaskCalibration:
    probability, right = items["model_probability"].to_numpy(), items["right"].to_numpy()
    counts = {"items": items.height, "right": int(right.sum())}
    if items.height < FEWEST_OF_TASK:
        return TaskCalibration(**counts, curve=None, types={})
    types = {
        str(name): CalibrationCurve.fitted(own["model_probability"].to_numpy(), own["right"].to_numpy())
        for (name,), own in sorted(items.partition_by("type", as_dict=True).items())
        if own.height >= FEWEST_OF_TYPE
    }
    fitted = TaskCalibration(**counts, curve=CalibrationCurve.fitted(probability, right), types=types)
    calibrated = fitted.at(items["type"], items["model_probability"]).to_numpy()
    return fitted.model_copy(update={"thresholds": thresholds(calibrated, right, PRECISIONS)})


def thresholds(
    probability: np.ndarray, right: np.ndarray, precisions: Sequence[float]
) -> tuple[Threshold, ...]:
    """Return for each precision the least probability from which on the items have it, and their share."""
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order]
    precise = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    whole = np.append(ranked[1:] < ranked[:-1], True)  # equal probabilities are answered together
    found = []
    for precision in precisions:
        at = np.flatnonzero(whole & (precise >= precision))
        last = int(at[-1]) if len(at) else None
        found.append(
            Threshold(
                precision=precision,
                probability=None if last is None else float(ranked[last]),
                coverage=0.0 if last is None else (last + 1) / len(order),
            )
        )
    return tuple(found)


def _said(task: Task, own: TaskCalibration) -> str:
    if own.curve is None:
        return (
            f"{task}: {own.items} items predicted on dev, fewer than {FEWEST_OF_TASK}: "
            "not calibrated, the model's own probabilities are kept"
        )
    alone = ", ".join(own.types) or "none"
    return f"{task}: calibrated on {own.items} items of dev; types with a curve of their own: {alone}"
