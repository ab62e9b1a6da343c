"""The HTML page: sections rendered by Jinja2 templates of `html/`, autoescaped. Pure."""

from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.questions import Questions
from medner_assets.reporting.sections.scores import headline_scores


def page_html(inputs: ReportInputs) -> str:
    """Return the whole page."""
    folder = files("medner_assets.reporting").joinpath("html")
    sources = {
        entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".j2")
    }
    environment = Environment(loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined)
    with Questions(inputs.tables) as ask:
        return environment.get_template("report.html.j2").render(
            inputs=inputs, scores=headline_scores(ask, inputs)
        )
