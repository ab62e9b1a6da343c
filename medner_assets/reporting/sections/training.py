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

# An epoch ends on its own number: 1.0 belongs to epoch 1. Rounding of a step's share of an epoch must not
# open another.
_EPOCHS = """
select model_version, cast(ceil(epoch - 1e-6) as bigint) as epoch,
    avg(loss) filter (kind = 'train') as train_loss, arg_max(loss, step) filter (kind = 'eval') as dev_loss
from training_log
where model_version in $versions and kind in ('train', 'eval') and epoch > 0
group by all
order by all
"""
_TRAIN = """
select avg(loss) from training_log
where model_version = $version and kind = 'train' and cast(ceil(epoch - 1e-6) as bigint) = (
    select max(cast(ceil(epoch - 1e-6) as bigint)) - $back from training_log
    where model_version = $version and kind = 'train')
"""
_TRAIN_AT_BEST = """
select avg(loss) from training_log
where model_version = $version and kind = 'train' and cast(ceil(epoch - 1e-6) as bigint) = (
    select cast(ceil(arg_min(epoch, loss) - 1e-6) as bigint) from training_log
    where model_version = $version and kind = 'eval')
"""
_EVAL = """
select loss from training_log where model_version = $version and kind = 'eval'
order by step desc limit 1 offset $back
"""
_LOGGED = """
select count(*) from training_log where model_version = $version and kind = 'train' and grad_norm is not null
"""
_SPIKES = """
with own as (select step, grad_norm from training_log
    where model_version = $version and kind = 'train' and isfinite(grad_norm))
select count(*) from (
    select step, grad_norm, quantile_cont(grad_norm, 0.5) over (
        order by step rows between $around preceding and $around following) as around
    from own)
where step > (select max(step) / 10 from own) and grad_norm > $spike * around
"""
_FINAL_GRADIENT = """
with own as (select step, grad_norm from training_log
    where model_version = $version and kind = 'train' and isfinite(grad_norm))
select quantile_cont(grad_norm, 0.5) from own where step > (select max(step) * 9 / 10 from own)
"""
_FIRST = "select arg_min(loss, step) from training_log where model_version = $version and kind = 'train'"
_MEAN = "select avg(loss) from training_log where model_version = $version and kind = 'train'"
_BEST = "select min(loss) from training_log where model_version = $version and kind = 'eval'"
_BEST_BEFORE = """
select min(loss) from training_log where model_version = $version and kind = 'eval' and step < (
    select max(step) from training_log where model_version = $version and kind = 'eval')
"""
_TURNS = """
with moved as (
    select step, sign(loss - before) as way
    from (
        select step, loss, lag(loss) over (order by step) as before
        from training_log where model_version = $version and kind = 'eval')
    where abs(loss - before) > $flat * before)
select count(*) from (select way, lag(way) over (order by step) as before from moved) where way <> before
"""
_BROKEN = """
select count(*) from training_log
where model_version = $version and kind = 'eval' and not isfinite(loss)
"""
_EVALUATIONS = "select count(*) from training_log where model_version = $version and kind = 'eval'"
_MEDIAN = """
select quantile_cont(grad_norm, 0.5) from training_log
where model_version = $version and kind = 'train' and isfinite(grad_norm)
"""
_LARGEST = """
select max(grad_norm) from training_log
where model_version = $version and kind = 'train' and isfinite(grad_norm)
"""
_NOT_FINITE = """
select count(*) from training_log where model_version = $version and (not isfinite(loss) or not
isfinite(grad_norm))
"""


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
    epochs = ask.table(_EPOCHS, ("model_version", "epoch"), units, versions=names).by(
        "model_version", "epoch"
    )
    nothing: tuple[None, ...] = (None,) * len(names)

    def all_of(sql: str, **values: int) -> tuple[Number | None, ...]:
        return tuple(_loss(ask, sql, name, **values) for name in names)

    def at(epoch: int, column: str) -> tuple[Number | None, ...]:
        return tuple(_cell(epochs, name, epoch, column) for name in names)

    return (
        Milestone("first logged step", all_of(_FIRST), nothing),
        *(
            Milestone(f"epoch {epoch}", at(epoch, "train_loss"), at(epoch, "dev_loss"))
            for epoch in _spread(max(epoch for _, epoch in epochs))
        ),
        Milestone("last epoch", all_of(_TRAIN, back=0), all_of(_EVAL, back=0)),
        Milestone("lowest", nothing, all_of(_BEST)),
        Milestone("mean of all steps", all_of(_MEAN), nothing),
    )


def _spread(last: int, most: int = 8) -> list[int]:
    """Return at most `most` epochs from 1 to `last`, both ends among them, evenly spread."""
    if last <= most:
        return list(range(1, last + 1))
    return sorted({round(1 + place * (last - 1) / (most - 1)) for place in range(most)})


def _change(losses: tuple[Number | None, ...]) -> Number | None:
    before, after = losses[0], losses[-1]
    return change(after, before) if len(losses) == 2 and before is not None and after is not None else None


def _cell(epochs: dict[Any, Mapping[str, Any]], name: str, epoch: int, kind: str) -> Number | None:
    row = epochs.get((name, epoch))
    return None if row is None or row[kind].value is None else row[kind]


def _loss(ask: Questions, sql: str, version: str, **values: int) -> Number | None:
    number = ask.number(sql, Unit.LOSS, version=version, **values)
    return None if number.value is None else number


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
    version = facts.name

    def loss(sql: str, **values: int) -> Number:
        return ask.number(sql, Unit.LOSS, version=version, **values)

    def other(sql: str, unit: Unit, **values: float) -> Number:
        return ask.number(sql, unit, version=version, **values)

    return TrainingFigures(
        evaluations=other(_EVALUATIONS, Unit.COUNT),
        previous_eval=loss(_EVAL, back=1),
        last_eval=loss(_EVAL, back=0),
        best_eval=loss(_BEST),
        best_before=loss(_BEST_BEFORE),
        turns=other(_TURNS, Unit.COUNT, flat=FLAT),
        broken_evals=other(_BROKEN, Unit.COUNT),
        train_at_best=loss(_TRAIN_AT_BEST),
        previous_train=loss(_TRAIN, back=1),
        last_train=loss(_TRAIN, back=0),
        median_gradient=loss(_MEDIAN),
        largest_gradient=loss(_LARGEST),
        final_gradient=loss(_FINAL_GRADIENT),
        steps=other(_LOGGED, Unit.COUNT),
        spikes=other(_SPIKES, Unit.COUNT, spike=SPIKE, around=AROUND),
        not_finite=other(_NOT_FINITE, Unit.COUNT),
        kept_best=any(
            key.startswith("training.early_stopping") and value != "null"
            for key, value in (facts.recipe or {}).items()
        ),
    )
