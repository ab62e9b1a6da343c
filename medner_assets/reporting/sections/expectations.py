"""Expectation: each figure of which anything was expected, with its interval, held against its range.

Figures and intervals are those of `sql/views/figures.sql`, so that `medner sql expected_and_reached` and the
report judge by the same numbers.
"""

from medner_assets.recipes.expectations import Expectation
from medner_assets.reporting.expectation import ExpectationRow, Measured, expectation_rows
from medner_assets.reporting.numbers import Unit
from medner_assets.reporting.questions import Questions

EXPECTATION_TABLES = ("metrics", "document_scores", "entity_outcomes", "relation_outcomes")
"""What the section is asked from: rows of the version."""

_UNITS = dict.fromkeys(("value", "low", "high"), Unit.SHARE)


def expectations_section(
    ask: Questions, expectation: Expectation | None, version: str
) -> tuple[ExpectationRow, ...]:
    """Return a row for each figure of which anything was expected; empty where nothing was."""
    if expectation is None:
        return ()
    measured = {
        (row["stage"], row["task"], row["figure"]): Measured(row["value"], row["low"], row["high"])
        for row in ask.table("expected_figures", ("stage", "task", "figure"), _UNITS, version=version).rows
    }
    return expectation_rows(expectation, measured, version)
