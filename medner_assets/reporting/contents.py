"""All that a report says, asked once: page, Markdown, terminal and model card write the same contents."""

import json
from dataclasses import dataclass

from medner_assets.reporting.attribution import attributed
from medner_assets.reporting.decisions import Decision, DecisionFigures, next_steps
from medner_assets.reporting.expectation import ExpectationRow
from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Phrase, Unit
from medner_assets.reporting.questions import Questions
from medner_assets.reporting.sections.baselines import BaselinesSection, baselines_section
from medner_assets.reporting.sections.confidence import ConfidenceSection, confidence_section
from medner_assets.reporting.sections.configuration import ConfigurationSection, configuration_section
from medner_assets.reporting.sections.cost import CostSection, cost_section
from medner_assets.reporting.sections.errors import ErrorsSection, errors_section
from medner_assets.reporting.sections.expectations import expectations_section
from medner_assets.reporting.sections.ladder import LadderSection, ladder_section
from medner_assets.reporting.sections.lessons import LessonsSection, lessons_section
from medner_assets.reporting.sections.scores import HEADLINE, ScoresSection, scores_section
from medner_assets.reporting.sections.training import TrainingSection, training_section
from medner_assets.reporting.verdict import Verdict, verdict_of


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One target and how each version stands to it."""

    task: str
    target: Number
    f1: tuple[Number, ...]
    low: tuple[Number, ...]
    high: tuple[Number, ...]

    def met(self, place: int) -> str:
        """Return met, missed or not measured, and whether the interval is clear of the target."""
        value, low, high = self.f1[place].value, self.low[place].value, self.high[place].value
        if value is None or self.target.value is None:
            return "not measured"
        word = "met" if value >= self.target.value else "missed"
        if low is None or high is None:
            return word
        return word if not low <= self.target.value <= high else f"{word}, within the interval"


@dataclass(frozen=True, slots=True)
class Contents:
    """The sections of one report."""

    inputs: ReportInputs
    verdict: Verdict
    configuration: ConfigurationSection
    training: TrainingSection
    scores: ScoresSection
    confidence: ConfidenceSection
    expectations: tuple[ExpectationRow, ...]
    errors: ErrorsSection
    targets: tuple[TargetRow, ...]
    cost: CostSection
    baselines: BaselinesSection
    ladder: LadderSection
    lessons: LessonsSection
    decision: Decision
    attribution: Phrase | None
    """How much of the gain is post-processing, and how much the adapter; None: nothing to tell apart."""
    sql_hash: str
    """Of the files of `sql/` that the numbers come from: people may edit these."""

    @property
    def sureness(self) -> tuple[str, ...]:
        """How sure the version is, a line a task; none without probabilities."""
        baseline = None if self.inputs.baseline is None else self.inputs.baseline.name
        return self.confidence.sentences(self.inputs.version.name, baseline)


def contents_of(inputs: ReportInputs) -> Contents:
    """Ask everything that the report says; a part that is missing is empty in its section."""
    with Questions(inputs.tables) as ask:
        scores = scores_section(ask, inputs)
        errors = errors_section(ask, inputs)
        configuration = configuration_section(ask, inputs)
        baselines = baselines_section(ask, inputs)
        return Contents(
            inputs=inputs,
            verdict=verdict_of(inputs, scores, baselines),
            configuration=configuration,
            training=training_section(ask, inputs),
            scores=scores,
            confidence=confidence_section(ask, inputs),
            expectations=expectations_section(ask, inputs.version.expectation, inputs.version.name),
            errors=errors,
            targets=_targets(inputs, scores),
            cost=cost_section(ask, inputs, configuration.adapters, scores),
            baselines=baselines,
            ladder=ladder_section(ask, inputs, scores, baselines),
            lessons=lessons_section(ask, inputs),
            attribution=attributed(inputs, scores),
            decision=_decision(inputs, scores, errors, baselines),
            sql_hash=ask.sql_hash,
        )


def _targets(inputs: ReportInputs, scores: ScoresSection) -> tuple[TargetRow, ...]:
    if inputs.targets is None:
        return ()
    asked = {"entity": inputs.targets.entity_f1, "relation": inputs.targets.relation_f1}
    nothing = Number(None, Unit.SHARE)

    def cells(task: str, column: str) -> tuple[Number, ...]:
        rows = (scores.headline(task, each.name) for each in inputs.pair)
        return tuple(nothing if row is None else row[column] for row in rows)

    return tuple(
        TargetRow(
            task,
            Number(asked[task], Unit.SHARE),
            cells(task, "f1"),
            cells(task, "f1_low"),
            cells(task, "f1_high"),
        )
        for task in HEADLINE
    )


def _decision(
    inputs: ReportInputs, scores: ScoresSection, errors: ErrorsSection, baselines: BaselinesSection
) -> Decision:
    name, recipe = inputs.version.name, inputs.version.recipe or {}
    gains = {
        row.stage: gain
        for row in scores.stages.get(name, ())
        if row.stage in json.loads(recipe.get("postprocessing", "[]"))
        and (gain := row.gains["relation"]) is not None
    }
    rejected = errors.rejected.get(name)
    return next_steps(
        DecisionFigures(
            relation_raw=scores.f1("relation", name, "raw"),
            relation_final=scores.f1("relation", name),
            target=Number(inputs.targets.relation_f1 if inputs.targets else None, Unit.SHARE),
            gains=gains,
            cut_completions=Number(None, Unit.SHARE) if rejected is None else rejected["cut_share"],
            labels_follow_text=baselines.labels_follow_text,
        ),
        recipe,
    )
