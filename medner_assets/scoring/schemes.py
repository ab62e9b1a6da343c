"""What is counted: the tasks, the schemes under which two items are the same, the signature of a score."""

from collections.abc import Collection
from typing import Literal

Task = Literal["entity", "relation"]
Scheme = Literal["text", "span", "overlap", "strict", "boundaries"]

SCORER_VERSION = 2
"""Goes up whenever the same predictions would get other numbers; part of every signature and evaluation id.
"""

SCHEMES: tuple[tuple[Task, Scheme], ...] = (
    ("entity", "text"),
    ("entity", "span"),
    ("entity", "overlap"),
    ("relation", "strict"),
    ("relation", "boundaries"),
    ("relation", "span"),
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
        return "text" if scheme == "text" else "span"
    if scheme == "span":
        return "span"
    if levels == {"concept"}:
        return "concept"
    return "mixed" if "concept" in levels else "text"


def undirected(symmetric: Collection[str], directed: Collection[bool]) -> str:
    """Return which relations have no direction, as a signature says it: none, all, or their types.

    symmetric: relation types without direction. directed: whether relations of a document have a direction
    at all, of the scored documents.
    """
    if directed and not any(directed):
        return "all"
    some = [] if all(directed) else ["undirected documents"]
    return ",".join([*sorted(symmetric), *some]) or "none"


def signature(scheme: Scheme, unit: str, stage: str, symmetric: str | None = None) -> str:
    """Return what was scored and how; scores are comparable if their signatures and data are equal.

    symmetric: of relations, as `undirected` says it.
    """
    turned = "" if symmetric is None else f"symmetric:{symmetric}|"
    return f"scheme:{scheme}|unit:{unit}|case:lower|{turned}stage:{stage}|v{SCORER_VERSION}"
