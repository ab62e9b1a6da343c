"""The reasons for a verdict in plain words, and the one sentence that a lead needs."""

from medner_assets.audit.figures import GOLD_ENTITIES, Figure
from medner_assets.audit.verdict import Evidence, Verdict
from medner_assets.recipes.sources import Targets

_MEMORISED = 0.95
"""Dictionary F1 from which on finding entities needs no reading."""
_UNANNOTATED = 0.3
_CONFLICTING = 0.25


class Figures:
    """Look-up of figures by probe, name and setting."""

    def __init__(self, figures: list[Figure]) -> None:
        self._figures = {(each.probe, each.figure, each.setting): each for each in figures}

    def __call__(self, probe: str, figure: str, setting: str = "") -> Figure:
        """Return a figure; raise KeyError if no probe made it."""
        return self._figures[probe, figure, setting]

    def value(self, probe: str, figure: str, setting: str = "") -> float:
        """Return a figure's value, 0 where it could not be measured."""
        return self(probe, figure, setting).value or 0.0


def reasons(verdict: Verdict, evidence: Evidence, find: Figures) -> list[str]:
    """Return what led to the verdict, then what else to know: leaks, duplicates, names, conflicts."""
    return [
        _main_reason(verdict, evidence),
        *_imitation(verdict, find),
        *_leaks(find),
        *_entities(find),
        *_labels(find),
    ]


def lead_sentence(verdict: Verdict, evidence: Evidence, find: Figures, targets: Targets) -> str:
    """Return what a relation score on this dataset can mean, in one sentence."""
    ceiling = find("ceiling", "f1", GOLD_ENTITIES)
    best = ceiling.high if ceiling.high is not None else ceiling.value or 0.0
    target = targets.relation_f1
    if verdict == Verdict.NEARLY_FREE:
        return (
            f"Relating everything that fits scores F1 {evidence.all_pairs_f1:.2f} once the entities are "
            "known: a relation score here measures how well entities are found, not relations."
        )
    if verdict == Verdict.NOT_FOLLOWING:
        reach = "cannot be reached by training" if target > best else "asks for no reading"
        return (
            f"A relation F1 above {best:.2f} on this test set would be a bug or a leak; "
            f"the target {target:.2f} {reach}."
        )
    if verdict == Verdict.UNDECIDED:
        return (
            "There are too few documents to tell whether the relations follow the text: "
            "do not judge a version by its relation score."
        )
    how = "The text says" if verdict == Verdict.LEARNABLE else "The text says only weakly"
    needs = "needs reading" if target > best else "can be reached without reading"
    return (
        f"{how} which pairs are related: a relation F1 above {best:.2f} cannot be had without reading it, "
        f"and the target {target:.2f} {needs}."
    )


def _main_reason(verdict: Verdict, evidence: Evidence) -> str:
    if verdict == Verdict.NEARLY_FREE:
        return f"relating every pair that fits scores F1 {evidence.all_pairs_f1:.3f} with the gold entities"
    if evidence.auc is None or evidence.low is None or evidence.high is None:
        return (
            "no document has both related and unrelated pairs of the same types, so nothing can be compared"
        )
    tested = (
        f"within a document the words tell related from unrelated pairs with AUC {evidence.auc:.3f} "
        f"(95 % interval {evidence.low:.3f} to {evidence.high:.3f}, {evidence.strata} strata)"
    )
    endings = {
        Verdict.UNDECIDED: "which is too few or too wide to tell",
        Verdict.NOT_FOLLOWING: "which is what labels give that were drawn without looking at the text",
        Verdict.LEARNABLE: "so the labels follow the text",
        Verdict.WEAK: "so the labels follow the text a little, or in a way that a simple reader misses",
    }
    return f"{tested}, {endings[verdict]}"


def _imitation(verdict: Verdict, find: Figures) -> list[str]:
    every, imitation = (
        find.value("all_pairs", "f1", GOLD_ENTITIES),
        find.value("imitation", "f1", GOLD_ENTITIES),
    )
    if verdict != Verdict.NOT_FOLLOWING or every <= imitation:
        return []
    return [
        f"relating every pair that fits scores F1 {every:.3f}, "
        f"more than perfect imitation of the labels ({imitation:.3f})"
    ]


def _leaks(find: Figures) -> list[str]:
    texts, groups = find.value("leakage", "text"), find.value("leakage", "group")
    near, exact = find.value("duplicates", "near_across"), find.value("duplicates", "exact")
    found = []
    if texts:
        found.append(f"{texts:.0f} test documents have a text that is in train: remove them before scoring")
    if groups:
        found.append(f"{groups:.0f} test documents share their group with train: split by group")
    if near > texts:
        found.append(f"{near:.0f} test documents are near duplicates of train documents")
    if exact:
        found.append(f"{exact:.0f} documents have a text that occurs more than once")
    return found


def _entities(find: Figures) -> list[str]:
    found = []
    dictionary = find.value("dictionary_ner", "f1")
    if dictionary >= _MEMORISED:
        found.append(
            f"looking up train's strings finds the entities with F1 {dictionary:.3f}: "
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
