"""Variants of annotated sentences: other names in the same places, other names for the types, fewer types
asked for.

With names that never recur, copying from the text is the only way to be right; with type names that vary,
the base learns to read the types that a prompt asks for.
"""

import itertools
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from medner_assets.schema import Document, Entity

TYPE_NAMES: dict[str, tuple[str, ...]] = {
    "Chemical": ("Chemical", "Drug", "Medication", "Compound", "Substance"),
    "Disease": (
        "Disease",
        "Effect",
        "Condition",
        "Disorder",
        "Symptom",
        "Finding",
        "AdverseEffect",
        "Diagnosis",
    ),
    "Gene": ("Gene", "Protein", "GeneOrGeneProduct", "Target"),
    "Drug": ("Drug", "Drug", "Medication", "Agent"),
    "Condition": ("Condition", "Condition", "Disease", "Problem"),
    "Symptom": ("Symptom", "Symptom", "Sign", "Finding"),
    "Procedure": ("Procedure", "Procedure", "Test", "Intervention"),
}
RELATION_NAMES: dict[str, tuple[str, ...]] = {
    "CID": ("causes", "induces", "CID", "has_adverse_effect", "leads_to"),
    "causes": ("causes", "causes", "induces", "leads_to"),
    "treats": ("treats", "treats", "treatment_for", "relieves"),
    "diagnoses": ("diagnoses", "diagnoses", "reveals", "detects"),
    "interacts_with": ("interacts_with", "interacts_with", "interaction", "DDI"),
}
"""Other names for the sources' types, the likelier the oftener they stand here; what is not named here keeps
its own."""

_KINDS = (("Chemical", "Drug"), ("Disease", "Condition", "Symptom"))
_FROM_KIN = 0.5

_MOST_RELATION_TYPES = 5
_FEWEST_NAMES = 200


@dataclass(frozen=True, slots=True)
class Task:
    """One example: a document and the types that its prompt asks for."""

    document: Document
    entity_types: tuple[str, ...]
    relation_types: tuple[str, ...]


def vary(
    document: Document,
    entity_types: Sequence[str],
    relation_types: Sequence[str],
    names: Mapping[str, Sequence[str]],
    rng: random.Random,
    *,
    swap_share: float = 0.6,
) -> Task:
    """Return one variant of `document`: names swapped with probability `swap_share`, types renamed or left
    out.

    names: type → strings to swap in. Types are the source's; every example draws its own names for them.
    """
    if rng.random() < swap_share:
        document = swap_names(document, names, rng)
    asked = list(entity_types)
    if len(asked) > 1 and rng.random() < 0.15:
        asked = [rng.choice(asked)]
        document = replace(
            document, entities=tuple(e for e in document.entities if e.type in asked), relations=()
        )
        relation_types = ()
    elif relation_types and rng.random() < 0.1:
        document, relation_types = replace(document, relations=()), ()
    elif len(relation_types) > _MOST_RELATION_TYPES:
        # A prompt that asks for all of them would be longer than most sentences.
        relation_types = rng.sample(list(relation_types), rng.randint(1, _MOST_RELATION_TYPES))
        wanted = frozenset(relation_types)
        document = replace(document, relations=tuple(r for r in document.relations if r.type in wanted))
    renamed = _renamed(asked, rng)
    relations = {t: rng.choice(RELATION_NAMES.get(t, (t, t.lower()))) for t in relation_types}
    document = replace(
        document,
        entities=tuple(replace(e, type=renamed[e.type]) for e in document.entities),
        relations=tuple(replace(r, type=relations[r.type]) for r in document.relations),
    )
    if rng.random() < 0.5:
        rng.shuffle(asked)
    return Task(document, tuple(renamed[t] for t in asked), tuple(relations[t] for t in relation_types))


def _renamed(types: Sequence[str], rng: random.Random) -> dict[str, str]:
    """Return type → its name in one example; two types never share one."""
    while True:
        names = {type_: rng.choice(TYPE_NAMES.get(type_, (type_,))) for type_ in types}
        if len(set(names.values())) == len(names):
            return names


def name_pools(documents: Iterable[Document], rng: random.Random) -> dict[str, list[str]]:
    """Return type → names to swap in: those of the type, and half as many of types of the same kind.

    Invented names in real sentences and real names in invented ones: both teach to copy what was never seen.
    Types with fewer than 200 names get none: they would be learned by heart.
    """
    names: dict[str, set[str]] = defaultdict(set)
    for document in documents:
        for entity in document.entities:
            names[entity.type].add(entity.text)
    pools: dict[str, list[str]] = {}
    for type_, own in names.items():
        if len(own) < _FEWEST_NAMES:
            continue
        kin = [other for kind in _KINDS if type_ in kind for other in kind if other in names]
        drawn = sorted(set().union(*(names[other] for other in kin)) - own)
        rng.shuffle(drawn)
        pools[type_] = [*sorted(own), *drawn[: int(len(own) * _FROM_KIN)]]
    return pools


def swap_names(document: Document, names: Mapping[str, Sequence[str]], rng: random.Random) -> Document:
    """Return `document` with mentions replaced by other names of their type, the same string by the same
    name.

    Each distinct string is replaced with probability 0.7. A document with overlapping mentions stays as it
    is. Offsets stay true.
    """
    ordered = sorted((e for e in document.entities if e.start is not None), key=lambda e: (e.start, e.end))
    if len(ordered) < len(document.entities) or any(
        (a.end or 0) > (b.start or 0) for a, b in itertools.pairwise(ordered)
    ):
        return document
    chosen: dict[tuple[str, str], str] = {}
    for entity in ordered:
        key = (entity.type, entity.text.lower())
        pool = names.get(entity.type)
        if pool and key not in chosen:
            chosen[key] = _cased(rng.choice(pool), entity) if rng.random() < 0.7 else entity.text
    pieces: list[str] = []
    moved: list[Entity] = []
    at = length = 0
    for entity in ordered:
        start, end = entity.start or 0, entity.end or 0
        pieces.append(document.text[at:start])
        length += start - at
        new = chosen.get((entity.type, entity.text.lower()), entity.text)
        moved.append(replace(entity, start=length, end=length + len(new), text=new))
        pieces.append(new)
        length += len(new)
        at = end
    pieces.append(document.text[at:])
    return replace(document, text="".join(pieces), entities=tuple(moved))


def _cased(name: str, entity: Entity) -> str:
    """Return `name` with a capital where the mention had one at the start of the text."""
    return name[0].upper() + name[1:] if entity.start == 0 and entity.text[:1].isupper() else name
