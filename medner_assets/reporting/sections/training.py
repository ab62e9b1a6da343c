"""Loss and Stability: what the training log says of each version, by epoch, as curves and by the stated
rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from medner_assets.reporting.diagnosis import AROUND, FLAT, SPIKE, Diagnosis, TrainingFigures, diagnosed
from medner_assets.reporting.inputs import ReportInputs, VersionFacts
from medner_assets.reporting.numbers import Number, Unit, change
from medner_assets.reporting.questions import Questions

_UNITS = dict.fromkeys(
    ("first_loss", "mean_loss", "best_eval", "median_gradient", "largest_gradient"), Unit.LOSS
)


@dataclass(frozen=True, slots=True)
class Milestone:
    """One row of the loss table: the losses of each version at a moment, in the order of `ReportInputs.pair`.

    A None is a loss that is not there: the version stopped before, or nothing was logged.
    """

    name: str
    train: tuple[Number | None, ...]
    dev: tuple[Number | None, ...]

    @property
    def changes(self) -> tuple[Number | None, Number | None]:
        """The relative changes of training and dev loss against the baseline."""
        return _change(self.train), _change(self.dev)


@dataclass(frozen=True, slots=True)
class TrainingSection:
    """Loss and Stability."""

    milestones: tuple[Milestone, ...]
    curves: Mapping[str, Mapping[str, tuple[tuple[float, float], ...]]]
    """Version → `train`, `eval`, `gradient` → points (epoch, value)."""
    diagnoses: Mapping[str, tuple[Diagnosis, ...]]
    """Version → findings; empty: no log."""


def training_section(ask: Questions, inputs: ReportInputs) -> TrainingSection:
    """Return what the logs of both versions say; a version without a log has no entry in `diagnoses`."""
    names = [each.name for each in inputs.pair]
    logged = [each for each in inputs.pair if each.logged]
    milestones = _milestones(ask, inputs, names) if logged else ()
    log = inputs.tables["training_log"]
    return TrainingSection(
        milestones=milestones,
        curves={each.name: curves_of(log.filter(pl.col("model_version") == each.name)) for each in logged},
        diagnoses={each.name: diagnosed(_figures(ask, each)) for each in logged},
    )


def _milestones(ask: Questions, inputs: ReportInputs, names: list[str]) -> tuple[Milestone, ...]:
    units = {"train_loss": Unit.LOSS, "dev_loss": Unit.LOSS}
    epochs = ask.table("losses_by_epoch", ("model_version", "epoch"), units, versions=names).by(
        "model_version", "epoch"
    )
    whole = _whole(ask, names)
    nothing: tuple[None, ...] = (None,) * len(names)

    def all_of(question: str) -> tuple[Number | None, ...]:
        numbers = (ask.number(question, Unit.LOSS, version=name, back=0) for name in names)
        return tuple(None if number.value is None else number for number in numbers)

    def over_all(column: str) -> tuple[Number | None, ...]:
        return tuple(_cell(whole, name, column) for name in names)

    def at(epoch: int, column: str) -> tuple[Number | None, ...]:
        return tuple(_cell(epochs, (name, epoch), column) for name in names)

    return (
        Milestone("first logged step", over_all("first_loss"), nothing),
        *(
            Milestone(f"epoch {epoch}", at(epoch, "train_loss"), at(epoch, "dev_loss"))
            for epoch in _spread(max(epoch for _, epoch in epochs))
        ),
        Milestone("last epoch", all_of("train_loss_back"), all_of("eval_loss_back")),
        Milestone("lowest", nothing, over_all("best_eval")),
        Milestone("mean of all steps", over_all("mean_loss"), nothing),
    )


def _spread(last: int, most: int = 8) -> list[int]:
    """Return at most `most` epochs from 1 to `last`, both ends among them, evenly spread."""
    if last <= most:
        return list(range(1, last + 1))
    return sorted({round(1 + place * (last - 1) / (most - 1)) for place in range(most)})


def _change(losses: tuple[Number | None, ...]) -> Number | None:
    before, after = losses[0], losses[-1]
    return change(after, before) if len(losses) == 2 and before is not None and after is not None else None


def _cell(rows: Mapping[Any, Mapping[str, Any]], key: str | tuple[str, int], column: str) -> Number | None:
    row = rows.get(key)
    return None if row is None or row[column].value is None else row[column]


def _whole(ask: Questions, names: list[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return version → what its whole log comes to; no key: nothing is logged."""
    return ask.table("training_figures", ("model_version",), _UNITS, versions=names).by("model_version")


def curves_of(log: pl.DataFrame) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return `train`, `eval` (losses) and `gradient` (norms) as points (epoch, value); log: rows of one
    version."""

    def points(kind: str, column: str) -> tuple[tuple[float, float], ...]:
        own = log.filter((pl.col("kind") == kind) & pl.col(column).is_finite()).sort("step")
        return tuple(own.select("epoch", column).iter_rows())

    return {
        "train": points("train", "loss"),
        "eval": points("eval", "loss"),
        "gradient": points("train", "grad_norm"),
    }


def _figures(ask: Questions, facts: VersionFacts) -> TrainingFigures:
    whole = _whole(ask, [facts.name])[facts.name]

    def loss(question: str, back: int = 0) -> Number:
        return ask.number(question, Unit.LOSS, version=facts.name, back=back)

    def count(question: str, **values: float) -> Number:
        return ask.number(question, Unit.COUNT, version=facts.name, **values)

    return TrainingFigures(
        evaluations=whole["evaluations"],
        previous_eval=loss("eval_loss_back", 1),
        last_eval=loss("eval_loss_back"),
        best_eval=whole["best_eval"],
        best_before=loss("best_before_last"),
        turns=count("loss_turns", flat=FLAT),
        broken_evals=whole["broken_evals"],
        train_at_best=loss("train_loss_at_best"),
        previous_train=loss("train_loss_back", 1),
        last_train=loss("train_loss_back"),
        median_gradient=whole["median_gradient"],
        largest_gradient=whole["largest_gradient"],
        final_gradient=loss("final_gradient"),
        steps=whole["steps"],
        spikes=count("gradient_spikes", spike=SPIKE, around=AROUND),
        not_finite=whole["not_finite"],
        kept_best=any(
            key.startswith("training.early_stopping") and value != "null"
            for key, value in (facts.recipe or {}).items()
        ),
    )
