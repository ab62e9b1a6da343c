"""What a training run was like, by stated rules over its log: still learning, converged, overfitting,
diverging or oscillating; steady or not.

Rules look at the dev loss; where none was logged, at the mean training loss of an epoch, and then
overfitting cannot be judged. A rule that cannot be applied says so.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from medner_assets.reporting.numbers import Number, Phrase

FLAT = 0.02
"""A relative change of the loss below this counts as none."""
SPIKE = 4.0
"""A gradient norm above this many medians of the steps around it is a spike."""
AROUND = 10
"""Logged steps on either side that are around a step: a norm that decays slowly has no spike."""
SPIKES = 0.01
"""More than this share of logged steps with a spike makes a run unsteady."""
TURNS = 2
"""From this many changes of direction on, each of more than `FLAT`, a dev loss oscillates."""


class Behaviour(StrEnum):
    """What a rule found."""

    UNDERTRAINED = "undertrained"
    CONVERGED = "converged"
    OVERFITTING = "overfitting"
    DIVERGING = "diverging"
    OSCILLATING = "oscillating"
    STEADY = "stable gradients"
    UNSTABLE = "unstable gradients"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class TrainingFigures:
    """The figures of one run that the rules need; a Number without a value was not logged."""

    evaluations: Number
    """How often the dev loss was measured."""
    previous_eval: Number
    last_eval: Number
    best_eval: Number
    best_before: Number
    """Lowest dev loss before the last evaluation."""
    turns: Number
    """How often the dev loss changed its direction, moves of less than `FLAT` left out."""
    broken_evals: Number
    """Dev losses that are NaN or infinite."""
    train_at_best: Number
    """Mean training loss of the epoch whose dev loss was lowest."""
    previous_train: Number
    """Mean training loss of the epoch before the last."""
    last_train: Number
    median_gradient: Number
    largest_gradient: Number
    final_gradient: Number
    """Median of the last tenth of the logged steps."""
    steps: Number
    """Logged training steps with a gradient norm."""
    spikes: Number
    """Logged steps whose gradient norm exceeds `SPIKE` medians of the steps around, the first tenth
    (warm-up) left out."""
    not_finite: Number
    """Logged losses and gradient norms that are NaN or infinite."""
    kept_best: bool = False
    """Whether early stopping kept the checkpoint with the lowest dev loss."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One finding: the rule as a sentence, and the numbers it was applied to."""

    finding: Behaviour
    rule: str
    evidence: Phrase


def diagnosed(figures: TrainingFigures) -> tuple[Diagnosis, Diagnosis]:
    """Return what the loss says and what the gradients say."""
    return _learning(figures), _gradients(figures)


def _learning(figures: TrainingFigures) -> Diagnosis:
    if figures.broken_evals.value:
        return Diagnosis(
            Behaviour.DIVERGING,
            "a dev loss is not finite",
            (figures.broken_evals, " dev losses are not finite"),
        )
    last, best = figures.last_eval, figures.best_eval
    if figures.previous_eval.value is None or last.value is None or best.value is None:
        return _without_dev(figures)
    turning = (figures.turns.value or 0) >= TURNS
    if last.value > best.value * (1 + FLAT):
        # One rise among several turns is the oscillation; two evaluations above the lowest are a rise.
        stays = figures.previous_eval.value > best.value * (1 + FLAT)
        if figures.kept_best:
            return _kept(figures)
        if stays or not turning:
            return _rising(figures)
    if turning and not figures.kept_best:
        return Diagnosis(
            Behaviour.OSCILLATING,
            f"the dev loss changed its direction {TURNS} times or more, by more than {FLAT:.0%} each time",
            ("dev loss turned ", figures.turns, " times over ", figures.evaluations, " evaluations, ", best,
             " at its lowest, ", last, " at the end"),
        )  # fmt: skip
    evidence: Phrase = (
        "dev loss ", figures.previous_eval, " → ", last, " over the last two of ", figures.evaluations,
        " evaluations",
    )  # fmt: skip
    before = figures.best_before.value
    if before is not None and last.value < before * (1 - FLAT):
        return Diagnosis(
            Behaviour.UNDERTRAINED,
            f"the last dev loss is {FLAT:.0%} or more below all before it",
            evidence,
        )
    return Diagnosis(
        Behaviour.CONVERGED,
        f"the last dev loss is within {FLAT:.0%} of the lowest, and not that much below all before it",
        evidence,
    )


def _kept(figures: TrainingFigures) -> Diagnosis:
    return Diagnosis(
        Behaviour.CONVERGED,
        "early stopping kept the checkpoint with the lowest dev loss, and nothing of what came after it",
        ("dev loss ", figures.best_eval, " at its lowest, ", figures.last_eval, " when training stopped"),
    )


def _rising(figures: TrainingFigures) -> Diagnosis:
    evidence: Phrase = (
        "dev loss ", figures.best_eval, " at its lowest, ", figures.last_eval, " at the end; training loss ",
        figures.train_at_best, " → ", figures.last_train,
    )  # fmt: skip
    rule = f"the last dev loss is more than {FLAT:.0%} above the lowest while the training loss "
    if _below(figures.last_train, figures.train_at_best):
        return Diagnosis(Behaviour.OVERFITTING, rule + "fell on", evidence)
    return Diagnosis(Behaviour.DIVERGING, rule + "did not fall on", evidence)


def _without_dev(figures: TrainingFigures) -> Diagnosis:
    previous, last = figures.previous_train, figures.last_train
    if previous.value is None or last.value is None:
        return Diagnosis(
            Behaviour.UNDECIDED,
            "two epochs with a logged loss are needed",
            ("fewer than two were logged",),
        )
    evidence: Phrase = (
        "no two dev losses; mean training loss of the last two epochs ",
        previous,
        " → ",
        last,
    )
    if not math.isfinite(last.value):
        return Diagnosis(Behaviour.DIVERGING, "the training loss of the last epoch is not finite", evidence)
    if last.value < previous.value * (1 - FLAT):
        return Diagnosis(
            Behaviour.UNDERTRAINED,
            f"the training loss still fell by {FLAT:.0%} or more in the last epoch",
            evidence,
        )
    return Diagnosis(
        Behaviour.UNDECIDED,
        "a flat training loss without a dev loss tells neither converged nor overfitting",
        evidence,
    )


def _gradients(figures: TrainingFigures) -> Diagnosis:
    steps, spikes, broken = figures.steps.value, figures.spikes.value, figures.not_finite.value
    if broken:
        return Diagnosis(
            Behaviour.UNSTABLE,
            "a loss or gradient norm is not finite",
            (figures.not_finite, " values are not finite"),
        )
    if not steps or spikes is None:
        return Diagnosis(Behaviour.UNDECIDED, "gradient norms are needed", ("none were logged",))
    evidence: Phrase = (
        figures.spikes, " of ", figures.steps, f" logged steps above {SPIKE:g} medians of the steps around; ",
        "median of all ", figures.median_gradient, ", largest ", figures.largest_gradient, ", at the end ",
        figures.final_gradient,
    )  # fmt: skip
    rule = (
        f"{SPIKES:.0%} of the logged steps after the first tenth have a gradient norm above {SPIKE:g} "
        f"medians of the {AROUND} steps on either side"
    )
    if spikes > SPIKES * steps:
        return Diagnosis(Behaviour.UNSTABLE, f"more than {rule}", evidence)
    return Diagnosis(Behaviour.STEADY, f"at most {rule}", evidence)


def _below(now: Number, before: Number) -> bool:
    return now.value is not None and before.value is not None and now.value < before.value
