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


def promoted_at_all(world: World, trainings: int, repetitions: int, stream: int) -> dict[str, float]:
    """Return the share of repetitions in which at least one of the equal candidates is promoted: by the rule;
    as if each were the first; and by the rule without its margin of entities, which seldom holds here.

    trainings: 1: adapters are compared; more: recipes. Both headline metrics are simulated.
    """
    random = np.random.default_rng([21, stream])
    found = np.zeros(3)
    for _ in range(repetitions):
        # Two worlds, one a metric: relations first.
        champion, *others = recipes(random, world, trainings, CANDIDATES + 1, 2)
        promoted = np.zeros(3, dtype=bool)
        for place, candidate in enumerate(others, 1):
            difference, reach, degrees = _statement(candidate, champion, int(random.integers(2**31)))
            wider = widening(place, degrees)
            relation, entity = difference - wider * reach
            first_relation, first_entity = difference - reach
            promoted |= (
                relation > 0 and entity > -MARGIN,
                first_relation > 0 and first_entity > -MARGIN,
                relation > 0,
            )
        found += promoted
    names = ("promoted", "unadjusted", "relations_alone")
    return {name: float(count / repetitions) for name, count in zip(names, found, strict=True)}


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
