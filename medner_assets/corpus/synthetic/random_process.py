"""The reference experiment's label process, kept as a warning: relations are drawn, not stated.

A note lists entities of a dictionary of 50 strings; then pairs of fitting types are drawn at random and
called relations. The text says which entities there are and nothing about which of them are related, so
no model can learn that: predicting every fitting pair beats a model that imitates the process perfectly.
"""

from collections.abc import Iterator
from random import Random

from medner_assets.corpus.synthetic.draws import Weighted, pick, shuffled
from medner_assets.corpus.synthetic.names import ENTITY_TYPE, WORDS
from medner_assets.corpus.synthetic.style import Style
from medner_assets.schema import Document, Entity, Relation

DICTIONARY: dict[str, tuple[str, ...]] = {
    "D": WORDS["D"][:14], "C": WORDS["C"][:14], "S": WORDS["S"][:12], "P": WORDS["P"][:10],
}  # fmt: skip

FITTING = {("D", "C"): "treats", ("D", "S"): "causes", ("P", "C"): "diagnoses", ("D", "D"): "interacts_with"}
"""The one relation type of each fitting pair of kinds; any other pair of kinds is never related."""

# Calibrated on the reference's figures: about 5 entities and 1.9 relations a document; every fitting pair
# scores 0.56, perfect imitation 0.46.
_COUNTS = {
    "D": Weighted({"1": 0.28, "2": 0.67, "3": 0.05}),
    "C": Weighted({"0": 0.20, "1": 0.80}),
    "S": Weighted({"0": 0.43, "1": 0.32, "2": 0.25}),
    "P": Weighted({"0": 0.14, "1": 0.14, "2": 0.72}),
}
_RELATIONS = Weighted({"0": 0.03, "1": 0.29, "2": 0.30, "3": 0.32, "4": 0.06})

_SENTENCES: dict[str, tuple[str, ...]] = {
    "D": (
        "Current drugs are {names}.", "{Patient} takes {names}.", "The chart lists {names}.",
        "Drugs on admission: {names}.", "At present {patient} has a supply of {names}.",
    ),
    "C": (
        "Problem list: {names}.", "The record mentions {names}.", "Known for {names}.",
        "{Patient} has {names}.", "Coded conditions: {names}.",
    ),
    "S": (
        "{Patient} reports {names}.", "Complaints are {names}.", "At the visit {patient} spoke of {names}.",
        "Symptoms noted: {names}.",
    ),
    "P": (
        "Procedures in the record: {names}.", "{Patient} underwent {names}.", "Completed so far: {names}.",
        "The file also holds {names}.",
    ),
}  # fmt: skip
_FILLERS = (
    "{Age} was seen {when}.", "Blood pressure was {pressure}, pulse {pulse}.",
    "The next visit is in {days}.", "Weight {weight} kg.", "{Patient} lives alone and manages well.",
    "The case was reviewed {when}.", "A letter was sent to the general practitioner.",
    "No changes were made {when}.",
    "{Patient} has been followed here since {year}.",
)  # fmt: skip


def random_notes(rng: Random) -> Iterator[Document]:
    """Yield notes without id and split, for ever; their relations are drawn at random."""
    while True:
        yield _note(rng)


def _note(rng: Random) -> Document:
    style = Style(rng)
    cast = {kind: shuffled(rng, names)[: int(_COUNTS[kind].draw(rng))] for kind, names in DICTIONARY.items()}
    sentences: list[tuple[str, str | None]] = [
        (pick(rng, _SENTENCES[kind]), kind) for kind, names in cast.items() if names
    ]
    sentences.extend((filler, None) for filler in shuffled(rng, _FILLERS)[:4])
    parts: list[str] = []
    length = 0
    entities: list[Entity] = []
    kinds: list[str] = []
    for sentence, kind in shuffled(rng, sentences):
        if parts:
            parts.append(" ")
            length += 1
        before, _, after = sentence.partition("{names}")
        parts.append(_filled(before, style))
        length += len(parts[-1])
        for position, name in enumerate(cast[kind] if kind else []):
            if position:
                joint = " and " if position == len(cast[kind or ""]) - 1 else ", "
                parts.append(joint)
                length += len(joint)
            entities.append(
                Entity(f"T{len(entities) + 1}", ENTITY_TYPE[kind or ""], length, length + len(name), name)
            )
            kinds.append(kind or "")
            parts.append(name)
            length += len(name)
        parts.append(_filled(after, style))
        length += len(parts[-1])
    return Document("", "".join(parts), tuple(entities), _drawn_relations(rng, entities, kinds))


def _drawn_relations(rng: Random, entities: list[Entity], kinds: list[str]) -> tuple[Relation, ...]:
    candidates = [
        Relation(FITTING[kinds[i], kinds[j]], entities[i].id, entities[j].id)
        for i in range(len(entities))
        for j in range(len(entities))
        if (kinds[i], kinds[j]) in FITTING and i != j and (kinds[i] != kinds[j] or i < j)
    ]
    # Which of two drugs is written first says nothing either.
    candidates = [
        Relation(each.type, each.tail, each.head)
        if each.type == "interacts_with" and rng.random() < 0.5
        else each
        for each in candidates
    ]
    wanted = int(_RELATIONS.draw(rng))
    return tuple(shuffled(rng, candidates)[:wanted])


def _filled(text: str, style: Style) -> str:
    parts = text.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        filled.append(style.field(name) + rest)
    return "".join(filled)
