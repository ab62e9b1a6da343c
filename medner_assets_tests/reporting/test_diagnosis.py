"""Each stated rule fires on what it is stated for, and only on that."""

from dataclasses import replace

import polars as pl
import pytest

from medner_assets.recipes.sources import Targets
from medner_assets.reporting.contents import contents_of
from medner_assets.reporting.diagnosis import Behaviour, TrainingFigures, diagnosed
from medner_assets.reporting.inputs import inputs_from_frames
from medner_assets.reporting.numbers import Number, plain
from medner_assets_tests.support.story import DATASET, NEW, OLD, story, table


def figures(**changed: float | None) -> TrainingFigures:
    """A run that converged with steady gradients, but for what is changed."""
    values: dict[str, float | None] = {
        "evaluations": 7, "previous_eval": 0.200, "last_eval": 0.199, "best_eval": 0.199,
        "best_before": 0.200, "turns": 0, "broken_evals": 0, "train_at_best": 0.15,
        "previous_train": 0.16, "last_train": 0.15, "median_gradient": 0.3, "largest_gradient": 0.9,
        "final_gradient": 0.2, "steps": 200, "spikes": 0, "not_finite": 0,
    }  # fmt: skip
    kept_best = bool(changed.pop("kept_best", False))
    numbers = {name: Number(value) for name, value in (values | changed).items()}
    return TrainingFigures(**numbers, kept_best=kept_best)


def test_a_dev_loss_that_no_longer_falls_is_converged():
    learning, gradients = diagnosed(figures())
    assert learning.finding is Behaviour.CONVERGED
    assert plain(learning.evidence) == "dev loss 0.2 → 0.199 over the last two of 7 evaluations"
    assert gradients.finding is Behaviour.STEADY


def test_a_dev_loss_that_still_falls_by_two_per_cent_is_undertrained():
    assert (
        diagnosed(figures(last_eval=0.19, best_eval=0.19, best_before=0.2))[0].finding
        is Behaviour.UNDERTRAINED
    )
    assert diagnosed(figures(last_eval=0.197, best_eval=0.197))[0].finding is Behaviour.CONVERGED


def test_a_dev_loss_above_its_minimum_while_training_fell_on_is_overfitting():
    rising = {"best_eval": 0.18, "previous_eval": 0.195, "last_eval": 0.21}
    assert diagnosed(figures(**rising, train_at_best=0.2, last_train=0.1))[0].finding is Behaviour.OVERFITTING
    assert diagnosed(figures(**rising, train_at_best=0.1, last_train=0.2))[0].finding is Behaviour.DIVERGING


def test_a_dev_loss_that_runs_away_is_diverging_and_one_that_flattens_is_not():
    away = figures(best_eval=0.05, previous_eval=0.10, last_eval=0.50, train_at_best=0.1, last_train=0.4)
    assert diagnosed(away)[0].finding is Behaviour.DIVERGING
    assert diagnosed(figures(best_eval=0.198))[0].finding is Behaviour.CONVERGED


def test_a_dev_loss_that_is_not_a_number_is_diverging():
    assert diagnosed(figures(broken_evals=1, last_eval=float("nan")))[0].finding is Behaviour.DIVERGING


def test_early_stopping_that_kept_the_best_is_no_overfitting():
    rising = {"best_eval": 0.18, "previous_eval": 0.195, "last_eval": 0.21, "train_at_best": 0.2,
              "last_train": 0.1}  # fmt: skip
    assert diagnosed(figures(**rising, kept_best=True))[0].finding is Behaviour.CONVERGED
    assert diagnosed(figures(**rising))[0].finding is Behaviour.OVERFITTING


def test_a_dev_loss_that_goes_up_and_down_oscillates_and_is_not_undertrained():
    # .30 → .20 → .30 → .20: it fell at the end, and to where it was before.
    swinging = {"previous_eval": 0.30, "last_eval": 0.20, "best_eval": 0.20, "best_before": 0.20}
    assert diagnosed(figures(**swinging, turns=2))[0].finding is Behaviour.OSCILLATING
    assert diagnosed(figures(**swinging, turns=1))[0].finding is Behaviour.CONVERGED


def test_a_rise_that_stays_is_overfitting_however_often_the_loss_turned_before():
    noisy = {"best_eval": 0.24, "previous_eval": 0.28, "last_eval": 0.33, "best_before": 0.24, "turns": 3}
    assert diagnosed(figures(**noisy, train_at_best=0.2, last_train=0.1))[0].finding is Behaviour.OVERFITTING


def test_without_dev_losses_overfitting_cannot_be_told():
    no_dev = {"evaluations": 0, "previous_eval": None, "last_eval": None, "best_eval": None}
    flat = diagnosed(figures(**no_dev, previous_train=0.15))[0]
    assert flat.finding is Behaviour.UNDECIDED
    falling = diagnosed(figures(**no_dev, previous_train=0.5, last_train=0.3))[0]
    assert falling.finding is Behaviour.UNDERTRAINED


def test_one_logged_epoch_decides_nothing():
    nothing = dict.fromkeys(("previous_eval", "last_eval", "best_eval", "previous_train"))
    assert diagnosed(figures(**nothing))[0].finding is Behaviour.UNDECIDED


@pytest.mark.parametrize(("spikes", "finding"), [(2, Behaviour.STEADY), (3, Behaviour.UNSTABLE)])
def test_more_than_one_per_cent_of_spikes_is_unstable(spikes: int, finding: Behaviour):
    assert diagnosed(figures(spikes=spikes))[1].finding is finding


def test_a_single_value_that_is_not_finite_is_unstable():
    assert diagnosed(figures(not_finite=1))[1].finding is Behaviour.UNSTABLE


def test_no_logged_gradient_decides_nothing():
    assert (
        diagnosed(replace(figures(), steps=Number(0), spikes=Number(None)))[1].finding is Behaviour.UNDECIDED
    )


def log_of(norms: list[float], losses: list[float]) -> pl.DataFrame:
    train = [
        {
            "model_version": NEW,
            "kind": "train",
            "step": step,
            "epoch": step / 10,
            "loss": 1.0,
            "grad_norm": norm,
        }
        for step, norm in enumerate(norms, 1)
    ]
    dev = [
        {"model_version": NEW, "kind": "eval", "step": 10 * epoch, "epoch": float(epoch), "loss": loss}
        for epoch, loss in enumerate(losses, 1)
    ]
    return table("training_log", train + dev)


def found(norms: list[float], losses: list[float]) -> list[Behaviour]:
    tables = story() | {"training_log": log_of(norms, losses)}
    contents = contents_of(inputs_from_frames(NEW, OLD, DATASET, tables, Targets()))
    return [each.finding for each in contents.training.diagnoses[NEW]]


def test_a_gradient_norm_that_decays_smoothly_is_stable_and_lone_spikes_are_not():
    decaying = [8.0 * 0.97**step + 0.1 for step in range(150)]
    assert found(decaying, [0.3, 0.2, 0.199])[1] is Behaviour.STEADY
    spiky = [norm * (30 if step in (60, 80, 100) else 1) for step, norm in enumerate(decaying)]
    assert found(spiky, [0.3, 0.2, 0.199])[1] is Behaviour.UNSTABLE


def test_the_rules_read_dev_losses_as_they_were_logged():
    steady = [1.0] * 30
    assert found(steady, [0.05, 0.10, 0.50])[0] is Behaviour.DIVERGING
    assert found(steady, [0.30, 0.20, 0.30, 0.20])[0] is Behaviour.OSCILLATING
    assert found(steady, [0.30, 0.20, 0.15])[0] is Behaviour.UNDERTRAINED
    assert found(steady, [0.30, 0.20, float("nan")])[0] is Behaviour.DIVERGING
