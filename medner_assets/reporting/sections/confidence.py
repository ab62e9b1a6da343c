"""How sure: calibration before and after, what is answered at a precision, and which version knows better."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Unit
from medner_assets.reporting.questions import Questions
from medner_assets.reporting.statements import NOUNS

Points = tuple[tuple[float, float, float, float], ...]
"""(at, value, low, high) of a curve, by rising `at`."""
_THAN = {
    "better": "better than",
    "worse": "worse than",
    "not distinguishable": "not distinguishable from",
    "": "against",
}


@dataclass(frozen=True, slots=True)
class ConfidenceSection:
    """Everything about probabilities; mappings lack a key where a version has none."""

    figures: Mapping[tuple[str, str, str, float | None], Mapping[str, Any]]
    """(model_version, task, figure, precision asked) → `value`, `low`, `high`, `items`, `threshold`."""
    compared: Mapping[tuple[str, str], Mapping[str, Any]]
    """(task, figure) → both values and their difference."""
    curves: Mapping[tuple[str, str, str], Points]
    """(model_version, task, reliability, reliability_before or risk) → points."""
    queries: Mapping[str, str]

    def of(
        self, version: str, task: str, figure: str, asked: float | None = None
    ) -> Mapping[str, Any] | None:
        """Return a figure of a version; None where it has none."""
        return self.figures.get((version, task, figure, asked))

    def said(self, task: str, figure: str) -> str:
        """Return in words which of the two is better in a figure: ece or aurc."""
        row = self.compared.get((task, figure))
        if row is None or row["low"].value is None:
            return ""
        if row["low"].value <= 0 <= row["high"].value:
            return "not distinguishable"
        return "better" if row["high"].value < 0 else "worse"

    def sentences(self, version: str, baseline: str | None) -> tuple[str, ...]:
        """Return a line a task: what `version` answers at 95 % precision, and whether it knows better how
        sure to be than the baseline; none where it has no probabilities."""
        lines = []
        for task, noun in NOUNS.items():
            error, answered = self.of(version, task, "ece"), self.of(version, task, "coverage_at", 0.95)
            if error is None:
                continue
            at = (
                f"at 95 % precision {version} answers {answered['value']} % "
                f"({answered['low']}–{answered['high']})"
                if answered
                else "no threshold gives 95 % precision on dev"
            )
            line = f"{noun.capitalize()}: {at}; calibration error {error['value']} %"
            row = self.compared.get((task, "ece"))
            if baseline is not None and row is not None:
                line += f" ({_THAN[self.said(task, 'ece')]} {row['baseline_value']} % of {baseline})"
            lines.append(f"{line}.")
        return tuple(lines)


def confidence_section(ask: Questions, inputs: ReportInputs) -> ConfidenceSection:
    """Return what is known of the probabilities of both versions."""
    names = [each.name for each in inputs.pair]
    units = dict.fromkeys(("value", "low", "high", "threshold"), Unit.SHARE)
    figures = ask.table(
        "confidence_figures", ("model_version", "task", "figure", "asked"), units,
        versions=names, dataset=inputs.dataset,
    )  # fmt: skip
    compared = None
    if inputs.baseline is not None:
        units = {
            "version_value": Unit.SHARE, "baseline_value": Unit.SHARE, "difference": Unit.POINTS,
            "low": Unit.BOUND, "high": Unit.BOUND,
        }  # fmt: skip
        compared = ask.table(
            "confidence_compared", ("task", "figure"), units,
            version=inputs.version.name, baseline=inputs.baseline.name, dataset=inputs.dataset,
        )  # fmt: skip
    return ConfidenceSection(
        figures=figures.by("model_version", "task", "figure", "asked"),
        compared=compared.by("task", "figure") if compared else {},
        curves=_curves(inputs.tables["confidence"]),
        queries={"figures": figures.sql, "compared": compared.sql if compared else ""},
    )


def _curves(rows: pl.DataFrame) -> dict[tuple[str, str, str], Points]:
    curves = rows.filter(pl.col("figure").is_in(["reliability", "reliability_before", "risk"]))
    keys = ["model_version", "task", "figure"]
    return {
        (str(key[0]), str(key[1]), str(key[2])): tuple(
            own.sort("along").select("along", "value", "low", "high").iter_rows()
        )
        for key, own in curves.partition_by(keys, as_dict=True).items()
    }
