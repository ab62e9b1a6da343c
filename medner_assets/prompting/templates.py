"""Document → prompt and completion, in the reference's format. Pure string work; `parsing.py` is the inverse.

A completion lists mentions in text order, then relations in the order of their arguments:

    ### Entities:
    1. [Drug] aspirin
    2. [Effect] bleeding

    ### Relations:
    1. aspirin --[causes]--> bleeding
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from medner_assets.prompting.escaping import escaped_mention, escaped_type, one_line
from medner_assets.schema import Document, Entity, Level

PromptStyle = Literal["compact", "instruct", "chat"]

ENTITIES_HEADING = "### Entities:"
RELATIONS_HEADING = "### Relations:"
NONE_FOUND = "None found."
TEXT_HEADING = "### Text:"
_HEADINGS = (
    "### Instruction:", "### Types:", TEXT_HEADING, "### Response:", ENTITIES_HEADING, RELATIONS_HEADING,
)  # fmt: skip

_REQUEST = (
    "Extract the medical entities and the relations between them from the text. "
    "Copy every mention exactly as it is written, in text order.\n"
    "Entity types: {entities}\nRelation types: {relations}\n\n"
    f"{TEXT_HEADING}\n{{text}}"
)
_INSTRUCTION = f"### Instruction:\n{_REQUEST}\n\n### Response:\n"
_CHAT = f"{_REQUEST}\n\nAnswer with the headings {ENTITIES_HEADING} and {RELATIONS_HEADING}"
_COMPACT = f"### Types: {{entities}} | {{relations}}\n{TEXT_HEADING}\n{{text}}\n\n"


def render_prompt(
    text: str, style: PromptStyle, entity_types: Sequence[str], relation_types: Sequence[str]
) -> str:
    """Return the prompt of one text; the types are the dataset's (from train), not the document's.

    Style chat: what the user says; the base's template goes around it. A line of the text that begins like
    one of the format's headings gets a backslash before it, so that no note steers the answer.
    """
    template = {"instruct": _INSTRUCTION, "compact": _COMPACT, "chat": _CHAT}[style]
    entities = ", ".join(entity_types) or "none"
    relations = ", ".join(relation_types) or "none"
    # Not str.format on the text: braces in clinical text are text.
    head, _, tail = template.partition("{text}")
    return head.format(entities=entities, relations=relations) + without_headings(text) + tail


def without_headings(text: str) -> str:
    """Return a text with a backslash before each line that begins like one of the format's headings."""
    if "###" not in text:
        return text
    lines = text.split("\n")
    return "\n".join(f"\\{line}" if line.lstrip().startswith(_HEADINGS) else line for line in lines)


def render_completion(document: Document) -> str:
    """Return what a perfect model writes for `document`.

    White space inside a mention becomes one blank, so that each item is one line; what would be read as part
    of the format is escaped (`escaping.py`). At concept level a
    relation names the first mention of each concept; a relation without a mention of both is left out (see
    `stated_relations`).
    """
    entities = [
        f"{i}. [{escaped_type(e.type)}] {escaped_mention(e.text)}"
        for i, e in enumerate(in_text_order(document), start=1)
    ]
    relations = [
        f"{i}. {escaped_mention(head)} --[{escaped_type(type_)}]--> {escaped_mention(tail)}"
        for i, (head, type_, tail) in enumerate(stated_relations(document), start=1)
    ]
    return (
        f"{ENTITIES_HEADING}\n"
        + "\n".join(entities or [NONE_FOUND])
        + f"\n\n{RELATIONS_HEADING}\n"
        + "\n".join(relations or [NONE_FOUND])
    )


def in_text_order(document: Document) -> list[Entity]:
    """Return the mentions by start, longer first where they start together; those without offsets come
    last."""
    return sorted(
        document.entities,
        key=lambda e: (e.start is None, e.start or 0, -(e.end or 0), e.type, e.id),
    )


def stated_relations(document: Document) -> list[tuple[str, str, str]]:
    """Return (head string, type, tail string) of each relation that has mentions, distinct, in text order."""
    ordered = in_text_order(document)
    position = {entity.id: i for i, entity in enumerate(ordered)}
    first_of_concept: dict[str, int] = {}
    for i, entity in enumerate(ordered):
        for concept in entity.concepts:
            first_of_concept.setdefault(concept, i)

    def places() -> Iterator[tuple[int, int, str]]:
        for relation in document.relations:
            if document.level is Level.CONCEPT:
                head = first_of_concept.get(relation.head_concept or "")
                tail = first_of_concept.get(relation.tail_concept or "")
            else:
                head, tail = position.get(relation.head or ""), position.get(relation.tail or "")
            if head is not None and tail is not None:
                yield head, tail, relation.type

    stated = [
        (one_line(ordered[head].text), type_, one_line(ordered[tail].text))
        for head, tail, type_ in sorted(places())
    ]
    return list(dict.fromkeys(stated))
