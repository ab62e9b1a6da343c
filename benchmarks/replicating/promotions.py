"""Twenty candidates equal to the champion, one after the other: how often is at least one promoted?"""

import numpy as np

from benchmarks.replicating.simulation import World, recipes
from medner_assets.scoring.statistics.bootstrap import paired_draws
from medner_assets.scoring.statistics.crossed import crossed_t
from medner_assets.scoring.statistics.f1 import f1
from medner_assets.scoring.statistics.simultaneous import max_t
from medner_assets.scoring.statistics.spending import widening

CANDIDATES, MARGIN, RESAMPLES = 20, 0.01, 500
LEVEL = 0.05


def promoted_at_all(world: World, trainings: int, repetitions: int, stream: int) -> tuple[float, float]:
    """Return the share of repetitions in which at least one of the equal candidates is promoted: adjusted for
    the candidates before, and as if each were the first.

    trainings: 1: adapters are compared; more: recipes. Both headline metrics are simulated.
    """
    random = np.random.default_rng([21, stream])
    found = np.zeros(2)
    for _ in range(repetitions):
        # Two worlds, one a metric: relations first.
        champion, *others = recipes(random, world, trainings, CANDIDATES + 1, 2)
        promoted = np.zeros(2, dtype=bool)
        for place, candidate in enumerate(others, 1):
            difference, reach, degrees = _statement(candidate, champion, int(random.integers(2**31)))
            for way, wider in enumerate((widening(place, degrees), 1.0)):
                relation, entity = difference - wider * reach
                promoted[way] |= relation > 0 and entity > -MARGIN
        found += promoted
    return float(found[0] / repetitions), float(found[1] / repetitions)


def _statement(
    candidate: np.ndarray, champion: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | float]:
    """Return differences, half-widths of the simultaneous intervals, and degrees of freedom."""
    if len(candidate) > 1:
        test = crossed_t(candidate, champion)
        return test.difference, test.critical(LEVEL, tests=2) * test.standard_error, test.degrees
    ours, theirs = candidate[0], champion[0]
    draws = paired_draws(ours, theirs, seed=seed, resamples=RESAMPLES)
    observed = f1(ours.sum(axis=0)) - f1(theirs.sum(axis=0))
    together = max_t(observed, draws, len(ours))
    return observed, together.critical * together.standard_error, float(len(ours) - 1)
