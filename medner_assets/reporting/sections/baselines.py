"""Baselines: the audit's ladder of trivial readers, and where each version stands on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Unit
from medner_assets.reporting.questions import Questions

NAMES = {
    "all_pairs": "all type-compatible pairs",
    "type_pair_rates": "base rates of the type pair",
    "structure": "structure only",
    "position": "position only",
    "names": "names",
    "without_text": "all but the text",
    "text": "text only",
    "combined": "everything",
    "dictionary_ner": "dictionary of train",
    "imitation": "perfect imitation of the label process",
    "by_position": "best expected by position",
    "without_reading": "best score without reading the text",
}
"""Probes that are readers with an F1: the rungs of the ladder. Another probe with an F1 goes by its own
name."""
_ENTITY_PROBES = ("dictionary_ner",)
_OF_RUNGS = ("f1", "f1_strings", "precision", "recall", "f1_every_type", "f1_usual_type")
_SCALES = ("f1_strings", "f1")
"""As versions are scored first: on strings, at concept level on concepts."""


class Place(StrEnum):
    """Where a relation F1 stands on the ladder."""

    BELOW = "below all-pairs"
    INSIDE = "no more than can be had without reading"
    ABOVE = "more than can be had without reading"
    UNKNOWN = "not placed"


@dataclass(frozen=True, slots=True)
class Rung:
    """One trivial reader of the audit, by its F1."""

    probe: str
    name: str
    setting: str
    task: str
    f1: Number
    """Scored as versions are: on strings, at concept level on concepts."""
    low: Number
    high: Number
    meaning: str


@dataclass(frozen=True, slots=True)
class BaselinesSection:
    """The audit as the report shows it; everything empty or without a value where there is no audit."""

    rungs: tuple[Rung, ...]
    verdict: str | None
    reasons: tuple[str, ...]
    lead_sentence: str | None
    """What a relation score on this dataset can mean, in one sentence."""
    all_pairs: Number
    """Scored as versions are, like every F1 here."""
    without_reading: Number
    """The best score without reading the text."""
    auc: Mapping[str, Number] | None
    figures: tuple[Mapping[str, Any], ...]
    """All figures that are none of a rung, for the table below the ladder."""
    query: str

    @property
    def labels_follow_text(self) -> bool:
        """False: the audit found that no training can learn the labels from the text."""
        return self.verdict not in ("labels-do-not-follow-text", "follows-without-reading")

    @property
    def follows_without_reading(self) -> bool:
        """True: the audit found that names or position alone carry the labels."""
        return self.verdict == "follows-without-reading"

    @property
    def nearly_free_given_entities(self) -> bool:
        """True: the audit found that who knows the entities hardly errs about relations."""
        return self.verdict == "nearly-free-given-entities"

    def place(self, f1: Number) -> Place:
        """Return where a relation F1 stands: by its point, against rungs that were given the gold
        entities."""
        if f1.value is None or self.all_pairs.value is None:
            return Place.UNKNOWN
        if f1.value < self.all_pairs.value:
            return Place.BELOW
        if self.without_reading.value is None:
            return Place.UNKNOWN
        return Place.INSIDE if f1.value <= self.without_reading.value else Place.ABOVE


def baselines_section(ask: Questions, inputs: ReportInputs) -> BaselinesSection:
    """Return the dataset's audit; no audit gives an empty section."""
    shares = dict.fromkeys(("value", "low", "high"), Unit.SHARE)
    answer = ask.table("audit_figures", ("probe", "figure", "setting"), shares, dataset=inputs.dataset)
    found = {(row["probe"], row["figure"], row["setting"]): row for row in answer.rows}
    rungs = [(probe, setting) for probe, figure, setting in found if figure == "f1"]
    words = ask.table("audit_words", ("figure", "detail"), dataset=inputs.dataset).rows
    nothing = Number(None, Unit.SHARE)

    def value(probe: str, *figures: str) -> Number:
        """Return the first figure that is there, of the reader that was given the gold entities."""
        for figure in figures:
            for setting in ("gold_entities", "", "end_to_end"):
                if (row := found.get((probe, figure, setting))) is not None:
                    number: Number = row["value"]
                    return number
        return nothing

    def scored(probe: str, setting: str) -> Mapping[str, Any]:
        """Return the row of a reader's F1 on the scale of the versions."""
        return next(row for scale in _SCALES if (row := found.get((probe, scale, setting))) is not None)

    def said(figure: str) -> tuple[str, ...]:
        return tuple(sorted(row["detail"] for row in words if row["figure"] == figure))

    auc = next((row for row in answer.rows if row["figure"] == "auc"), None)
    return BaselinesSection(
        rungs=tuple(
            Rung(
                probe=probe,
                name=NAMES.get(probe, probe.replace("_", " ")),
                setting=setting.replace("_", " "),
                task="entity" if probe in _ENTITY_PROBES else "relation",
                f1=scored(probe, setting)["value"],
                low=scored(probe, setting)["low"],
                high=scored(probe, setting)["high"],
                meaning=_text(found[probe, "f1", setting]["detail"]).removeprefix(f"{NAMES.get(probe)}: "),
            )
            for probe, setting in rungs
        ),
        verdict=next(iter(said("verdict")), None),
        reasons=said("reason"),
        lead_sentence=next(iter(said("lead_sentence")), None),
        all_pairs=value("all_pairs", *_SCALES),
        without_reading=value("without_reading", *_SCALES),
        auc=None
        if auc is None
        else {name: auc[name].as_unit(Unit.LOSS) for name in ("value", "low", "high")},
        figures=tuple(
            row | {name: row[name].as_unit(Unit.PLAIN) for name in ("value", "low", "high")}
            for row in map(dict, answer.rows)
            if row["figure"] not in _OF_RUNGS
        ),
        query=answer.sql,
    )


def _text(detail: Number | str) -> str:
    """Return a cell of words; an empty one comes as a number without a value."""
    return detail if isinstance(detail, str) else ""
