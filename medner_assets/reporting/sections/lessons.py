"""Lessons across versions: what each version changed against its baseline, and what came of it, for all
that are scored.

Only what the tables say: a change of F1 without a test is called a change, not a gain.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Phrase, Unit, change, difference
from medner_assets.reporting.questions import Questions

_UNITS = {
    "trainable_parameters": Unit.PARAMETERS,
    "train_seconds": Unit.DURATION,
    "final_train_loss": Unit.LOSS,
    "best_eval_loss": Unit.LOSS,
    "entity_f1": Unit.SHARE,
    "relation_f1": Unit.SHARE,
    "relation_raw": Unit.SHARE,
}
_NOT_A_SETTING = ("expectation", "summary", "baseline", "replicates")


@dataclass(frozen=True, slots=True)
class LessonsSection:
    """Every scored version of the dataset, and sentences about the steps between them."""

    versions: tuple[Mapping[str, Any], ...]
    lessons: tuple[Phrase, ...]
    query: str


def lessons_section(ask: Questions, inputs: ReportInputs) -> LessonsSection:
    """Return the family's table and one lesson a step from a scored baseline to a scored version."""
    answer = ask.table("family", ("model_version",), _UNITS, dataset=inputs.dataset)
    rows = answer.by("model_version")
    recipes = _recipes(inputs.tables["recipes"], list(rows))
    lessons = [
        lesson
        for name, row in rows.items()
        if (baseline := recipes.get(name, {}).get("baseline")) in rows
        for lesson in _step(name, str(baseline), row, rows[baseline], recipes)
    ]
    return LessonsSection(answer.rows, tuple(lessons), answer.sql)


def _step(
    name: str,
    baseline: str,
    after: Mapping[str, Any],
    before: Mapping[str, Any],
    recipes: Mapping[str, Mapping[str, str]],
) -> list[Phrase]:
    changed = _changed(recipes[baseline], recipes[name])
    gap = {
        key: difference(after[key], before[key], Unit.POINTS)
        for key in ("entity_f1", "relation_f1", "relation_raw")
    }
    spent = difference(after["train_seconds"], before["train_seconds"], Unit.DURATION)
    found: list[Phrase] = [(
        f"{baseline} → {name} ({changed}): relation F1 ", gap["relation_f1"],
        ", entity F1 ", gap["entity_f1"], ", training time ", spent, ".",
    )]  # fmt: skip
    fell = change(after["final_train_loss"], before["final_train_loss"])
    moved = gap["relation_raw"] if gap["relation_raw"].value is not None else gap["relation_f1"]
    if fell.value is not None and moved.value is not None and fell.value < 0:
        signal = "and" if moved.value > 0 else "but"
        found.append((
            f"{name}'s training loss changed by ", fell, f" against {baseline}, {signal} relation F1 ",
            "before post-processing by ", moved, ".",
        ))  # fmt: skip
    return found


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    keys = [
        key
        for key in dict.fromkeys((*before, *after))
        if key.split(".")[0] not in _NOT_A_SETTING and before.get(key) != after.get(key)
    ]
    told = [f"`{key}` {_shown(before.get(key))} → {_shown(after.get(key))}" for key in keys]
    return ", ".join(told) if told else "no setting changed"


def _shown(value: str | None) -> str:
    if value in (None, "null", "[]"):
        return "none"
    return " + ".join(json.loads(value)) if value.startswith("[") else value.removesuffix(".0")


def _recipes(recipes: pl.DataFrame, names: list[str]) -> dict[str, dict[str, str]]:
    return {
        name: dict(recipes.filter(pl.col("model_version") == name).select("setting", "value").iter_rows())
        for name in names
    }
