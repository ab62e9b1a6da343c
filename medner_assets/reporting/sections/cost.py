"""Cost and Timeline: time, memory and disk of each version, what a minute more of training bought, when it
happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Unit, difference
from medner_assets.reporting.questions import Questions
from medner_assets.reporting.sections.scores import ScoresSection


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One step of one version, in the order of time where that is known."""

    version: str
    step: str
    state: str
    """complete, missing or `n/N` documents."""
    finished: datetime | None
    """When training ended, or the evaluation was scored; None: not known."""
    seconds: Number


@dataclass(frozen=True, slots=True)
class CostSection:
    """What the versions cost, and what the difference bought."""

    generation: Mapping[str, Mapping[str, Any]]
    """Version → seconds and tokens of generating the test split."""
    extra_training: Number | None
    """Seconds that the version trained longer than the baseline."""
    extra_disk: Number | None
    a_minute: Mapping[str, Number]
    """Task → F1 gained by a minute of additional training; empty where it cannot be said."""
    timeline: tuple[TimelineRow, ...]
    total: Number


def cost_section(
    ask: Questions, inputs: ReportInputs, adapters: Mapping[str, Mapping[str, Any]], scores: ScoresSection
) -> CostSection:
    """Return the cost of each step; `adapters` is what the configuration section found."""
    names = [each.name for each in inputs.pair]
    units = {"seconds": Unit.DURATION, "a_document": Unit.DURATION, "tokens_a_second": Unit.COUNT}
    generation = ask.table("generation_cost", ("model_version",), units, versions=names).by("model_version")
    extra_training = extra_disk = None
    gains: dict[str, Number] = {}
    if inputs.baseline is not None and all(name in adapters for name in names):
        before, after = (adapters[name] for name in names)
        extra_training = difference(after["train_seconds"], before["train_seconds"], Unit.DURATION)
        extra_disk = difference(after["adapter_bytes"], before["adapter_bytes"], Unit.BYTES)
        for task, scheme in (("entity", "text"), ("relation", "strict")):
            if scores.comparison(task) is not None and (extra_training.value or 0) > 0:
                gains[task] = ask.number(
                    "gain_a_minute",
                    Unit.POINTS,
                    version=names[1],
                    baseline=names[0],
                    task=task,
                    scheme=scheme,
                )
    return CostSection(
        generation=generation,
        extra_training=extra_training,
        extra_disk=extra_disk,
        a_minute=gains,
        timeline=_timeline(inputs, adapters, generation),
        total=ask.number("total_time", Unit.DURATION, versions=names),
    )


def _timeline(
    inputs: ReportInputs,
    adapters: Mapping[str, Mapping[str, Any]],
    generation: Mapping[str, Mapping[str, Any]],
) -> tuple[TimelineRow, ...]:
    rows = []
    for each in inputs.pair:
        if each.adapter is None or each.name not in adapters:
            rows.append(TimelineRow(each.name, "training", "missing", None, Number(None, Unit.DURATION)))
        else:
            seconds = adapters[each.name]["train_seconds"]
            finished: datetime | None = each.adapter["finished_at"]
            rows.append(TimelineRow(each.name, "training", "complete", finished, seconds))
        own = generation.get(each.name)
        spent = Number(None, Unit.DURATION) if own is None else own["seconds"]
        rows.append(
            TimelineRow(
                each.name,
                "evaluation",
                _progress(each.evaluated, inputs.test_documents),
                each.scored_at,
                spent,
            )
        )
    return tuple(rows)


def _progress(done: int, total: int | None) -> str:
    if not done:
        return "missing"
    return "complete" if total is None or done >= total else f"{done}/{total} evaluated"
