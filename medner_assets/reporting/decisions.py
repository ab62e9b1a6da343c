"""What to do next: the decision rules of the comparison document, the rule that fired, what is done and
what is left.

Labels that do not follow the text, and a target that is met, come first: more training mends neither. Else
the rules ask for the relation F1 before post-processing, as the document does: at least 70 %, from 60 to
70 %, below 60 %. Steps that the version's recipe takes already are marked so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from medner_assets.reporting.numbers import Number, Phrase, Unit, difference

HIGH, MIDDLE = 0.70, 0.60


class State(StrEnum):
    """Where a step stands."""

    DONE = "done"
    OPEN = "to do"
    CONSIDER = "to consider"


@dataclass(frozen=True, slots=True)
class Step:
    """One step that a rule asks for."""

    state: State
    text: Phrase


@dataclass(frozen=True, slots=True)
class Decision:
    """The rule that fired and the steps it asks for."""

    rule: Phrase
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class DecisionFigures:
    """What the rules look at; a Number without a value is not known."""

    relation_raw: Number
    relation_final: Number
    target: Number
    gains: Mapping[str, Number]
    """Post-processing stage → what it changed relation F1 by, cumulative order."""
    cut_completions: Number
    """Share of completions cut at max_new_tokens."""
    labels_follow_text: bool = True
    """False: the audit found that relations cannot be learned from the text."""


def next_steps(evidence: DecisionFigures, recipe: Mapping[str, str]) -> Decision:
    """Return the rule that the relation F1 fires and its steps; without a score, the one step to evaluate."""
    f1 = evidence.relation_raw
    if f1.value is None:
        return Decision(
            ("no relation F1 yet, so no rule fires",),
            (Step(State.OPEN, ("Finish the evaluation",)),),
        )
    if not evidence.labels_follow_text:
        return Decision(
            ("the audit found that relations do not follow the text: no training can learn them",),
            (
                Step(State.OPEN, ("Correct the labels, or take another dataset; then train again",)),
                Step(State.OPEN, ("Audit it first: `medner audit`",)),
            ),
        )
    if _is_met(evidence):
        return Decision(
            ("the target of relation F1 is met", *_beside_interval(evidence)),
            (
                *(step for step in _post_processing(evidence, recipe) if step.state is State.DONE),
                _arrival(evidence),
                Step(
                    State.CONSIDER,
                    ("Promote it (`medner promote`), once its recipe is trained several times",),
                ),
            ),
        )
    if f1.value >= HIGH:
        rule: Phrase = ("relation F1 before post-processing is ", f1, ": the rule for 70 % or more")
        steps = (*_post_processing(evidence, recipe), _filtering(recipe))
    elif f1.value >= MIDDLE:
        rule = ("relation F1 before post-processing is ", f1, ": the rule for 60 to 70 %")
        steps = (*_post_processing(evidence, recipe), *_larger_run(evidence, recipe))
    else:
        rule = ("relation F1 before post-processing is ", f1, ": the rule for less than 60 %")
        steps = (*_post_processing(evidence, recipe), *_new_approach(recipe))
    return Decision(rule, (*steps, _arrival(evidence)))


def _post_processing(evidence: DecisionFigures, recipe: Mapping[str, str]) -> tuple[Step, ...]:
    wanted = (
        ("deduplicate", "Remove duplicates (`deduplicate`)"),
        ("drop_ungrounded", "Drop what is not in the text (`drop_ungrounded`)"),
        ("enforce_schema", "Keep only relations between types that train allows (`enforce_schema`)"),
    )
    steps = []
    for stage, text in wanted:
        if f'"{stage}"' not in recipe.get("postprocessing", ""):
            steps.append(Step(State.OPEN, (text,)))
        elif stage == "deduplicate":
            # `final` is over distinct items: what the step gains at its own stage is how `raw` is counted.
            steps.append(Step(State.DONE, (text, ": worth nothing at `final`, which counts items once")))
        elif (gain := evidence.gains.get(stage)) is not None and gain.value is not None:
            steps.append(Step(State.DONE, (text, ": ", gain, " of F1")))
        else:
            steps.append(Step(State.DONE, (text,)))
    return tuple(steps)


def _filtering(recipe: Mapping[str, str]) -> Step:
    done = '"fix_direction"' in recipe.get("postprocessing", "")
    text = "Turn relations that train knows in one direction only (`fix_direction`)"
    return Step(State.DONE if done else State.CONSIDER, (text,))


def _is_met(evidence: DecisionFigures) -> bool:
    final, target = evidence.relation_final.value, evidence.target.value
    return final is not None and target is not None and final >= target


def _beside_interval(evidence: DecisionFigures) -> Phrase:
    over = difference(evidence.relation_final, evidence.target, Unit.GAP)
    return (", by ", over, ": more training is asked for by no rule")


def _larger_run(evidence: DecisionFigures, recipe: Mapping[str, str]) -> tuple[Step, ...]:
    generation: Phrase = ("Improve generation (`decoding.grammar`)",)
    if evidence.cut_completions.value:
        generation = (
            "Improve generation: ", evidence.cut_completions, " of the completions are cut at "
            "`decoding.max_new_tokens`; `decoding.grammar` makes every completion readable",
        )  # fmt: skip
    return (
        _training(recipe, "training.epochs", 10, "Train 10 epochs"),
        _weighted(recipe),
        Step(State.DONE if recipe.get("decoding.grammar") == "true" else State.CONSIDER, generation),
    )


def _new_approach(recipe: Mapping[str, str]) -> tuple[Step, ...]:
    return (
        _training(recipe, "training.epochs", 10, "Train 10 epochs or more"),
        _training(recipe, "lora.rank", 64, "Use LoRA rank 64"),
        _weighted(recipe),
        Step(State.CONSIDER, ("Train on real clinical text",)),
    )


def _training(recipe: Mapping[str, str], setting: str, least: int, text: str) -> Step:
    value = recipe.get(setting)
    state = State.DONE if value is not None and float(value) >= least else State.OPEN
    return Step(state, (f"{text} (`{setting}` is {value or 'not known'})",))


def _weighted(recipe: Mapping[str, str]) -> Step:
    value = recipe.get("training.relation_loss_weight")
    state = State.DONE if value is not None and float(value) > 1 else State.OPEN
    return Step(
        state, (f"Weigh relation tokens more (`training.relation_loss_weight` is {value or 'not known'})",)
    )


def _arrival(evidence: DecisionFigures) -> Step:
    final, target = evidence.relation_final, evidence.target
    if target.value is None or final.value is None:
        return Step(State.OPEN, ("State a target and finish the evaluation",))
    if final.value >= target.value:
        return Step(State.DONE, ("Reach the target: relation F1 ", final, ", target ", target))
    short = difference(target, final, Unit.GAP)
    return Step(State.OPEN, ("Reach the target: relation F1 ", final, " is ", short, " short of ", target))
