"""Examples that rules label in open-access text: the base learns to copy and to list before it sees an
annotation.

Two tasks, both exact by construction: abbreviations with the words they stand for (Schwartz and Hearst 2003,
the character-matching rule), and quantities (doses, percentages, durations, p-values).
"""

import re

from medner_assets.schema import Document, Entity, Relation

_BRACKETED = re.compile(r"\(([^()\s][^()]{0,9})\)")
_QUANTITIES = (
    ("Percentage", re.compile(r"\b\d+(?:\.\d+)?\s?%")),
    ("PValue", re.compile(r"\b[Pp]\s?[<=>]\s?0?\.\d+")),
    ("Dose", re.compile(
        r"\b\d+(?:\.\d+)?\s?(?:mg|μg|µg|mcg|g|ml|mL|IU|U|mmol)(?:/(?:kg|day|d|h|m2|l|L|dl|dL|ml|mL))*\b"
    )),
    ("Duration", re.compile(r"\b\d+(?:\.\d+)?[\s-](?:minutes?|hours?|days?|weeks?|months?|years?)\b")),
    ("Age", re.compile(r"\b\d{1,3}[\s-]years?[\s-]old\b|\baged? (?:of )?\d{1,3}(?:\.\d)?\b")),
)  # fmt: skip


def abbreviations(identifier: str, text: str) -> Document | None:
    """Return the sentence with its defined abbreviations, each related to its long form; None if it has
    none."""
    entities: list[Entity] = []
    relations: list[Relation] = []
    for match in _BRACKETED.finditer(text):
        short = match.group(1).strip()
        start = _long_form_start(text[: match.start()].rstrip(), short)
        if start is None:
            continue
        end = len(text[: match.start()].rstrip())
        if entities and start < (entities[-1].end or 0):
            continue
        long_id, short_id = f"T{len(entities)}", f"T{len(entities) + 1}"
        short_start = match.start(1)
        entities.append(Entity(long_id, "Term", start, end, text[start:end]))
        entities.append(Entity(short_id, "Abbreviation", short_start, short_start + len(short), short))
        relations.append(Relation("stands_for", short_id, long_id))
    return Document(identifier, text, tuple(entities), tuple(relations)) if entities else None


def quantities(identifier: str, text: str) -> Document | None:
    """Return the sentence with its quantities as mentions; None if it has none."""
    found = sorted(
        (match.start(), match.end(), type_)
        for type_, pattern in _QUANTITIES
        for match in pattern.finditer(text)
    )
    entities: list[Entity] = []
    for start, end, type_ in found:
        if not entities or start >= (entities[-1].end or 0):
            entities.append(Entity(f"T{len(entities)}", type_, start, end, text[start:end]))
    return Document(identifier, text, tuple(entities)) if entities else None


def _long_form_start(before: str, short: str) -> int | None:
    """Return where the long form of `short` begins in `before`, matching its characters from the right."""
    if not 2 <= len(short) <= 10 or not short[0].isalnum() or not any(c.isupper() for c in short):
        return None
    i, j = len(short) - 1, len(before) - 1
    while i >= 0:
        wanted = short[i].lower()
        if not wanted.isalnum():
            i -= 1
            continue
        while j >= 0 and (before[j].lower() != wanted or (i == 0 and j > 0 and before[j - 1].isalnum())):
            j -= 1
        if j < 0:
            return None
        i, j = i - 1, j - 1
    start = j + 1
    long = before[start:]
    words = len(long.split())
    if words < 2 or words > min(len(short) + 5, 2 * len(short)) or short in long.split():
        return None
    return start
