"""The comparison report as one HTML file and as a short Markdown text. Pure: values in, text out."""

from medner_assets.reporting.inputs import ReportInputs


def report_name(version: str, baseline: str | None) -> str:
    """Return the file name of a report, `<version>-vs-<baseline>.html`; without a baseline
    `<version>.html`."""
    return f"{version}-vs-{baseline}.html" if baseline else f"{version}.html"


def render_html(inputs: ReportInputs) -> str:
    """Return one self-contained HTML page of at most 5 MB: no external resource, equal inputs give equal
    text."""
    from medner_assets.reporting.page import page_html

    return page_html(inputs)


def render_markdown(inputs: ReportInputs) -> str:
    """Return the short form for Dagster's metadata: verdict, scores, targets, next steps as GFM tables."""
    from medner_assets.reporting.markdown import short_form

    return short_form(inputs)
