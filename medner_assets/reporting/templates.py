"""The templates of `html/`, and the style and script that stand in each page: a page loads nothing."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

_HTML = files("medner_assets.reporting").joinpath("html")


@dataclass(frozen=True, slots=True)
class Script:
    """The only script of a page, which its content security policy allows by its hash."""

    code: Markup
    sha256: str
    """Base64, as the policy wants it."""


def script(*names: str) -> Script:
    """Return files of `html/`, one after the other, as one script."""
    code = "\n".join(_HTML.joinpath(name).read_text("utf-8") for name in names)
    return Script(Markup(code), base64.b64encode(hashlib.sha256(code.encode()).digest()).decode())


def style() -> Markup:
    """Return the style sheet of all pages."""
    return Markup(_HTML.joinpath("style.css").read_text("utf-8"))


@cache
def templates() -> Environment:
    """Return the templates of `html/`, autoescaped."""
    sources = {
        entry.name: entry.read_text("utf-8") for entry in _HTML.iterdir() if entry.name.endswith(".j2")
    }
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["coded"] = _coded
    return environment


def _coded(text: str) -> Markup:
    """Return the text escaped, and what stands between backticks as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )
