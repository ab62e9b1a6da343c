"""Interval, adjusted p-value and verdict are one statement, whatever the counts of the two sides are."""

import numpy as np
import pytest

from medner_assets.scoring.comparison import BETTER, NO_VERDICT, UNDECIDED, WORSE, verdict
from medner_assets.scoring.statistics.bootstrap import paired_draws
from medner_assets.scoring.statistics.crossed import crossed_t
from medner_assets.scoring.statistics.f1 import f1
from medner_assets.scoring.statistics.simultaneous import LEVEL, max_t

RECIPES = 10_000


def counted(random: np.random.Generator, shape: tuple[int, ...], quality: np.ndarray) -> np.ndarray:
    """Counts (*shape, 3) of systems that find each of up to four items with this chance."""
    items = random.integers(0, 5, shape)
    found = random.binomial(items, np.broadcast_to(quality, shape))
    return np.stack([found, random.binomial(items - found, 0.7), items - found], axis=-1)


@pytest.mark.parametrize("comparisons", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_verdict_interval_and_adjusted_p_of_adapters_agree(comparisons: int):
    """The draws are those of the product: a paired bootstrap over groups, sometimes few of them."""
    random = np.random.default_rng(19)
    words = []
    for number in range(comparisons):
        groups = int(random.integers(2, 60))
        better = random.normal(0, 0.15, 2)
        ours = counted(random, (groups, 2), np.clip(0.6 + better, 0, 1))
        theirs = ours if number % 50 == 0 else counted(random, (groups, 2), np.array([0.6, 0.6]))
        difference = f1(ours.sum(axis=0)) - f1(theirs.sum(axis=0))
        draws = paired_draws(ours, theirs, seed=number, resamples=79)
        held = ((ours + theirs).sum(axis=-1) > 0).sum(axis=0)
        found = max_t(difference, draws, held)
        for metric in range(2):
            low, high = found.low[metric], found.high[metric]
            word = verdict(
                None if np.isnan(low) else low, None if np.isnan(high) else high, int(held[metric])
            )
            words.append(word)
            if word == NO_VERDICT:
                assert held[metric] < 20 or np.isnan(low)
                continue
            assert (found.p_adjusted[metric] < LEVEL) == (word in (BETTER, WORSE))
            assert {BETTER: low > 0, WORSE: high < 0, UNDECIDED: low <= 0 <= high}[word]
            assert word == UNDECIDED or (difference[metric] > 0) == (word == BETTER)
    assert all(words.count(word) > comparisons / 10 for word in (BETTER, WORSE, UNDECIDED, NO_VERDICT))


def test_verdict_interval_and_adjusted_p_of_recipes_agree_in_10_000_comparisons():
    random = np.random.default_rng(20)
    quality = np.clip(0.6 + random.normal(0, 0.15, RECIPES), 0, 1)
    seeds = np.clip(quality + random.normal(0, 0.03, (3, 1, RECIPES)), 0, 1)
    ours = counted(random, (3, 25, RECIPES), seeds)
    theirs = counted(random, (3, 25, RECIPES), np.clip(0.6 + random.normal(0, 0.03, (3, 1, RECIPES)), 0, 1))
    theirs[:, :, :200] = ours[:, :, :200]
    found = crossed_t(ours, theirs)
    half = found.critical(LEVEL, tests=2) * found.standard_error
    outside = (found.difference - half > 0) | (found.difference + half < 0)
    assert (outside == (np.minimum(1, 2 * found.p_value) < LEVEL)).all()
    assert 1_000 < outside.sum() < RECIPES - 1_000
    assert not outside[:200].any()
