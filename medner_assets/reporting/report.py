"""The comparison report: one HTML file, a short Markdown text, small pictures. Pure: values in, text out."""

import polars as pl

from medner_assets.reporting.charts import Curve, line_chart, markdown_image, sparkline, standalone
from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.markdown import short_form
from medner_assets.reporting.page import page_html
from medner_assets.reporting.sections.training import curves_of


def report_name(version: str, baseline: str | None) -> str:
    """Return the file name of a report, `<version>-vs-<baseline>.html`; without a baseline
    `<version>.html`."""
    return f"{version}-vs-{baseline}.html" if baseline else f"{version}.html"


def render_html(inputs: ReportInputs) -> str:
    """Return one self-contained HTML page of at most 5 MB: no external resource, equal inputs give equal
    text."""
    return page_html(inputs)


def render_markdown(inputs: ReportInputs) -> dict[str, str]:
    """Return the short form for Dagster's metadata by part: verdict with expectation, scores, next step,
    hash of the SQL."""
    return short_form(inputs)


def render_loss(version: str, training_log: pl.DataFrame) -> str:
    """Return the loss curves of one version as a Markdown image that carries its SVG; no rows: an empty text.

    training_log: rows of that table; epoch, kind, step and loss are read.
    """
    picture = line_chart(f"loss of {version} by epoch", _losses(training_log), "epochs")
    return markdown_image(standalone(picture), f"loss of {version}") if picture else ""


def render_small_loss(version: str, training_log: pl.DataFrame) -> str:
    """Return the loss curves in so few characters that Dagster shows them at once, and their ends in figures.

    training_log: rows of that table; no rows: an empty text.
    """
    curves = [curve for curve in _losses(training_log) if curve.points]
    if not curves:
        return ""
    ends = (f"{curve.name} {curve.points[0][1]:.3f} → {curve.points[-1][1]:.3f}" for curve in curves)
    return f"{markdown_image(sparkline(curves), f'loss of {version}')} {', '.join(ends)}"


def _losses(training_log: pl.DataFrame) -> list[Curve]:
    curves = curves_of(training_log)
    return [Curve("training", curves["train"], 1), Curve("dev", curves["eval"], 0, dots=True)]
