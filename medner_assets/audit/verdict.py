"""The verdict: one word by a fixed rule, its reasons in plain words, and the sentence that a lead needs."""

from dataclasses import dataclass
from enum import StrEnum

NEARLY_FREE_FROM = 0.90
STRATA_NEEDED = 100
WIDEST_INTERVAL = 0.2
LEARNABLE_FROM = 0.65
_ROUNDING = 1e-9


class Verdict(StrEnum):
    """What a dataset can teach; the first that applies, in this order."""

    NEARLY_FREE = "nearly-free-given-entities"
    UNDECIDED = "undecided"
    NOT_FOLLOWING = "labels-do-not-follow-text"
    LEARNABLE = "learnable"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the verdict rests on. `low`, `high`: 95 % interval of `auc`; None where there are no strata."""

    all_pairs_f1: float
    auc: float | None
    low: float | None
    high: float | None
    strata: int


def verdict_of(evidence: Evidence) -> Verdict:
    """Apply the rule: all-pairs, then whether the test can tell, then what it says."""
    if evidence.all_pairs_f1 >= NEARLY_FREE_FROM:
        return Verdict.NEARLY_FREE
    auc, low, high = evidence.auc, evidence.low, evidence.high
    if evidence.strata < STRATA_NEEDED or auc is None or low is None or high is None:
        return Verdict.UNDECIDED
    if high - low > WIDEST_INTERVAL:
        return Verdict.UNDECIDED
    if low - _ROUNDING <= 0.5 <= high + _ROUNDING:
        return Verdict.NOT_FOLLOWING
    return Verdict.LEARNABLE if auc >= LEARNABLE_FROM else Verdict.WEAK
