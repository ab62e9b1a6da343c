"""The comparison as a table for the terminal: what `medner demo` and `medner compare` print. Pure."""

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.questions import Questions
from medner_assets.reporting.sections.scores import headline_scores


def comparison_table(inputs: ReportInputs, report: Path | None = None) -> RenderableType:
    """Return what `rich` prints of a comparison: scores per task and version, verdicts, targets, the
    report's path."""
    table = Table(title=" against ".join(each.name for each in reversed(inputs.pair)))
    for name in ("task", "version", "P", "R", "F1", "95 % interval", "TP", "FP", "FN"):
        table.add_column(name, justify="left" if name in ("task", "version") else "right")
    with Questions(inputs.tables) as ask:
        rows = headline_scores(ask, inputs).by("task", "model_version", "stage")
    for task in ("entity", "relation"):
        for each in inputs.pair:
            row = rows.get((task, each.name, "final"))
            if row is None:
                table.add_row(task, each.name, "not evaluated")
                continue
            cells = [str(row[name]) for name in ("precision", "recall", "f1")]
            counts = [str(row[name]) for name in ("tp", "fp", "fn")]
            table.add_row(task, each.name, *cells, f"{row['f1_low']}–{row['f1_high']}", *counts)
    return Group(table, *([Text(f"report: {report}")] if report else []))
