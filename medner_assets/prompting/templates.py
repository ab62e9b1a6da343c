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

from medner_assets.schema import Document, Entity, Level

PromptStyle = Literal["compact", "instruct"]

ENTITIES_HEADING = "### Entities:"
RELATIONS_HEADING = "### Relations:"
NONE_FOUND = "None found."
TEXT_HEADING = "### Text:"

_INSTRUCTION = (
    "### Instruction:\n"
    "Extract the medical entities and the relations between them from the text. "
    "Copy every mention exactly as it is written, in text order.\n"
    "Entity types: {entities}\nRelation types: {relations}\n\n"
    f"{TEXT_HEADING}\n{{text}}\n\n### Response:\n"
)
_COMPACT = f"### Types: {{entities}} | {{relations}}\n{TEXT_HEADING}\n{{text}}\n\n"


def render_prompt(
    text: str, style: PromptStyle, entity_types: Sequence[str], relation_types: Sequence[str]
) -> str:
    """Return the prompt of one text; the types are the dataset's (from train), not the document's."""
    template = _INSTRUCTION if style == "instruct" else _COMPACT
    entities = ", ".join(entity_types) or "none"
    relations = ", ".join(relation_types) or "none"
    # Not str.format on the text: braces in clinical text are text.
    head, _, tail = template.partition("{text}")
    return head.format(entities=entities, relations=relations) + text + tail


def render_completion(document: Document) -> str:
    """Return what a perfect model writes for `document`.

    White space inside a mention becomes one blank, so that each item is one line. At concept level a
    relation names the first mention of each concept; a relation without a mention of both is left out (see
    `stated_relations`).
    """
    entities = [f"{i}. [{e.type}] {one_line(e.text)}" for i, e in enumerate(in_text_order(document), start=1)]
    relations = [
        f"{i}. {head} --[{type_}]--> {tail}"
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


def one_line(text: str) -> str:
    """Return `text` with each run of white space as one blank."""
    return " ".join(text.split())
