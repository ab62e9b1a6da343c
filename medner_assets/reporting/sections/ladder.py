"""The ladder: trivial readers of the audit, the versions of the report, and the dataset's other versions and
systems, on one scale for each task."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Unit
from medner_assets.reporting.questions import Questions
from medner_assets.reporting.sections.baselines import BaselinesSection
from medner_assets.reporting.sections.scores import TASKS, ScoresSection

SYSTEMS = {
    "lora": "an adapter", "prompted": "a base that is asked", "endpoint": "a server that is asked",
    "gliner": "GLiNER2", "predictions": "registered answers",
}  # fmt: skip
_MOST = 12
"""Other versions that are shown of each task, the best ones."""
_SHARES = ("f1", "f1_low", "f1_high", "f1_mean", "spread_low", "spread_high")
_UNITS = dict.fromkeys(_SHARES, Unit.SHARE) | {"f1_sd": Unit.GAP}
_NOTHING = Number(None, Unit.SHARE)


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One reader on the ladder."""

    kind: str
    """s0 and s1: the baseline and the version of the report; other: another version; rung: trivial."""
    name: str
    told: str
    """What it is, in a few words."""
    given: str
    f1: Number
    low: Number
    high: Number
    trainings: Mapping[str, Number] | None = None
    """Count, f1_mean, f1_sd, spread_low and spread_high; None: one."""


@dataclass(frozen=True, slots=True)
class LadderSection:
    """Steps by task, best first. hidden: other versions by task that are left out, since there are many."""

    steps: Mapping[str, tuple[LadderStep, ...]]
    hidden: Mapping[str, int]
    query: str

    @property
    def has_others(self) -> bool:
        """Whether versions stand on it that the report is not about."""
        return any(step.kind == "other" for steps in self.steps.values() for step in steps)


def ladder_section(
    ask: Questions, inputs: ReportInputs, scores: ScoresSection, baselines: BaselinesSection
) -> LadderSection:
    """Return the ladder; without an audit and other versions it has the versions of the report only."""
    answer = ask.table(
        "ladder", ("model_version", "task"), _UNITS, version=inputs.version.name, dataset=inputs.dataset
    )
    rows = {(row["task"], row["model_version"]): row for row in answer.rows}
    pair = {each.name: f"s{1 if each is inputs.version else 0}" for each in inputs.pair}
    steps, hidden = {}, {}
    for task in TASKS:
        others = [row for (of, name), row in rows.items() if of == task and name not in pair]
        hidden[task] = max(len(others) - _MOST, 0)
        found = [_of_version("other", row) for row in others[:_MOST]]
        for name, kind in pair.items():
            row, headline = rows.get((task, name)), scores.headline(task, name)
            if row is not None:
                found.append(_of_version(kind, row))
            elif headline is not None:  # on another state of the dataset
                found.append(
                    LadderStep(
                        kind, name, "", "the text", headline["f1"], headline["f1_low"], headline["f1_high"]
                    )
                )
        found += [
            LadderStep(
                "rung", rung.name, rung.meaning, rung.setting or "the text", rung.f1, rung.low, rung.high
            )
            for rung in baselines.rungs
            if rung.task == task
        ]
        steps[task] = tuple(sorted(found, key=lambda step: -(step.f1.value or 0.0)))
    return LadderSection(steps, hidden, answer.sql)


def _of_version(kind: str, row: Mapping[str, Any]) -> LadderStep:
    several = (row["trainings"].value or 0) > 1
    return LadderStep(
        kind,
        row["model_version"],
        SYSTEMS.get(row["system"], row["system"]),
        "the text",
        row["f1"],
        row["f1_low"],
        row["f1_high"],
        row if several else None,
    )
