"""What a probe returns: one figure a row, with its interval and what it means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
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


GOLD_ENTITIES = "gold_entities"
"""The reader is given the gold entities and only has to relate them."""
END_TO_END = "end_to_end"
"""The reader finds the entities itself, with the dictionary of train."""
