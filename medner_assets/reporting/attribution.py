"""A gain is attributed: how much of it is post-processing, how much the adapter. Pure."""

import json

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Phrase, Unit, difference
from medner_assets.reporting.sections.scores import ScoresSection


def shared_stage(steps: list[str], baseline_steps: list[str]) -> str:
    """Return the last stage at which both went through the same steps: `final` where all are the same."""
    if steps == baseline_steps:
        return "final"
    stage = "raw"
    for ours, theirs in zip(steps, baseline_steps, strict=False):
        if ours != theirs:
            break
        stage = ours
    return stage


def attributed(inputs: ReportInputs, scores: ScoresSection) -> Phrase | None:
    """Return what the adapters differ by under the same steps, and what the other steps add to relation F1.

    None where nothing was compared. Before `final`, a duplicate line counts as an error of the adapter.
    """
    whole = scores.comparison("relation")
    if whole is None or inputs.baseline is None:
        return None
    steps, others = (
        json.loads((each.recipe or {}).get("postprocessing", "[]"))
        for each in (inputs.version, inputs.baseline)
    )
    stage = shared_stage(steps, others)
    same = scores.comparison("relation", stage)
    if stage == "final":
        return ("Both go through the same post-processing: the difference is that of the adapters.",)
    if same is None:
        return None
    rest = difference(whole["difference"], same["difference"], Unit.POINTS)
    under = "without post-processing" if stage == "raw" else f"up to `{stage}`"
    return (
        "Of the difference in relation F1, ", same["difference"], f" are the adapters' ({under}, both "
        "under the same steps), and ", rest, " come from the steps past it, duplicates "
        "counted once.",
    )  # fmt: skip
