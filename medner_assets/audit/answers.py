"""What one probe says. A gain is judged by its interval, never by its point alone."""

from enum import StrEnum

from medner_assets.audit.gain import ONE_SIDED, Estimate, Z
from medner_assets.audit.questions import FEWEST_GROUPS, Probe

UNREAD_FROM = 0.90
SMALL = 0.10
"""The text adds nothing where it tells less than this share of what position leaves open, by the
upper end of a one-sided 95 % interval: a test of equivalence (Schuirmann 1987), not a failure to reject."""
FEWEST_FOR_NONE = 200
"""Documents with something to compare from which on a text can be said to add nothing: readers that learnt
from fewer may have missed what is said seldom."""
SURE = 2.497705
"""Standard deviations from 0 from which on a gain is above it: a verdict asks up to four questions (pairs
inside and between documents, types, directions), and 95 % shall hold for all of them (Bonferroni). By its own
95 % interval, one of forty gains of a text that says nothing would be above 0."""
CLEAR = 0.15
"""Share from which on a gain that is certainly above 0 is clear."""
CERTAIN = 0.05
"""A smaller gain is clear where it is certainly this share."""
WITHIN_SHARE = 0.25
"""Share of the documents that must have related and unrelated pairs for the comparison to stay inside
documents."""


class ProbeAnswer(StrEnum):
    """What one probe says."""

    NOT_ASKED = "nothing to tell"
    UNDECIDED = "too little to tell"
    SETTLED = "told without reading"
    NONE = "the text adds nothing"
    WEAK = "the text adds a little"
    FOLLOWS = "the text says it"


def answer_of(probe: Probe) -> ProbeAnswer:
    """Return what a probe says.

    The upper end is taken from an estimate of at least 0: no reader need be worse for having the text, so a
    gain below 0 is noise and proves no more than 0 does.
    """
    if not probe.asked:
        return ProbeAnswer.NOT_ASKED
    if probe.gain is None or probe.gain.groups < FEWEST_GROUPS:
        return ProbeAnswer.UNDECIDED
    share = probe.gain.share
    beyond = probe.gain.beyond_names
    if (
        probe.unread is not None
        and probe.unread >= UNREAD_FROM
        and (beyond.low <= 0 or _upper(beyond) <= SMALL)
    ):
        return ProbeAnswer.SETTLED
    enough = probe.gain.groups >= FEWEST_FOR_NONE
    if enough and max(_upper(share), _upper(probe.gain.added)) <= SMALL:
        return ProbeAnswer.NONE
    if above_zero(share):
        return ProbeAnswer.FOLLOWS if share.value >= CLEAR or share.low >= CERTAIN else ProbeAnswer.WEAK
    return ProbeAnswer.UNDECIDED


def above_zero(share: Estimate) -> bool:
    """Whether a share is above 0, with the confidence that four questions at once need."""
    return share.value > (share.value - share.low) * SURE / Z


def _upper(share: Estimate) -> float:
    """Return the upper end of the one-sided interval, from an estimate of at least 0."""
    return max(share.value, 0.0) + (share.high - share.value) * ONE_SIDED / Z


def decisive(within: Probe, between: Probe) -> Probe:
    """Return the probe that decides which pairs are related.

    Inside documents, where enough of them have related and unrelated pairs of the same types; else between
    documents, so that one pair a document is no obstacle. Between documents there are more comparisons: they
    decide too where those inside documents cannot tell.
    """
    if not within.asked:
        return within
    inside, across = (each.gain.groups if each.gain else 0 for each in (within, between))
    if inside < max(FEWEST_GROUPS, WITHIN_SHARE * across):
        return between
    return between if answer_of(within) is ProbeAnswer.UNDECIDED else within
