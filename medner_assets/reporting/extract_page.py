"""The page of a served version, on which one pastes a text. Pure.

It stands in the report's own style and draws a text with the report's own script. It loads nothing, and its
policy lets its one script, by its hash, ask the server that it came from and nobody else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from medner_assets.reporting.templates import script, style, templates


def extract_page(
    served: Mapping[str, Any] | None,
    problem: str,
    *,
    entity_types: Sequence[str] = (),
    most_characters: int,
) -> str:
    """Return the page.

    served: version, dataset, evaluation, promotion (kind, reason, since; or None) and calibrated, as answers
    name them; None: nothing serves. problem: why what should serve does not; empty: it does. entity_types:
    those that the version asks for: each keeps its colour and shape.
    """
    return (
        templates()
        .get_template("extract.html.j2")
        .render(
            served=served,
            problem=problem,
            entity_types=list(entity_types),
            most=most_characters,
            style=style(),
            script=script("drawing.js", "extract.js"),
        )
    )
