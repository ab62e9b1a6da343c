"""The short form of the report for Dagster's metadata: GFM tables and nothing that its renderer strips.
Pure."""

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.questions import Questions
from medner_assets.reporting.sections.scores import headline_scores


def short_form(inputs: ReportInputs) -> str:
    """Return the scores of both versions as a GFM table."""
    lines = ["| task | version | P | R | F1 | 95 % | TP | FP | FN |", "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
    with Questions(inputs.tables) as ask:
        rows = headline_scores(ask, inputs).by("task", "model_version", "stage")
        for task in ("entity", "relation"):
            for each in inputs.pair:
                row = rows.get((task, each.name, "final"))
                if row is None:
                    lines.append(f"| {task} | {each.name} | not evaluated | | | | | | |")
                    continue
                lines.append(
                    f"| {task} | {each.name} | {row['precision']} | {row['recall']} | {row['f1']} "
                    f"| {row['f1_low']}–{row['f1_high']} | {row['tp']} | {row['fp']} | {row['fn']} |"
                )
    return "\n".join(lines)
