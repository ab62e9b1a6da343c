"""The comparison as a table for the terminal: what `medner demo` and `medner compare` print. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from medner_assets.reporting.contents import Contents, contents_of
from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import plain
from medner_assets.reporting.statements import NOUNS
from medner_assets.reporting.verdict import Tone

_COLOURS = {Tone.GOOD: "green", Tone.BAD: "red", Tone.NEUTRAL: "default", Tone.WARNING: "yellow"}


def comparison_table(inputs: ReportInputs, report: Path | None = None) -> RenderableType:
    """Return what `rich` prints of a comparison: scores, intervals, verdicts, targets, the report's path.

    Fits 80 columns. Nothing in it is parsed as markup, so names cannot colour the terminal.
    """
    contents = contents_of(inputs)
    lines: list[RenderableType] = [Text(contents.verdict.headline + ".", style="bold")]
    lines += [Text(f"! {plain(line)}", style="yellow") for line in contents.verdict.warnings]
    lines.append(_scores(contents))
    lines += _statements(contents)
    if report is not None:
        lines.append(Text(f"report: {report}", overflow="fold"))
    return Group(*lines)


def _scores(contents: Contents) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("", "version"):
        table.add_column(name, no_wrap=True)
    for name in ("P", "R", "F1", "95 %", "TP", "FP", "FN"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("target", no_wrap=True)
    targets = {row.task: row for row in contents.targets}
    for task, noun in NOUNS.items():
        for place, each in enumerate(contents.inputs.pair):
            row = contents.scores.headline(task, each.name)
            label = Text(noun if place == 0 else "")
            if row is None:
                table.add_row(label, Text(each.name), Text("not evaluated", style="yellow"))
                continue
            target = targets.get(task)
            met = Text("") if target is None else _target(str(target.target), target.met(place))
            table.add_row(label, Text(each.name), *_cells(row), met)
    return table


def _cells(row: Mapping[str, Any]) -> list[Text]:
    shares = [Text(str(row[name])) for name in ("precision", "recall")]
    f1 = Text(str(row["f1"]), style="bold")
    counts = [Text(str(row[name])) for name in ("tp", "fp", "fn")]
    return [*shares, f1, Text(f"{row['f1_low']}–{row['f1_high']}"), *counts]


def _target(target: str, word: str) -> Text:
    """Return a target and whether it is met; unclear: the interval holds the target."""
    short = word.replace(", within the interval", ", unclear")
    return Text(f"{target} {short}", style="green" if word == "met" else "yellow")


def _statements(contents: Contents) -> list[RenderableType]:
    """Return what is said of the recipes and of the adapters, each under its own heading, how sure the
    version is, and what to do."""
    verdict = contents.verdict
    lines: list[RenderableType] = []
    for heading, said in (("These recipes", verdict.recipes), (verdict.compared, verdict.adapters)):
        if said:
            lines.append(Text(f"{heading}:", style="dim"))
            lines += [Text(f"  {plain(each)}", style=_COLOURS[verdict.tone]) for each in said]
    if verdict.limits is not None:
        lines.append(Text(plain(verdict.limits)))
    lines += [Text(each) for each in (*map(plain, verdict.targets), *contents.sureness)]
    lines.append(Text(f"→ {plain(verdict.recommendation)}", style="bold"))
    return lines
