"""What is counted: the tasks, the schemes under which two items are the same, the signature of a score."""

from typing import Literal

Task = Literal["entity", "relation"]
Scheme = Literal["text", "span", "strict", "boundaries"]

SCORER_VERSION = 1
"""Goes up whenever the same predictions would get other numbers; part of every signature and evaluation id.
"""

SCHEMES: tuple[tuple[Task, Scheme], ...] = (
    ("entity", "text"),
    ("entity", "span"),
    ("relation", "strict"),
    ("relation", "boundaries"),
)
HEADLINES: tuple[tuple[Task, Scheme], ...] = (("entity", "text"), ("relation", "strict"))
"""What is reported first, compared with a verdict, and classified into errors."""

RAW = "raw"
FINAL = "final"


def counts_duplicates(stage: str) -> bool:
    """Return whether a duplicate line is a false positive at `stage`: everywhere but at `final`, which is
    over distinct items.
    """
    return stage != FINAL


def unit(task: Task, scheme: Scheme, levels: set[str]) -> str:
    """Return what an item is made of: text, span, concept, or mixed where documents of both levels are
    scored.

    levels: the levels (mention, concept) of the scored documents.
    """
    if task == "entity":
        return "span" if scheme == "span" else "text"
    if levels == {"concept"}:
        return "concept"
    return "mixed" if "concept" in levels else "text"


def signature(scheme: Scheme, unit: str, stage: str) -> str:
    """Return what was scored and how; scores are comparable if their signatures and data are equal."""
    return f"scheme:{scheme}|unit:{unit}|case:lower|stage:{stage}|v{SCORER_VERSION}"
