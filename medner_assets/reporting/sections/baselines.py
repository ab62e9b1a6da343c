"""Baselines and Ceiling: the audit's ladder of trivial readers, and where each version stands on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Unit
from medner_assets.reporting.questions import Questions

_FIGURES = """
select probe, figure, setting, value, low, high, detail from audits
where dataset = $dataset and value is not null
order by setting, value, probe, figure
"""
_WORDS = """
select figure, detail from audits
where dataset = $dataset and figure in ('verdict', 'reason') and detail is not null
"""
NAMES = {
    "all_pairs": "all type-compatible pairs",
    "type_pair_rates": "base rates of the type pair",
    "base_rates": "base rates of the type pair",
    "structure": "structure only",
    "names": "names only",
    "text": "text between and around",
    "all": "structure, names and text",
    "combined": "structure, names and text",
    "dictionary": "dictionary of train",
    "dictionary_ner": "dictionary of train",
    "imitation": "perfect imitation of the label process",
    "ceiling": "best possible if the text did not matter",
}
_ENTITY_PROBES = ("dictionary", "dictionary_ner")


class Place(StrEnum):
    """Where a relation F1 stands on the ladder."""

    BELOW = "below all-pairs"
    INSIDE = "inside the ceiling"
    ABOVE = "above the ceiling"
    UNKNOWN = "not placed"


@dataclass(frozen=True, slots=True)
class Rung:
    """One trivial reader of the audit, by its F1."""

    probe: str
    name: str
    setting: str
    task: str
    f1: Number
    low: Number
    high: Number
    meaning: str


@dataclass(frozen=True, slots=True)
class BaselinesSection:
    """The audit as the report shows it; everything empty or without a value where there is no audit."""

    rungs: tuple[Rung, ...]
    verdict: str | None
    reasons: tuple[str, ...]
    all_pairs: Number
    ceiling: Number
    imitation: Number
    auc: Mapping[str, Number] | None
    figures: tuple[Mapping[str, Any], ...]
    """All figures that are no F1, for the table below the ladder."""
    query: str

    @property
    def labels_follow_text(self) -> bool:
        """False: the audit found that no training can learn the labels from the text."""
        return self.verdict != "labels-do-not-follow-text"

    def place(self, f1: Number) -> Place:
        """Return where a relation F1 stands: by its point, against rungs that were given the gold
        entities."""
        if f1.value is None or self.all_pairs.value is None:
            return Place.UNKNOWN
        if f1.value < self.all_pairs.value:
            return Place.BELOW
        if self.ceiling.value is None:
            return Place.UNKNOWN
        return Place.INSIDE if f1.value <= self.ceiling.value else Place.ABOVE


def baselines_section(ask: Questions, inputs: ReportInputs) -> BaselinesSection:
    """Return the dataset's audit; no audit gives an empty section."""
    shares = dict.fromkeys(("value", "low", "high"), Unit.SHARE)
    answer = ask.table(_FIGURES, ("probe", "figure", "setting"), shares, dataset=inputs.dataset)
    f1 = {(row["probe"], row["setting"]): row for row in answer.rows if row["figure"] == "f1"}
    words = ask.table(_WORDS, ("figure", "detail"), dataset=inputs.dataset).rows

    def rung(probe: str) -> Number:
        row = f1.get((probe, "gold_entities")) or f1.get((probe, "")) or f1.get((probe, "end_to_end"))
        return Number(None, Unit.SHARE) if row is None else row["value"]

    auc = next((row for row in answer.rows if row["figure"] == "auc"), None)
    return BaselinesSection(
        rungs=tuple(
            Rung(
                probe=probe,
                name=NAMES.get(probe, probe.replace("_", " ")),
                setting=setting.replace("_", " "),
                task="entity" if probe in _ENTITY_PROBES else "relation",
                f1=row["value"],
                low=row["low"],
                high=row["high"],
                meaning=row["detail"] or "",
            )
            for (probe, setting), row in f1.items()
        ),
        verdict=next((row["detail"] for row in words if row["figure"] == "verdict"), None),
        reasons=tuple(sorted(row["detail"] for row in words if row["figure"] == "reason")),
        all_pairs=rung("all_pairs"),
        ceiling=rung("ceiling"),
        imitation=rung("imitation"),
        auc=None
        if auc is None
        else {name: auc[name].as_unit(Unit.LOSS) for name in ("value", "low", "high")},
        figures=tuple(
            row | {name: row[name].as_unit(Unit.PLAIN) for name in ("value", "low", "high")}
            for row in map(dict, answer.rows)
            if row["figure"] != "f1"
        ),
        query=answer.sql,
    )
