"""The verdict: one word by a fixed rule. What the text adds is judged by its interval, never by its point."""

from dataclasses import dataclass
from enum import StrEnum

from medner_assets.audit.answers import UNREAD_FROM, ProbeAnswer, answer_of
from medner_assets.audit.questions import FEWEST_GROUPS, Probe

NEARLY_FREE_FROM = 0.90
FEWEST_TEST_GROUPS = 30
"""By the rule of three, 30 of 30 right is the least that shows a rate above 0.90 with 95 % confidence."""


class DatasetVerdict(StrEnum):
    """What a dataset can teach."""

    NEARLY_FREE = "nearly-free-given-entities"
    UNDECIDED = "undecided"
    WITHOUT_READING = "follows-without-reading"
    NOT_FOLLOWING = "labels-do-not-follow-text"
    TYPES_NOT_FOLLOWING = "types-do-not-follow-text"
    DIRECTIONS_NOT_FOLLOWING = "directions-do-not-follow-text"
    LEARNABLE = "learnable"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the verdict rests on."""

    documents: int
    """Documents (patients, where there are groups) with distinct texts, of all splits."""
    test_documents: int
    """The same of test."""
    all_pairs_low: float
    """Lower end of the 95 % interval of all-pairs F1 on test."""
    unread_f1: float
    """Best F1 on test of the readers that do not read the text."""
    pairs: Probe
    type: Probe
    direction: Probe


def verdict_of(evidence: Evidence) -> DatasetVerdict:
    """Apply the rule: too few documents, nearly free, then pairs, types and directions."""
    if evidence.documents < FEWEST_GROUPS:
        return DatasetVerdict.UNDECIDED
    if evidence.test_documents >= FEWEST_TEST_GROUPS and evidence.all_pairs_low >= NEARLY_FREE_FROM:
        return DatasetVerdict.NEARLY_FREE
    pairs, kind, direction = map(answer_of, (evidence.pairs, evidence.type, evidence.direction))
    beyond = (kind, direction)
    if (
        pairs in (ProbeAnswer.SETTLED, ProbeAnswer.NONE)
        and evidence.unread_f1 >= UNREAD_FROM
        and ProbeAnswer.FOLLOWS not in beyond
        and ProbeAnswer.WEAK not in beyond
    ):
        return DatasetVerdict.WITHOUT_READING
    if pairs is ProbeAnswer.UNDECIDED:
        return DatasetVerdict.UNDECIDED
    if pairs is ProbeAnswer.NONE:
        return DatasetVerdict.NOT_FOLLOWING
    if kind is ProbeAnswer.NONE:
        return DatasetVerdict.TYPES_NOT_FOLLOWING
    if direction is ProbeAnswer.NONE:
        return DatasetVerdict.DIRECTIONS_NOT_FOLLOWING
    if ProbeAnswer.UNDECIDED in beyond:
        return DatasetVerdict.UNDECIDED
    if pairs in (ProbeAnswer.FOLLOWS, ProbeAnswer.WEAK):
        return DatasetVerdict.LEARNABLE if pairs is ProbeAnswer.FOLLOWS else DatasetVerdict.WEAK
    if ProbeAnswer.FOLLOWS in beyond:
        return DatasetVerdict.LEARNABLE
    if ProbeAnswer.WEAK in beyond:
        return DatasetVerdict.WEAK
    return DatasetVerdict.NOT_FOLLOWING if pairs is ProbeAnswer.SETTLED else DatasetVerdict.UNDECIDED
