"""Configuration and Artifacts: which settings differ, what was trained, what lies on disk, from what it
came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Unit, change, difference
from medner_assets.reporting.questions import Questions

_UNITS = {
    "trainable_parameters": Unit.PARAMETERS,
    "total_parameters": Unit.PARAMETERS,
    "trainable_share": Unit.SHARE,
    "adapter_bytes": Unit.BYTES,
    "final_train_loss": Unit.LOSS,
    "best_eval_loss": Unit.LOSS,
    "train_seconds": Unit.DURATION,
    "peak_memory_bytes": Unit.BYTES,
    "tokens_a_second": Unit.COUNT,
}


@dataclass(frozen=True, slots=True)
class ConfigurationRow:
    """One setting or figure: its value for each version in the order of the pair, and the change."""

    name: str
    values: tuple[Number | str | None, ...]
    difference: Number | None
    relative: Number | None

    @property
    def differs(self) -> bool:
        """Whether the versions do not share it."""
        return len({value.value if isinstance(value, Number) else value for value in self.values}) > 1


@dataclass(frozen=True, slots=True)
class ConfigurationSection:
    """Settings of the recipes and figures of the adapters."""

    settings: tuple[ConfigurationRow, ...]
    figures: tuple[ConfigurationRow, ...]
    adapters: Mapping[str, Mapping[str, Any]]
    """Version → row of `adapters`; no key: never trained."""
    changed_after_training: tuple[str, ...]
    """Versions whose recipe is no longer the one that their adapter was trained by."""
    query: str


def configuration_section(ask: Questions, inputs: ReportInputs) -> ConfigurationSection:
    """Return what the versions are made of; a missing recipe or adapter leaves its column empty."""
    names = [each.name for each in inputs.pair]
    answer = ask.table("settings", ("setting", "model_version", "value"), versions=names)
    values = {(row["setting"], row["model_version"]): row for row in answer.rows}
    order = dict.fromkeys(key for each in inputs.pair for key in each.recipe or {})
    settings = tuple(
        _row(setting, [_setting(values.get((setting, name))) for name in names])
        for setting in order
        if any((setting, name) in values for name in names)
    )
    adapters = ask.table(
        "trained", ("model_version",), _UNITS, versions=names, dataset=inputs.dataset
    ).by("model_version")  # fmt: skip
    figures = (
        ("epochs trained", "epochs"),
        ("optimiser steps", "steps"),
        ("trainable parameters", "trainable_parameters"),
        ("share of all parameters, %", "trainable_share"),
        ("training time", "train_seconds"),
    )
    return ConfigurationSection(
        settings=settings,
        figures=tuple(
            _row(label, [adapters[name][column] if name in adapters else None for name in names])
            for label, column in figures
        )
        if adapters
        else (),
        adapters=adapters,
        changed_after_training=tuple(
            each.name
            for each in inputs.pair
            if each.adapter is not None
            and each.recipe_hash is not None
            and each.adapter["recipe_hash"] != each.recipe_hash
        ),
        query=answer.sql,
    )


def _setting(row: Mapping[str, Any] | None) -> Number | str | None:
    if row is None:
        return None
    if row["number"].value is not None:
        number: Number = row["number"]
        return number.as_unit(Unit.PLAIN)
    text: str = row["value"]
    if text.startswith("["):
        return ", ".join(str(each) for each in json.loads(text)) or "none"
    return {"null": "none", "true": "yes", "false": "no"}.get(text, text)


def _row(name: str, values: list[Number | str | None]) -> ConfigurationRow:
    gap = relative = None
    before, after = values[0], values[-1]
    if isinstance(before, Number) and isinstance(after, Number) and None not in (before.value, after.value):
        gap = difference(after, before, _difference_unit(after.unit))
        relative = change(after, before) if before.value else None
    return ConfigurationRow(name, tuple(values), gap, relative)


def _difference_unit(unit: Unit) -> Unit:
    return {Unit.SHARE: Unit.POINTS, Unit.PLAIN: Unit.DELTA, Unit.COUNT: Unit.DELTA}.get(unit, unit)
