"""The short form of the report for Dagster's metadata: GFM and nothing that its renderer strips. Pure."""

from medner_assets.reporting.contents import Contents, contents_of
from medner_assets.reporting.expectation import ExpectationRow, Outcome
from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import plain
from medner_assets.reporting.statements import NOUNS
from medner_assets.reporting.verdict import TaskVerdict


def short_form(inputs: ReportInputs) -> dict[str, str]:
    """Return the parts `verdict`, `scores`, `how sure` where the version has probabilities, `next step` and
    `sql`; what is missing is said.

    In parts, because Dagster shows a text of less than 1,000 characters without a click.
    """
    contents = contents_of(inputs)
    verdict = [f"**{contents.verdict.headline}.**"]
    verdict.extend(f"⚠ {plain(line)}" for line in contents.verdict.warnings)
    verdict.append(f"{plain(contents.verdict.recommendation)}")
    if contents.verdict.recipes:
        verdict.append("These recipes. " + " ".join(map(plain, contents.verdict.recipes)))
    if contents.verdict.adapters:
        verdict.append(f"{contents.verdict.compared}. " + " ".join(map(plain, contents.verdict.adapters)))
    if contents.verdict.limits is not None:
        verdict.append(plain(contents.verdict.limits))
    verdict.extend(_places(each) for each in contents.verdict.tasks if each.place)
    if contents.expectations:
        verdict.append(_expectation_line(contents.expectations))
    return {
        "verdict": "\n\n".join(verdict),
        "scores": scores_table(contents),
        **({"how sure": "\n\n".join(contents.sureness)} if contents.sureness else {}),
        "next step": f"{plain(contents.decision.rule)}.",
        "sql": f"`{contents.sql_hash}`, hash of `sql/`",
    }


def scores_table(contents: Contents) -> str:
    """Return precision, recall and F1 of each task and version at stage final as a GFM table."""
    lines = [
        "| F1 of | version | P | R | F1 | 95 % | TP | FP | FN | target |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    targets = {row.task: row for row in contents.targets}
    for task, noun in NOUNS.items():
        for place, each in enumerate(contents.inputs.pair):
            row = contents.scores.headline(task, each.name)
            if row is None:
                lines.append(f"| {noun} | {each.name} | not evaluated | | | | | | | |")
                continue
            target = targets.get(task)
            met = "" if target is None else f"{target.target}: {target.met(place)}"
            lines.append(
                f"| {noun} | {each.name} | {row['precision']} | {row['recall']} | **{row['f1']}** "
                f"| {row['f1_low']}–{row['f1_high']} | {row['tp']} | {row['fp']} | {row['fn']} | {met} |"
            )
    return "\n".join(lines)


def _places(each: TaskVerdict) -> str:
    return "Among trivial readers: " + "; ".join(f"{name} {place}" for name, place in each.place) + "."


def _expectation_line(rows: tuple[ExpectationRow, ...]) -> str:
    told: dict[str, list[str]] = {}
    for row in rows:
        if (row.figure == "f1" or row.is_share) and row.conservative.outcome is not Outcome.NOT_STATED:
            told.setdefault(row.conservative.outcome.value, []).append(f"{row.task} {row.label} {row.stage}")
    if not told:
        return "Expectation: only ranges without F1."
    parts = (f"{', '.join(names)}: {word}" for word, names in told.items())
    return f"Expected: {'; '.join(parts)}."
