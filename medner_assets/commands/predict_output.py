"""What `medner predict` prints: a text with its entities highlighted, or JSON as `medner score` reads it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from medner_assets.modeling.inference.parts import documents
from medner_assets.visible import visible

_STYLES = ("cyan", "green", "yellow", "magenta", "blue", "red")


def shown_parts(parts: Iterable[dict[str, Any]], *, named: bool) -> Iterator[RenderableType]:
    """Yield each part to be printed as it comes. named: a line with its id before each document."""
    styles: dict[str, str] = {}
    shown_id = None
    for part in parts:
        if named and part["id"] != shown_id:
            yield Text(visible(part["id"]), style="bold underline")
        shown_id = part["id"]
        yield shown(part, styles)


def shown(part: dict[str, Any], styles: dict[str, str]) -> RenderableType:
    """Return a part of a text with its entities highlighted, then a line for each entity and relation.

    styles: type → colour; types that are new get the next one, so that a type keeps its colour.
    """
    text = Text(visible(part["text"].strip("\n"), keep="\n\t"))
    offset = part["start"] + len(part["text"]) - len(part["text"].lstrip("\n"))
    lines = []
    for entity in part["entities"]:
        style = styles.setdefault(entity["type"], _STYLES[len(styles) % len(_STYLES)])
        place = "not in the text"
        if entity["start"] is not None:
            place = f"{entity['start']}–{entity['end']}"
            text.stylize(f"bold reverse {style}", entity["start"] - offset, entity["end"] - offset)
        lines.append(
            Text.assemble(
                "  ",
                (visible(entity["text"]), "bold"),
                f"  {place}  ",
                (visible(entity["type"]), style),
                _probable(entity),
            )
        )
    between = [each for each in part["relations"] if not _is_with_itself(each)]
    lines += [
        Text(visible(f"  {each['head_text']} --[{each['type']}]--> {each['tail_text']}") + _probable(each))
        for each in between
    ]
    if hidden := len(part["relations"]) - len(between):
        what = "a mention with itself" if hidden == 1 else "mentions with themselves"
        count = f"{hidden} relation{'' if hidden == 1 else 's'}"
        lines.append(Text(f"  not shown: {count} of {what} (--json has all)", style="dim"))
    return Group(text, *(lines or [Text("  nothing found")]))


def _probable(item: dict[str, Any]) -> str:
    """Return how probable an item is, as it is shown behind it."""
    return "" if item.get("probability") is None else f"  {item['probability']:.2f}"


def _is_with_itself(relation: dict[str, Any]) -> bool:
    """Tell whether both arguments are one mention: a model's slip that says nothing about the text."""
    if relation["head"] is not None or relation["tail"] is not None:
        return bool(relation["head"] == relation["tail"])
    return bool(relation["head_text"] == relation["tail_text"])


def json_lines(parts: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a line of JSON for each document, when its last part has come."""
    for document in documents(parts):
        yield json.dumps(document, ensure_ascii=False)
