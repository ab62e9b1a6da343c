"""The reasons for a verdict in plain words: what decided, then leaks, duplicates, names, conflicts."""

from collections.abc import Sequence
from dataclasses import dataclass

from medner_assets.audit.answers import SMALL, UNREAD_FROM, ProbeAnswer, answer_of
from medner_assets.audit.duplicates import Alike
from medner_assets.audit.figures import Figures, in_per_cent
from medner_assets.audit.questions import FEWEST_GROUPS, Probe
from medner_assets.audit.verdict import DatasetVerdict, Evidence

_MEMORISED = 0.95
"""Dictionary F1 from which on finding entities needs no reading."""
_UNANNOTATED = 0.3
_CONFLICTING = 0.25
_NAMED = 3
"""Pairs of documents that a finding names."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """Test documents that share with train what they should not, each beside its train document."""

    text: Sequence[tuple[str, str]] = ()
    group: Sequence[tuple[str, str]] = ()
    near: Sequence[Alike] = ()
    template: Sequence[Alike] = ()

    @property
    def documents(self) -> set[str]:
        """Ids of all test documents that are found."""
        exact = {test for test, _ in (*self.text, *self.group)}
        return exact | {each.test for each in (*self.near, *self.template)}


def reasons(verdict: DatasetVerdict, evidence: Evidence, find: Figures, leaks: Leaks) -> list[str]:
    """Return what led to the verdict, then what else to know."""
    return [
        *_main_reasons(verdict, evidence, find),
        *_imitation(verdict, find),
        *_sampling(find),
        *_leaks(leaks, find),
        *_entities(find),
        *_labels(find),
    ]


def _main_reasons(verdict: DatasetVerdict, evidence: Evidence, find: Figures) -> list[str]:
    found = []
    if evidence.documents < FEWEST_GROUPS:
        found.append(
            f"there are {evidence.documents} documents with distinct texts, and fewer than {FEWEST_GROUPS} "
            "prove nothing"
        )
    if verdict == DatasetVerdict.NEARLY_FREE:
        every = in_per_cent(find.scored("all_pairs"))
        found.append(f"relating every pair that fits scores relation F1 {every} with the gold entities")
    if verdict == DatasetVerdict.WITHOUT_READING:
        unread, least = in_per_cent(evidence.unread_f1), in_per_cent(UNREAD_FROM)
        found.append(f"names or position alone score relation F1 {unread}, {least} or more")
    found.append(_told(evidence.pairs, "which pairs are related"))
    if evidence.type.asked:
        found.append(_told(evidence.type, "the type of a related pair"))
    if evidence.direction.asked:
        found.append(_told(evidence.direction, "the direction of a related pair"))
    return found


def _told(probe: Probe, what: str) -> str:
    """Return what one probe says, with its numbers."""
    answer = answer_of(probe)
    if answer is ProbeAnswer.NOT_ASKED:
        if probe.rows and probe.unread:
            return "every candidate pair is related, so there is no unrelated pair to tell it from"
        return "no two entities of a document have types that train relates, so nothing can be compared"
    found = probe.gain
    if found is None:
        return f"on {what} there are no two candidates to compare"
    where = "inside documents" if probe.name == "within_document" else "between documents"
    told = (
        f"{what}, compared {where}: position ranks right in {found.position.value:.1%}, the text "
        f"beside it in {found.read.value:.1%}; it tells {found.share.value:.0%} of what that leaves open "
        f"(95 % interval {found.share.low:.0%} to {found.share.high:.0%}, {found.groups} documents)"
    )
    endings = {
        ProbeAnswer.UNDECIDED: _open(found.share.low),
        ProbeAnswer.SETTLED: "position and names tell it without reading",
        ProbeAnswer.NONE: f"certainly less than {SMALL:.0%}, so the text adds nothing",
        ProbeAnswer.WEAK: "so the text adds a little, or in a way that a simple reader misses",
        ProbeAnswer.FOLLOWS: "so the text says it",
    }
    return f"{told}: {endings[answer]}"


def _open(low: float) -> str:
    if low <= 0:
        return "too few or too wide to tell"
    return "above 0, but so is by chance one such interval of forty: too wide to tell"


def _imitation(verdict: DatasetVerdict, find: Figures) -> list[str]:
    every, imitation = find.scored("all_pairs"), find.scored("imitation")
    if verdict != DatasetVerdict.NOT_FOLLOWING or every is None or imitation is None:
        return []
    if (every.value or 0.0) <= (imitation.value or 0.0):
        return []
    return [
        f"relating every pair that fits scores F1 {in_per_cent(every)}, "
        f"more than perfect imitation of the labels ({in_per_cent(imitation)})"
    ]


def _sampling(find: Figures) -> list[str]:
    given = sum(find.value("shape", f"documents in {split}") for split in ("train", "dev", "test"))
    drawn, ranked = find.value("shape", "documents looked at"), find.value("shape", "documents ranked")
    crowded = find.value("shape", "crowded documents")
    found = []
    if drawn < given:
        found.append(f"{drawn:,.0f} of {given:,.0f} documents were looked at, drawn with a seed")
    if find.value("shape", "pairs looked at") and ranked < 0.95 * drawn:
        found.append(
            f"what the text adds was judged on {ranked:,.0f} documents "
            f"({find.value('shape', 'pairs looked at'):,.0f} candidate pairs), drawn with a seed"
        )
    if crowded:
        found.append(
            f"of {crowded:,.0f} documents with more than 2,000 pairs of entities about 2,000 pairs each were "
            "looked at, drawn with a seed"
        )
    return found


def _leaks(leaks: Leaks, find: Figures) -> list[str]:
    found = []
    if leaks.text:
        found.append(
            f"{len(leaks.text)} test documents have a text that is in train: remove them before scoring "
            f"({_named([f'{test} and {train}' for test, train in leaks.text])})"
        )
    if leaks.group:
        found.append(
            f"{len(leaks.group)} test documents share their group, such as the patient, with train: "
            f"split by group ({_named([f'{test} and {train}' for test, train in leaks.group])})"
        )
    if len(leaks.near) > len(leaks.text):
        found.append(
            f"{len(leaks.near)} test documents are near duplicates of train documents, numbers left aside "
            f"({_named([str(each) for each in _not_exact(leaks.near, leaks)])})"
        )
    if len(leaks.template) > max(len(leaks.near), len(leaks.text)):
        found.append(
            f"{len(leaks.template)} test documents follow the template of a train document, names and "
            f"numbers left aside ({_named([str(each) for each in _not_near(leaks)])})"
        )
    exact = find.value("duplicates", "exact")
    if exact:
        found.append(f"{exact:.0f} documents have a text that occurs more than once")
    return found


def _not_exact(near: Sequence[Alike], leaks: Leaks) -> list[Alike]:
    exact = {test for test, _ in leaks.text}
    return [each for each in near if each.test not in exact]


def _not_near(leaks: Leaks) -> list[Alike]:
    near = {each.test for each in leaks.near}
    return [each for each in _not_exact(leaks.template, leaks) if each.test not in near]


def _named(pairs: Sequence[str]) -> str:
    more = len(pairs) - _NAMED
    return "; ".join(pairs[:_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _entities(find: Figures) -> list[str]:
    found = []
    dictionary = find.value("dictionary_ner", "f1")
    if dictionary >= _MEMORISED:
        found.append(
            f"looking up train's strings finds the entities with F1 {in_per_cent(dictionary)}: "
            "finding them shows no reading"
        )
    missed = find.value("unannotated", "test")
    if missed >= _UNANNOTATED:
        found.append(f"{missed:.0%} of the places in test where a string of train stands are not annotated")
    return found


def _labels(find: Figures) -> list[str]:
    conflicting = find.value("conflicts", "share_same_text")
    repeated = find.value("conflicts", "repeated_same_text")
    if conflicting < _CONFLICTING or repeated < 20:
        return []
    return [
        f"of {repeated:.0f} pairs of names that recur with the same words between, "
        f"{conflicting:.0%} are labelled differently"
    ]
