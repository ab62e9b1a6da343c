"""What a training run was like, by stated rules over its log: undertrained, converged or overfitting;
steady or not.

Rules look at the dev loss; where none was logged, at the mean training loss of an epoch, and then
overfitting cannot
be judged. A rule that cannot be applied says so.
"""

from dataclasses import dataclass
from enum import StrEnum

from medner_assets.reporting.numbers import Number, Phrase

FLAT = 0.02
"""A relative change of the loss below this counts as none."""
SPIKE = 4.0
"""A gradient norm above this many medians is a spike."""
SPIKES = 0.01
"""More than this share of logged steps with a spike makes a run unsteady."""


class Finding(StrEnum):
    """What a rule found."""

    UNDERTRAINED = "undertrained"
    CONVERGED = "converged"
    OVERFITTING = "overfitting"
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
    """Logged steps whose gradient norm exceeds `SPIKE` medians, the first tenth (warm-up) left out."""
    not_finite: Number
    """Logged losses and gradient norms that are NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One finding: the rule as a sentence, and the numbers it was applied to."""

    finding: Finding
    rule: str
    evidence: Phrase


def diagnosed(figures: TrainingFigures) -> tuple[Diagnosis, Diagnosis]:
    """Return what the loss says and what the gradients say."""
    return _learning(figures), _gradients(figures)


def _learning(figures: TrainingFigures) -> Diagnosis:
    previous, last, best = figures.previous_eval, figures.last_eval, figures.best_eval
    if previous.value is None or last.value is None or best.value is None:
        return _without_dev(figures)
    rising = last.value > best.value * (1 + FLAT)
    if rising and _below(figures.last_train, figures.train_at_best):
        return Diagnosis(
            Finding.OVERFITTING,
            f"the last dev loss is more than {FLAT:.0%} above the lowest while the training loss fell on",
            ("dev loss ", best, " at its lowest, ", last, " at the end; training loss ",
             figures.train_at_best, " → ", figures.last_train),
        )  # fmt: skip
    evidence: Phrase = (
        "dev loss ",
        previous,
        " → ",
        last,
        " over the last two of ",
        figures.evaluations,
        " evaluations",
    )
    if last.value < previous.value * (1 - FLAT):
        return Diagnosis(
            Finding.UNDERTRAINED,
            f"the dev loss still fell by {FLAT:.0%} or more between the last two evaluations",
            evidence,
        )
    return Diagnosis(
        Finding.CONVERGED,
        f"the dev loss changed by less than {FLAT:.0%}, or rose, between the last two evaluations, "
        f"and the training loss shows no overfitting",
        evidence,
    )  # fmt: skip


def _without_dev(figures: TrainingFigures) -> Diagnosis:
    previous, last = figures.previous_train, figures.last_train
    if previous.value is None or last.value is None:
        return Diagnosis(
            Finding.UNDECIDED, "two epochs with a logged loss are needed", ("fewer than two were logged",)
        )
    evidence: Phrase = (
        "no two dev losses; mean training loss of the last two epochs ",
        previous,
        " → ",
        last,
    )
    if last.value < previous.value * (1 - FLAT):
        return Diagnosis(
            Finding.UNDERTRAINED,
            f"the training loss still fell by {FLAT:.0%} or more in the last epoch",
            evidence,
        )
    return Diagnosis(
        Finding.UNDECIDED,
        "a flat training loss without a dev loss tells neither converged nor overfitting",
        evidence,
    )


def _gradients(figures: TrainingFigures) -> Diagnosis:
    steps, spikes, broken = figures.steps.value, figures.spikes.value, figures.not_finite.value
    if broken:
        return Diagnosis(
            Finding.UNSTABLE,
            "a loss or gradient norm is not finite",
            (figures.not_finite, " values are not finite"),
        )
    if not steps or spikes is None:
        return Diagnosis(Finding.UNDECIDED, "gradient norms are needed", ("none were logged",))
    evidence: Phrase = (
        figures.spikes, " of ", figures.steps, f" logged steps above {SPIKE:g} medians; median ",
        figures.median_gradient, ", largest ", figures.largest_gradient, ", at the end ",
        figures.final_gradient,
    )  # fmt: skip
    rule = (
        f"{SPIKES:.0%} of the logged steps after the first tenth have a gradient norm above {SPIKE:g} medians"
    )
    if spikes > SPIKES * steps:
        return Diagnosis(Finding.UNSTABLE, f"more than {rule}", evidence)
    return Diagnosis(Finding.STEADY, f"at most {rule}", evidence)


def _below(now: Number, before: Number) -> bool:
    return now.value is not None and before.value is not None and now.value < before.value
