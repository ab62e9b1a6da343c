"""The one sentence that a lead needs: what a relation score on this dataset can mean."""

from medner_assets.audit.figures import AuditFigure, Figures, in_per_cent
from medner_assets.audit.verdict import DatasetVerdict, Evidence
from medner_assets.audit.without_reading import PROBE
from medner_assets.recipes.sources import Targets


def lead_sentence(
    verdict: DatasetVerdict, evidence: Evidence, find: Figures, targets: Targets, *, leaks: bool
) -> str:
    """Return the sentence. leaks: whether test documents were found that repeat train documents."""
    best = find.scored(PROBE)
    target = targets.relation_f1
    limit = _shown(best)
    if verdict == DatasetVerdict.UNDECIDED:
        return (
            "There is too little to tell whether the relations follow the text: "
            "do not judge a version by its relation score."
        )
    if verdict == DatasetVerdict.NEARLY_FREE:
        every = in_per_cent(find.scored("all_pairs"))
        return (
            f"Relating everything that fits scores relation F1 {every} once the "
            "entities are known: a relation score here measures how well entities are found, not relations."
        )
    if verdict == DatasetVerdict.WITHOUT_READING:
        return (
            f"Relations can be told without reading: the best score without reading the text is {limit}. "
            "A relation score here shows no reading."
        )
    if verdict == DatasetVerdict.NOT_FOLLOWING:
        reach = (
            f"the target {in_per_cent(target)} cannot be reached by training"
            if target > _high(best)
            else f"the target {in_per_cent(target)} asks for no reading"
        )
        above = (
            "a higher score would come from test documents that repeat train documents"
            if leaks
            else "a higher score would be a bug or a leak"
        )
        return (
            "The text adds nothing that position and names do not say: the best score without reading the "
            f"text is {limit}, {above}, and {reach}."
        )
    if verdict in (DatasetVerdict.TYPES_NOT_FOLLOWING, DatasetVerdict.DIRECTIONS_NOT_FOLLOWING):
        which, probe = (
            ("types", evidence.type)
            if verdict == DatasetVerdict.TYPES_NOT_FOLLOWING
            else ("directions", evidence.direction)
        )
        had = "" if probe.unread is None else f" (without reading {probe.unread:.0%} are right)"
        return (
            f"Which pairs are related can be told, but the text does not say their {which}{had}: do not "
            f"judge a version by the {which} of its relations. The best score without reading the text is "
            f"{limit}."
        )
    how = "The text says" if verdict == DatasetVerdict.LEARNABLE else "The text says only weakly"
    needs = "needs reading" if target > _high(best) else "can be reached without reading"
    return (
        f"{how} what is related: the best score without reading the text is {limit}, "
        f"and the target {in_per_cent(target)} {needs}."
    )


def _shown(best: AuditFigure | None) -> str:
    if best is None or best.value is None:
        return "not known"
    told = f"relation F1 {in_per_cent(best.value)}"
    return f"{told} (95 % interval up to {in_per_cent(best.high)})" if best.high is not None else told


def _high(best: AuditFigure | None) -> float:
    if best is None:
        return 0.0
    return best.high if best.high is not None else best.value or 0.0
