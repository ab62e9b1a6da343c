"""Precision and Recall: scores and differences per task, by type, under other schemes, and by
post-processing stage."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Unit, difference
from medner_assets.reporting.questions import Answer, Questions

HEADLINE = {"entity": "text", "relation": "strict"}
"""The scheme that speaks for a task: type and string of mentions; type and both arguments with their
types."""
TASKS = tuple(HEADLINE)

_SHARES = dict.fromkeys(
    ("precision", "recall", "f1", "f1_low", "f1_high", "macro_f1", "baseline_f1", "version_f1"), Unit.SHARE
)
_UNITS = _SHARES | dict.fromkeys(("difference", "low", "high"), Unit.POINTS) | {
    "p_value": Unit.P,
    "p_adjusted": Unit.P,
} | dict.fromkeys(("found_above", "margin", "version_sd", "baseline_sd", "sd"), Unit.GAP)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One type: each version's scores (None: nothing scored), and the change of F1."""

    type: str
    scores: tuple[Mapping[str, Any] | None, ...]
    change: Number | None


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of one version: scores of both tasks and what the stage changed."""

    stage: str
    scores: Mapping[str, Mapping[str, Any] | None]
    """Task → scores."""
    gains: Mapping[str, Number | None]
    """Task → F1 of this stage minus F1 of the stage before; None for `raw`."""


@dataclass(frozen=True, slots=True)
class ScoresSection:
    """All scores of the pair."""

    scores: Mapping[tuple[str, str, str, str], Mapping[str, Any]]
    """(task, scheme, model_version, stage) → row of `metrics`."""
    comparisons: Mapping[tuple[str, str, str], Mapping[str, Any]]
    """(task, scheme, stage) → row of `comparisons`; empty where nothing could be compared."""
    recipes: Mapping[str, Mapping[str, Any]]
    """Task → row of `recipe_comparisons`; empty unless both recipes were trained at least twice."""
    spread: Mapping[tuple[str, str], Mapping[str, Any]]
    """(version, task) → trainings and SD of F1, of versions of this base and dataset with several."""
    by_type: Mapping[str, tuple[TypeRow, ...]]
    stages: Mapping[str, tuple[StageRow, ...]]
    """Version → its stages in order."""
    queries: Mapping[str, str]
    """What a table of the section was asked by: `scores`, `comparisons`, `entity`, `relation`."""

    def headline(self, task: str, version: str, stage: str = "final") -> Mapping[str, Any] | None:
        """Return the scores of a version under the task's headline scheme; None: not scored."""
        return self.scores.get((task, HEADLINE[task], version, stage))

    def f1(self, task: str, version: str, stage: str = "final") -> Number:
        """Return the headline F1; a Number without a value: not scored."""
        row = self.headline(task, version, stage)
        return Number(None, Unit.SHARE) if row is None else row["f1"]

    def comparison(self, task: str, stage: str = "final") -> Mapping[str, Any] | None:
        """Return the comparison under the task's headline scheme; None: there is none."""
        return self.comparisons.get((task, HEADLINE[task], stage))


def scores_section(ask: Questions, inputs: ReportInputs) -> ScoresSection:
    """Return the scores of both versions; a version that is not scored has no rows."""
    names = [each.name for each in inputs.pair]
    scores = ask.table(
        "all_scores",
        ("task", "scheme", "model_version", "stage"),
        _UNITS,
        versions=names,
        dataset=inputs.dataset,
    )
    compared = (
        ask.table(
            "compared_adapters",
            ("task", "scheme", "stage"),
            _UNITS,
            version=inputs.version.name,
            baseline=inputs.baseline.name,
            dataset=inputs.dataset,
        )
        if inputs.baseline is not None
        else Answer("", ())
    )
    of_recipes = (
        ask.table(
            "compared_recipes",
            ("task",),
            _UNITS,
            version=inputs.version.name,
            baseline=inputs.baseline.name,
            dataset=inputs.dataset,
        )
        if inputs.baseline is not None
        else Answer("", ())
    )
    spread = ask.table(
        "spread_of_trainings",
        ("version", "task"),
        _UNITS,
        version=inputs.version.name,
        dataset=inputs.dataset,
    )
    types = {
        task: ask.table("by_type", ("type", "model_version"), _UNITS, versions=names, task=task)
        for task in TASKS
    }
    by_key = scores.by("task", "scheme", "model_version", "stage")
    return ScoresSection(
        scores=by_key,
        comparisons=compared.by("task", "scheme", "stage"),
        recipes=of_recipes.by("task"),
        spread=spread.by("version", "task"),
        by_type={task: _type_rows(answer, names) for task, answer in types.items()},
        stages={each.name: _stage_rows(by_key, each.name, each.recipe or {}) for each in inputs.pair},
        queries={
            "scores": scores.sql,
            "comparisons": compared.sql,
            "recipes": of_recipes.sql,
            **{task: types[task].sql for task in TASKS},
        },
    )


def _type_rows(answer: Answer, names: list[str]) -> tuple[TypeRow, ...]:
    rows = answer.by("type", "model_version")
    found = []
    for type_ in dict.fromkeys(row["type"] for row in answer.rows):
        scores = tuple(rows.get((type_, name)) for name in names)
        gain = None
        if len(scores) == 2 and scores[0] is not None and scores[1] is not None:
            gain = difference(scores[1]["f1"], scores[0]["f1"], Unit.POINTS)
        found.append(TypeRow(type_, scores, gain))
    return tuple(found)


def _stage_rows(
    scores: Mapping[tuple[str, str, str, str], Mapping[str, Any]], version: str, recipe: Mapping[str, str]
) -> tuple[StageRow, ...]:
    """Return the version's stages: `raw`, the recipe's steps in their order, `final`."""
    there = {stage for _, _, name, stage in scores if name == version}
    steps = json.loads(recipe.get("postprocessing", "[]"))
    order = [stage for stage in ("raw", *steps) if stage in there]
    # A recipe that changed after the evaluation no longer names all stages: the others still stand, by name.
    order += sorted(there - {*order, "final"}) + (["final"] if "final" in there else [])
    rows: list[StageRow] = []
    for stage in order:
        own = {task: scores.get((task, scheme, version, stage)) for task, scheme in HEADLINE.items()}
        gains = {}
        for task, row in own.items():
            before = rows[-1].scores[task] if rows else None
            gains[task] = (
                difference(row["f1"], before["f1"], Unit.POINTS)
                if row is not None and before is not None
                else None
            )
        rows.append(StageRow(stage, own, gains))
    return tuple(rows)
