"""How the versions fail: error classes before and after, fixes and regressions, and the problems of the
comparison document one by one: duplicates, type bias, missing relations, direction, cascades, unreadable
lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Unit
from medner_assets.reporting.questions import Answer, Questions

ERROR_CLASSES = {
    "duplicate": "the same item again",
    "ungrounded": "a string that the text does not hold",
    "type": "the right place, another type",
    "boundary": "the right type, another stretch of text or another string at its place",
    "type_boundary": "another type and another stretch",
    "direction": "head and tail exchanged",
    "cascaded": "wrong only because an argument is wrong",
    "spurious": "no gold is left that answers to it",
    "missing": "gold that was not found",
}


@dataclass(frozen=True, slots=True)
class ErrorsSection:
    """Everything about errors; mappings lack a key where nothing was evaluated."""

    classes: Mapping[tuple[str, str, str, str], Mapping[str, Any]]
    """(task, error, model_version, stage) → `items`, `fp`, `fn`."""
    gains: Mapping[str, Answer]
    """Task → F1 of the version if one error class were repaired, best first."""
    flips: Mapping[str, Mapping[str, Number]]
    """Task → gold items that `both`, only the baseline (`regressions`), only the version (`fixes`),
    `neither` found."""
    relations: Mapping[tuple[str, str], Mapping[str, Any]]
    """(model_version, stage) → duplicates, reversed and cascaded relations."""
    silent: Mapping[str, Mapping[str, Any]]
    """Version → documents with gold relations and no predicted one."""
    rejected: Mapping[str, Mapping[str, Any]]
    """Version → lines that say nothing readable, completions that were cut."""
    bias: Mapping[tuple[str, str], Mapping[str, Any]]
    """(type, source) → share; a source is `train`, `test` (gold) or a version's name."""
    largest_bias: Mapping[str, Number]
    """Version → the largest absolute difference of a type's share from its share in train."""
    said: Mapping[tuple[str, str, str], Mapping[str, Any]]
    """(what is said of gold items, task, model_version) → items, recall; empty where nothing is."""
    queries: Mapping[str, str]


def errors_section(ask: Questions, inputs: ReportInputs) -> ErrorsSection:
    """Return the errors of both versions; nothing evaluated gives empty mappings."""
    names = [each.name for each in inputs.pair]
    shares = {"share": Unit.SHARE, "cut_share": Unit.SHARE, "duplicate_share": Unit.SHARE,
              "reversed_share": Unit.SHARE, "cascaded_share": Unit.SHARE}  # fmt: skip
    classes = ask.table("error_classes", ("task", "error", "model_version", "stage"), versions=names)
    relations = ask.table("relation_errors", ("model_version", "stage"), shares, versions=names)
    silent = ask.table("without_relations", ("model_version",), shares, versions=names)
    rejected = ask.table("unreadable", ("model_version",), shares, versions=names)
    said = ask.table(
        "recall_by_attribute", ("said", "task", "model_version"), {"recall": Unit.SHARE}, versions=names
    )
    bias = ask.table("relation_type_shares", ("type", "source"), shares, versions=names)
    return ErrorsSection(
        classes=classes.by("task", "error", "model_version", "stage"),
        gains={task: _gains(ask, inputs, task) for task in ("entity", "relation")},
        flips=_flips(ask, inputs),
        relations=relations.by("model_version", "stage"),
        silent=silent.by("model_version"),
        said=said.by("said", "task", "model_version"),
        rejected=rejected.by("model_version"),
        bias=bias.by("type", "source"),
        largest_bias={
            each.name: ask.number("largest_type_bias", Unit.GAP, version=each.name)
            for each in inputs.pair
            if each.evaluated
        },
        queries={"classes": classes.sql, "relations": relations.sql, "silent": silent.sql, "rejected":
        rejected.sql,
                 "bias": bias.sql, "said": said.sql},
    )  # fmt: skip


def _gains(ask: Questions, inputs: ReportInputs, task: str) -> Answer:
    units = {"f1": Unit.SHARE, "gain": Unit.POINTS}
    return ask.table("repairs", ("error",), units, version=inputs.version.name, task=task)


def _same_content(inputs: ReportInputs, baseline: str, version: str) -> bool:
    """Return whether both were evaluated on the same content of a dataset, as `flips` requires."""
    metrics = inputs.tables["metrics"]
    contents = [
        set(metrics.filter(pl.col("model_version") == name).select("dataset", "dataset_version").iter_rows())
        for name in (baseline, version)
    ]
    return bool(contents[0] & contents[1])


def _flips(ask: Questions, inputs: ReportInputs) -> dict[str, Mapping[str, Number]]:
    if inputs.baseline is None or not _same_content(inputs, inputs.baseline.name, inputs.version.name):
        return {}
    version, baseline = inputs.version.name, inputs.baseline.name
    return {
        task: ask.table("flip_counts", (), version=version, baseline=baseline, task=task).rows[0]
        for task in ("entity", "relation")
    }
