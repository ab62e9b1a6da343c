"""Each stated rule fires on what it is stated for, and only on that."""

from dataclasses import replace

import pytest

from medner_assets.reporting.diagnosis import Finding, TrainingFigures, diagnosed
from medner_assets.reporting.numbers import Number, plain


def figures(**changed: float | None) -> TrainingFigures:
    """A run that converged with steady gradients, but for what is changed."""
    values: dict[str, float | None] = {
        "evaluations": 7, "previous_eval": 0.200, "last_eval": 0.199, "best_eval": 0.199,
        "train_at_best": 0.15,
        "previous_train": 0.16, "last_train": 0.15, "median_gradient": 0.3, "largest_gradient": 0.9,
        "final_gradient": 0.2, "steps": 200, "spikes": 0, "not_finite": 0,
    }  # fmt: skip
    return TrainingFigures(**{name: Number(value) for name, value in (values | changed).items()})


def test_a_dev_loss_that_no_longer_falls_is_converged():
    learning, gradients = diagnosed(figures())
    assert learning.finding is Finding.CONVERGED
    assert plain(learning.evidence) == "dev loss 0.2 → 0.199 over the last two of 7 evaluations"
    assert gradients.finding is Finding.STEADY


def test_a_dev_loss_that_still_falls_by_two_per_cent_is_undertrained():
    assert diagnosed(figures(last_eval=0.19, best_eval=0.19))[0].finding is Finding.UNDERTRAINED
    assert diagnosed(figures(last_eval=0.197, best_eval=0.197))[0].finding is Finding.CONVERGED


def test_a_dev_loss_above_its_minimum_while_training_fell_on_is_overfitting():
    rising = {"best_eval": 0.18, "previous_eval": 0.195, "last_eval": 0.21}
    assert diagnosed(figures(**rising, train_at_best=0.2, last_train=0.1))[0].finding is Finding.OVERFITTING
    assert diagnosed(figures(**rising, train_at_best=0.1, last_train=0.2))[0].finding is Finding.CONVERGED


def test_without_dev_losses_overfitting_cannot_be_told():
    no_dev = {"evaluations": 0, "previous_eval": None, "last_eval": None, "best_eval": None}
    flat = diagnosed(figures(**no_dev, previous_train=0.15))[0]
    assert flat.finding is Finding.UNDECIDED
    falling = diagnosed(figures(**no_dev, previous_train=0.5, last_train=0.3))[0]
    assert falling.finding is Finding.UNDERTRAINED


def test_one_logged_epoch_decides_nothing():
    nothing = dict.fromkeys(("previous_eval", "last_eval", "best_eval", "previous_train"))
    assert diagnosed(figures(**nothing))[0].finding is Finding.UNDECIDED


@pytest.mark.parametrize(("spikes", "finding"), [(2, Finding.STEADY), (3, Finding.UNSTABLE)])
def test_more_than_one_per_cent_of_spikes_is_unstable(spikes: int, finding: Finding):
    assert diagnosed(figures(spikes=spikes))[1].finding is finding


def test_a_single_value_that_is_not_finite_is_unstable():
    assert diagnosed(figures(not_finite=1))[1].finding is Finding.UNSTABLE


def test_no_logged_gradient_decides_nothing():
    assert diagnosed(replace(figures(), steps=Number(0), spikes=Number(None)))[1].finding is Finding.UNDECIDED
