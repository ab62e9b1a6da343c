"""Recipes trained with several seeds and read on simulated documents, many pairs at once. Pure but for numpy.

F1 of an adapter on a document is its recipe's quality, plus what the document, the recipe on this document,
the seed, and the seed on this document add. Found items are binomial around it, invented ones Poisson with
as many as are missed, so that micro F1 is the quality.
"""

from dataclasses import dataclass

import numpy as np

QUALITY = 0.70
GOLD = 3.0
"""Mean of gold items a document, past the first."""
DOCUMENT_SD, INTERACTION_SD, RESIDUAL_SD = 0.15, 0.15, 0.10


@dataclass(frozen=True, slots=True)
class World:
    """What is simulated."""

    documents: int
    seed_sd: float
    """Of F1, from training to training."""
    interaction: bool
    """Whether recipes suit different documents, with the same mean."""


def recipes(
    random: np.random.Generator, world: World, trainings: int, versions: int, worlds: int,
    gain: float = 0.0,
) -> list[np.ndarray]:  # fmt: skip
    """Return counts (trainings, documents, worlds, 3) of each version; the last is better by `gain`.

    All versions of a world read the same documents.
    """
    shape = (world.documents, worlds)
    gold = 1 + random.poisson(GOLD, shape)
    document = random.normal(0, DOCUMENT_SD, shape)
    made = []
    for version in range(versions):
        suits = random.normal(0, INTERACTION_SD, shape) * world.interaction
        luck = random.normal(0, world.seed_sd, (trainings, 1, worlds))
        noise = random.normal(0, RESIDUAL_SD, (trainings, *shape))
        better = gain if version == versions - 1 else 0.0
        chance = np.clip(QUALITY + better + document + suits + luck + noise, 0.02, 0.98)
        found = random.binomial(gold, chance)
        made.append(np.stack([found, random.poisson(gold * (1 - chance)), gold - found], axis=-1))
    return made
