"""What a probe returns: one figure a row, with its interval and what it means."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditFigure:
    """One figure of one probe, as table `audits` keeps it."""

    probe: str
    figure: str
    value: float | None
    detail: str
    """What the figure means, in words; of text figures the text itself."""
    setting: str = ""
    """`gold_entities`, `end_to_end`, or empty."""
    low: float | None = None
    high: float | None = None
    """The ends of the 95 % interval; None where the figure has none."""


def in_per_cent(f1: AuditFigure | float | None) -> str:
    """Return an F1 as sentences say it and as the report has it: 0.564 → `56.4%`; none there → `–`."""
    value = f1.value if isinstance(f1, AuditFigure) else f1
    return "–" if value is None else f"{value:.1%}"


GOLD_ENTITIES = "gold_entities"
"""The reader is given the gold entities and only has to relate them."""
END_TO_END = "end_to_end"
"""The reader finds the entities itself, with the dictionary of train."""


class Figures:
    """Look-up of figures by probe, name and setting."""

    def __init__(self, figures: Iterable[AuditFigure]) -> None:
        self._figures = {(each.probe, each.figure, each.setting): each for each in figures}

    def __call__(self, probe: str, figure: str, setting: str = "") -> AuditFigure:
        """Return a figure; raise KeyError if no probe made it."""
        return self._figures[probe, figure, setting]

    def get(self, probe: str, figure: str, setting: str = "") -> AuditFigure | None:
        """Return a figure, None if no probe made it."""
        return self._figures.get((probe, figure, setting))

    def value(self, probe: str, figure: str, setting: str = "") -> float:
        """Return a figure's value, 0 where it could not be told or was not made."""
        found = self.get(probe, figure, setting)
        return (found.value if found else None) or 0.0

    def scored(self, probe: str) -> AuditFigure | None:
        """Return F1 of a reader given the gold entities, on the scale on which versions are scored.

        That is on strings; at concept level, where relations join concepts, it is `f1` itself.
        """
        return self.get(probe, "f1_strings", GOLD_ENTITIES) or self.get(probe, "f1", GOLD_ENTITIES)
