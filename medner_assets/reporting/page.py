"""The HTML page: the contents through the Jinja2 templates of `html/`, autoescaped, and the error browser's
data. Pure.

The page loads nothing: its one style sheet and one script stand in it, and its content security policy
allows that
script by its hash and nothing else, so that no text of a document could ever run.
"""

from typing import Any

from markupsafe import Markup

from medner_assets.reporting.cases import CODES, Cases, cases_of, left_out_sql
from medner_assets.reporting.charts import Curve, line_chart, precision_recall
from medner_assets.reporting.confidence_charts import reliability, risk_over_coverage
from medner_assets.reporting.contents import Contents, contents_of
from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number
from medner_assets.reporting.sections.baselines import BaselinesSection
from medner_assets.reporting.sections.errors import ERROR_CLASSES
from medner_assets.reporting.sections.ladder import LadderStep
from medner_assets.reporting.sections.scores import HEADLINE, TASKS
from medner_assets.reporting.strips import Mark, RangeMark, Strip, strip_of
from medner_assets.reporting.templates import script, style, templates

MAX_BYTES = 5_000_000
"""The whole file; documents that do not fit are counted and named by a query."""


def page_html(inputs: ReportInputs, max_bytes: int = MAX_BYTES) -> str:
    """Return the page of at most `max_bytes` bytes (UTF-8), unless what is no document's data is larger
    already."""
    contents, cases = contents_of(inputs), cases_of(inputs)
    empty = _rendered(contents, cases, (), 0)
    # Room for the note and the query about what was left out, which the empty page has as well.
    blocks, shown = cases.within(max_bytes - len(empty.encode()) - 200)
    return _rendered(contents, cases, blocks, shown)


def _rendered(contents: Contents, cases: Cases, blocks: tuple[str, ...], shown: int) -> str:
    inputs = contents.inputs
    names = [each.name for each in inputs.pair]
    return (
        templates()
        .get_template("report.html.j2")
        .render(
            it=contents,
            inputs=inputs,
            names=names,
            tasks=TASKS,
            schemes=HEADLINE,
            error_classes=ERROR_CLASSES,
            documents=len(cases.documents),
            blocks=blocks,
            shown=shown,
            left_out_sql=left_out_sql(inputs, shown),
            browser={
                "names": names,
                "codes": CODES,
                "entityTypes": cases.entity_types,
                "relationTypes": cases.relation_types,
                "documents": len(cases.documents),
                "shown": shown,
            },
            style=style(),
            script=script("drawing.js", "browser.js"),
            pictures=_pictures(contents),
            strips=_strips(contents),
        )
    )


def _pictures(contents: Contents) -> dict[str, Markup]:
    curves, gradients = [], []
    for place, each in enumerate(contents.inputs.pair, _first_series(contents)):
        own = contents.training.curves.get(each.name)
        if own is not None:
            curves.append(Curve(f"{each.name} training", own["train"], place))
            curves.append(Curve(f"{each.name} dev", own["eval"], place, dots=True))
            gradients.append(Curve(each.name, own["gradient"], place))
    planes = {
        f"plane_{task}": precision_recall(
            f"precision against recall, {task}",
            [[]] * _first_series(contents)
            + [_path(contents, task, each.name) for each in contents.inputs.pair],
        )
        for task in TASKS
    }
    return {
        "loss": line_chart("loss by epoch", curves, "epochs"),
        "gradient": line_chart("gradient norm by epoch", gradients, "epochs"),
        **planes,
        **_of_confidence(contents),
    }


def _of_confidence(contents: Contents) -> dict[str, Markup]:
    curves, found = contents.confidence.curves, {}
    pair = list(enumerate(contents.inputs.pair, _first_series(contents)))
    for task in TASKS:
        found[f"reliability_{task}"] = reliability(
            f"share right against probability, {task}",
            [
                (
                    place,
                    curves.get((each.name, task, "reliability"), ()),
                    curves.get((each.name, task, "reliability_before"), ()),
                )
                for place, each in pair
            ],
        )
        found[f"risk_{task}"] = risk_over_coverage(
            f"share wrong against share answered, {task}",
            [(place, curves.get((each.name, task, "risk"), ())) for place, each in pair],
        )
    return found


def _first_series(contents: Contents) -> int:
    """Return the series of the first version: 0 is the baseline's colour, 1 the version's."""
    return 0 if contents.inputs.baseline is not None else 1


def _path(contents: Contents, task: str, version: str) -> list[tuple[float, float]]:
    rows = (row.scores[task] for row in contents.scores.stages[version])
    return [
        (row["recall"].value, row["precision"].value)
        for row in rows
        if row is not None and row["recall"].value is not None and row["precision"].value is not None
    ]


def _strips(contents: Contents) -> dict[str, Any]:
    baselines = contents.baselines
    found: dict[str, Any] = {}
    for task in TASKS:
        marks = [*_versions(contents, task), *_rungs(baselines, task)]
        target = next((row.target for row in contents.targets if row.task == task), Number(None))
        found[task] = strip_of([*marks, Mark("target", "target", target)])
    found["ladder"] = {
        task: [(step, _of_step(step)) for step in steps] for task, steps in contents.ladder.steps.items()
    }
    found["expectations"] = [
        strip_of(
            [Mark("s1", "measured", row.measured.value, row.measured.low, row.measured.high)],
            [
                RangeMark("conservative", "conservative", row.conservative.low, row.conservative.high),
                RangeMark("optimistic", "optimistic", row.optimistic.low, row.optimistic.high),
            ],
        )
        for row in contents.expectations
    ]
    found["bias"] = _bias(contents)
    return found


def _of_step(step: LadderStep) -> Strip | None:
    spread = step.trainings
    band = (
        []
        if spread is None
        else [RangeMark("spread", "mean ± SD", spread["spread_low"], spread["spread_high"])]
    )
    return strip_of([Mark(step.kind, step.name, step.f1, step.low, step.high)], band, whole=True)


def _versions(contents: Contents, task: str) -> list[Mark]:
    marks = []
    for place, each in enumerate(contents.inputs.pair, _first_series(contents)):
        row = contents.scores.headline(task, each.name)
        if row is not None:
            marks.append(Mark(f"s{place}", each.name, row["f1"], row["f1_low"], row["f1_high"]))
    return marks


def _rungs(baselines: BaselinesSection, task: str) -> list[Mark]:
    if task == "relation":
        return [
            Mark("rung", "all pairs", baselines.all_pairs),
            Mark("unread", "best without reading the text", baselines.without_reading),
        ]
    dictionary = next((rung.f1 for rung in baselines.rungs if rung.task == "entity"), Number(None))
    return [Mark("rung", "dictionary of train", dictionary)]


def _bias(contents: Contents) -> list[tuple[str, Strip | None]]:
    names = [each.name for each in contents.inputs.pair]
    bias = contents.errors.bias
    largest = max((row["share"].value or 0.0 for row in bias.values()), default=0.0)
    rows = []
    for type_ in dict.fromkeys(key[0] for key in bias):
        sources = (("train", "train", "train"), ("gold", "gold test", "test"))
        marks = [
            Mark(kind, name, bias[type_, key]["share"]) for kind, name, key in sources if (type_, key) in bias
        ]
        marks += [
            Mark(f"s{place}", name, bias[type_, name]["share"])
            for place, name in enumerate(names, _first_series(contents))
            if (type_, name) in bias
        ]
        strip = strip_of(marks, whole=True)
        rows.append((type_, strip and Strip(0.0, max(largest * 1.05, 0.1), strip.marks)))
    return rows
