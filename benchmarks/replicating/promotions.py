"""Twenty candidates equal to the champion, one after the other: how often is at least one promoted?"""

import numpy as np

from benchmarks.replicating.simulation import World, recipes
from medner_assets.scoring.statistics.bootstrap import paired_draws
from medner_assets.scoring.statistics.crossed import crossed_t
from medner_assets.scoring.statistics.f1 import f1
from medner_assets.scoring.statistics.simultaneous import max_t
from medner_assets.scoring.statistics.spending import widening

CANDIDATES, MARGIN, RESAMPLES = 20, 0.01, 1_000
LEVEL = 0.05


def promoted_at_all(
    world: World, trainings: int, repetitions: int, stream: int, *, adjusted: bool = True
) -> float:
    """Return the share of repetitions in which at least one of the equal candidates is promoted.

    trainings: 1: adapters are compared; more: recipes. Both headline metrics are simulated. adjusted: False:
    each candidate is judged as if it were the first.
    """
    random = np.random.default_rng([21, stream])
    found = 0
    for _ in range(repetitions):
        # Two worlds, one a metric: relations first.
        champion, *others = recipes(random, world, trainings, CANDIDATES + 1, 2)
        lows = np.array([
            _lower_ends(candidate, champion, place if adjusted else 1, int(random.integers(2**31)))
            for place, candidate in enumerate(others, 1)
        ])  # fmt: skip
        found += bool(((lows[:, 0] > 0) & (lows[:, 1] > -MARGIN)).any())
    return found / repetitions


def _lower_ends(candidate: np.ndarray, champion: np.ndarray, place: int, seed: int) -> np.ndarray:
    if len(candidate) > 1:
        test = crossed_t(candidate, champion)
        reach = test.critical(LEVEL, tests=2) * test.standard_error
        return np.asarray(test.difference - widening(place, test.degrees) * reach)
    ours, theirs = candidate[0], champion[0]
    draws = paired_draws(ours, theirs, seed=seed, resamples=RESAMPLES)
    observed = f1(ours.sum(axis=0)) - f1(theirs.sum(axis=0))
    together = max_t(observed, draws, len(ours))
    reach = together.critical * together.standard_error
    return np.asarray(observed - widening(place, len(ours) - 1) * reach)
