"""Completions of a document's windows → one completion of the document."""

from collections.abc import Sequence

from medner_assets.prompting.templates import (
    ENTITIES_HEADING,
    NONE_FOUND,
    RELATIONS_HEADING,
)


def join_completions(parts: Sequence[str]) -> str:
    """Return one completion that says what `parts` say, in their order; one part is returned as it is.

    Lines are kept as the model wrote them, whether they parse or not: those before a part's heading of
    relations among the entities, those behind it among the relations. Blank lines, the headings and "None
    found." are not repeated.
    """
    if len(parts) == 1:
        return parts[0]
    entities: list[str] = []
    relations: list[str] = []
    for part in parts:
        before, _, behind = part.replace("\r\n", "\n").partition(RELATIONS_HEADING)
        entities += _said(before)
        relations += _said(behind)
    return "\n".join(
        [ENTITIES_HEADING, *(entities or [NONE_FOUND]), "", RELATIONS_HEADING, *(relations or [NONE_FOUND])]
    )


def _said(section: str) -> list[str]:
    silent = ("", ENTITIES_HEADING, RELATIONS_HEADING, NONE_FOUND)
    return [line for line in section.split("\n") if line.strip() not in silent]
