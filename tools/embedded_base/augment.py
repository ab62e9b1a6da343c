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
        "Disease", "Effect", "Condition", "Disorder", "Symptom", "Finding", "AdverseEffect", "Diagnosis",
    ),
    "Gene": ("Gene", "Protein", "GeneOrGeneProduct", "Target", "GeneProduct"),
    "Drug": ("Drug", "Drug", "Medication", "Agent"),
    "DrugClass": ("DrugClass", "Drug_Class", "MedicationGroup"),
    "Condition": ("Condition", "Condition", "Disease", "Problem"),
    "Effect": ("Effect", "Effect", "AdverseEffect", "AdverseEvent", "SideEffect"),
    "Symptom": ("Symptom", "Symptom", "Sign", "Finding"),
    "Procedure": ("Procedure", "Procedure", "Test", "Intervention"),
    "Species": ("Species", "Organism", "Taxon", "OrganismTaxon"),
    "Variant": ("Variant", "Mutation", "SequenceVariant", "SNP"),
    "Cancer": ("Cancer", "Tumor", "Neoplasm", "Disease"),
    "CellLine": ("CellLine", "Cell_Line", "cell_line"),
    "CellType": ("CellType", "Cell", "cell_type"),
    "Dosage": ("Dosage", "Dose"),
}  # fmt: skip
RELATION_NAMES: dict[str, tuple[str, ...]] = {
    "CID": ("causes", "induces", "CID", "has_adverse_effect", "leads_to"),
    "adverse_effect": ("adverse_effect", "has_adverse_effect", "causes", "side_effect"),
    "causes": ("causes", "causes", "induces", "leads_to"),
    "treats": ("treats", "treats", "treatment_for", "relieves"),
    "diagnoses": ("diagnoses", "diagnoses", "reveals", "detects"),
    "interacts_with": ("interacts_with", "interacts_with", "interaction", "DDI"),
    "Associated": ("Associated", "associated_with", "Association"),
    "AssociatedTo": ("AssociatedTo", "associated_with", "Association"),
}
"""Other names for the sources' types, the likelier the oftener they stand here; what is not named here keeps
its own."""

_KINDS = (("Chemical", "Drug"), ("Disease", "Condition", "Symptom", "Effect", "Cancer"))
_FROM_KIN = 0.5

_MOST_ENTITY_TYPES = 6
_MOST_RELATION_TYPES = 5
"""A prompt that asked for all of thirty types would be longer than most sentences."""
_FEWER_TYPES = 0.2
_NO_RELATIONS = 0.1
_STATED = 0.7
"""Probabilities: that a prompt asks for some of the types only, that it asks for no relations, and that a
type that the text has is among those asked for where a source has too many."""
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
    asked = _asked_entities(document, entity_types, rng)
    if set(asked) != set(entity_types):
        document = only(document, asked)
    asked_relations = _asked_relations(document, relation_types, rng)
    document = replace(document, relations=tuple(r for r in document.relations if r.type in asked_relations))
    renamed = _renamed(asked, rng)
    relations = {t: rng.choice(RELATION_NAMES.get(t, (t, t.lower()))) for t in asked_relations}
    document = replace(
        document,
        entities=tuple(replace(e, type=renamed[e.type]) for e in document.entities),
        relations=tuple(replace(r, type=relations[r.type]) for r in document.relations),
    )
    if rng.random() < 0.5:
        rng.shuffle(asked)
    return Task(document, tuple(renamed[t] for t in asked), tuple(relations[t] for t in asked_relations))


def _asked_entities(document: Document, types: Sequence[str], rng: random.Random) -> list[str]:
    """Return the entity types that a prompt asks for: all, or some, so that the base learns to obey."""
    if len(types) > _MOST_ENTITY_TYPES:
        return _some(sorted({e.type for e in document.entities}), types, _MOST_ENTITY_TYPES, rng)
    if len(types) > 1 and rng.random() < _FEWER_TYPES:
        return rng.sample(list(types), rng.randint(1, len(types) - 1))
    return list(types)


def _asked_relations(document: Document, types: Sequence[str], rng: random.Random) -> list[str]:
    if not types or rng.random() < _NO_RELATIONS:
        return []
    if len(types) > _MOST_RELATION_TYPES:
        return _some(sorted({r.type for r in document.relations}), types, _MOST_RELATION_TYPES, rng)
    return list(types)


def _some(stated: Sequence[str], types: Sequence[str], most: int, rng: random.Random) -> list[str]:
    """Return 1 to `most` of `types`: each that the text has with probability 0.7, the rest at random."""
    chosen = [type_ for type_ in stated if rng.random() < _STATED]
    chosen = rng.sample(chosen, min(len(chosen), most))
    others = [type_ for type_ in types if type_ not in chosen]
    wanted = rng.randint(max(1, len(chosen)), most)
    return [*chosen, *rng.sample(others, min(len(others), wanted - len(chosen)))]


def only(document: Document, types: Sequence[str]) -> Document:
    """Return the document with the mentions of `types` alone, and the relations between them."""
    entities = tuple(e for e in document.entities if e.type in types)
    ids = {e.id for e in entities}
    concepts = {concept for e in entities for concept in e.concepts}
    relations = tuple(
        r
        for r in document.relations
        if (r.head in ids and r.tail in ids) or (r.head_concept in concepts and r.tail_concept in concepts)
    )
    return replace(document, entities=entities, relations=relations)


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
