"""Make names: ordinary words, and names composed of morphemes, thousands of values a kind.

The composed names are divided into two pools by a checksum of their letters, so that a base model can be
pretrained on one pool and never has seen a name of the other.
"""

import zlib
from collections.abc import Callable
from random import Random
from typing import Literal

from medner_assets.corpus.synthetic import morphemes as m
from medner_assets.corpus.synthetic.draws import pick

Kind = Literal["D", "C", "S", "P", "T"]
"""D drug, C condition, S symptom, P diagnostic procedure, T therapeutic procedure."""

Pool = Literal["benchmark", "pretraining"]
POOLS: tuple[Pool, ...] = ("benchmark", "pretraining")

ENTITY_TYPE: dict[str, str] = {
    "D": "Drug", "C": "Condition", "S": "Symptom", "P": "Procedure", "T": "Procedure",
}  # fmt: skip
WORDS: dict[str, tuple[str, ...]] = {
    "D": m.DRUG_WORDS, "C": m.CONDITION_WORDS, "S": m.SYMPTOM_WORDS, "P": m.DIAGNOSTIC_WORDS,
    "T": m.SURGICAL_WORDS,
}  # fmt: skip


def _drug(rng: Random) -> str:
    middle = pick(rng, m.DRUG_MIDDLES) if rng.random() < 0.6 else ""
    name = pick(rng, m.DRUG_STARTS) + middle + pick(rng, m.DRUG_MIDDLES) + pick(rng, m.DRUG_STEMS)
    return f"{name} {pick(rng, m.DRUG_SALTS)}" if rng.random() < 0.08 else name


def _condition(rng: Random) -> str:
    form = rng.random()
    if form < 0.4:
        return f"{pick(rng, m.COURSES)} {pick(rng, m.ROOTS)}{pick(rng, m.PATHOLOGIES)}"
    if form < 0.75:
        return f"{pick(rng, m.COURSES)} {pick(rng, m.SITES)} {pick(rng, m.LESIONS)}"
    if form < 0.88:
        first, second = pick(rng, m.ROOTS), pick(rng, m.ROOTS)
        return f"{first}o{second}{pick(rng, m.PATHOLOGIES)}"
    surname = pick(rng, m.SURNAME_STARTS) + pick(rng, m.SURNAME_ENDS)
    if rng.random() < 0.5:
        surname = f"{surname}-{pick(rng, m.SURNAME_STARTS)}{pick(rng, m.SURNAME_ENDS)}"
    return f"{surname} {pick(rng, m.EPONYM_ENDS)}"


def _symptom(rng: Random) -> str:
    return f"{pick(rng, m.QUALITIES)} {pick(rng, m.BODY_PARTS)} {pick(rng, m.SENSATIONS)}"


def _diagnostic(rng: Random) -> str:
    if rng.random() < 0.5:
        return f"{pick(rng, m.TECHNIQUES)} {pick(rng, m.ROOTS)}{pick(rng, m.DIAGNOSTIC_ENDINGS)}"
    return f"{pick(rng, m.TECHNIQUES)} {pick(rng, m.SITES)} {pick(rng, m.DIAGNOSTIC_TESTS)}"


def _therapeutic(rng: Random) -> str:
    if rng.random() < 0.75:
        return f"{pick(rng, m.APPROACHES)} {pick(rng, m.ROOTS)}{pick(rng, m.SURGICAL_ENDINGS)}"
    return (
        f"{pick(rng, m.APPROACHES)} {pick(rng, m.ROOTS)}o{pick(rng, m.ROOTS)}{pick(rng, m.SURGICAL_ENDINGS)}"
    )


_COMPOSERS: dict[str, Callable[[Random], str]] = {
    "D": _drug, "C": _condition, "S": _symptom, "P": _diagnostic, "T": _therapeutic,
}  # fmt: skip


def pool_of(name: str) -> Pool:
    """Return the pool that a composed name belongs to; about half of the names are in each."""
    return POOLS[zlib.crc32(name.encode()) >> 7 & 1]


def composed(rng: Random, kind: str, pool: Pool) -> str:
    """Return a composed name of `kind` that belongs to `pool`."""
    compose = _COMPOSERS[kind]
    while True:
        name = compose(rng)
        if pool_of(name) == pool:
            return name


def abbreviation(name: str) -> str | None:
    """Return the initials of a name of two to four words, in capitals; None for other names."""
    words = name.replace("-", " ").split()
    if not 2 <= len(words) <= 4:
        return None
    return "".join(word[0] for word in words).upper()


class FreshNames:
    """Names for training texts: ordinary words, names used before, and new ones."""

    WORD_SHARE = 0.15
    REPEAT_SHARE = 0.25

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.drawn: dict[str, list[str]] = {kind: [] for kind in ENTITY_TYPE}
        """Every draw by kind, in order: a draw from it gives common names more often."""
        self._composed: dict[str, list[str]] = {kind: [] for kind in ENTITY_TYPE}

    def draw(self, rng: Random, kind: str) -> str:
        """Return a name of `kind`."""
        point = rng.random()
        before = self._composed[kind]
        if point < self.WORD_SHARE:
            name = pick(rng, WORDS[kind])
        elif point < self.WORD_SHARE + self.REPEAT_SHARE and before:
            name = pick(rng, before)
        else:
            name = composed(rng, kind, self.pool)
            before.append(name)
        self.drawn[kind].append(name)
        return name


class HeldOutNames:
    """Names for evaluation texts: a stated share occurs in `training`, the rest in none of its texts."""

    def __init__(self, training: FreshNames, unseen_share: float) -> None:
        self._training = training
        self._unseen_share = unseen_share
        self._known = {name for names in training.drawn.values() for name in names}

    def draw(self, rng: Random, kind: str) -> str:
        """Return a name of `kind`."""
        before = self._training.drawn[kind]
        if before and rng.random() >= self._unseen_share:
            return pick(rng, before)
        while True:
            name = composed(rng, kind, self._training.pool)
            if name not in self._known:
                return name
