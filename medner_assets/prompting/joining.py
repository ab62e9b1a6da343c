"""Completions of a document's windows → one completion of the document."""

from collections.abc import Sequence

from medner_assets.prompting.parsing import CUT
from medner_assets.prompting.templates import (
    ENTITIES_HEADING,
    NONE_FOUND,
    RELATIONS_HEADING,
)


def join_completions(parts: Sequence[str], cut: Sequence[bool] = ()) -> str:
    """Return one completion that says what `parts` say, in their order; one part is returned as it is.

    cut: for each part whether it was cut at its limit; the last line of such a part is marked as unfinished.

    Lines are kept as the model wrote them, whether they parse or not: those before a part's heading of
    relations among the entities, those behind it among the relations. Blank lines, the headings and "None
    found." are not repeated.
    """
    if len(parts) == 1:
        return parts[0]
    entities: list[str] = []
    relations: list[str] = []
    for number, part in enumerate(parts):
        lines = part.replace("\r\n", "\n").split("\n")
        if number < len(cut) and cut[number] and lines[-1].strip():
            lines[-1] = f"{CUT}{lines[-1]}"
        heading = next((i for i, line in enumerate(lines) if line.strip() == RELATIONS_HEADING), len(lines))
        before, behind = lines[:heading], lines[heading + 1 :]
        entities += _said(before)
        relations += _said(behind)
    return "\n".join(
        [ENTITIES_HEADING, *(entities or [NONE_FOUND]), "", RELATIONS_HEADING, *(relations or [NONE_FOUND])]
    )


def _said(section: Sequence[str]) -> list[str]:
    silent = ("", ENTITIES_HEADING, RELATIONS_HEADING, NONE_FOUND)
    return [line for line in section if line.strip() not in silent]
