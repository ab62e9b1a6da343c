"""Hypothesis strategies: small documents and predictions in which strings, spans and types often coincide."""

import polars as pl
from hypothesis import strategies as st

from medner_assets.schema import Document, Entity, Level, Relation
from medner_assets_tests.support.building import RAW_ENTITIES, RAW_RELATIONS

TEXT = "Ab  ab\nß aB ss b a"
TYPES = ("T1", "T2")
RELATION_TYPES = ("R1", "R2")
CONCEPTS = ("C1", "C2", "C3")
SYMMETRIC = frozenset(["R2"])


# Few spans, of which some overlap and some hold strings that are equal once they are normalised.
SPANS = ((0, 2), (4, 6), (0, 6), (7, 8), (9, 11), (9, 13), (12, 14), (15, 16))


def spans():
    return st.sampled_from(SPANS)


@st.composite
def documents(draw, id="d1", level=None):
    level = level or draw(st.sampled_from(list(Level)))
    entities = []
    for i in range(draw(st.integers(0, 5))):
        start, end = draw(spans())
        concepts = (
            draw(st.lists(st.sampled_from(CONCEPTS), max_size=2, unique=True))
            if level is Level.CONCEPT
            else []
        )
        entities.append(
            Entity(f"T{i}", draw(st.sampled_from(TYPES)), start, end, TEXT[start:end], tuple(concepts))
        )
    ids = [entity.id for entity in entities]
    ends = CONCEPTS if level is Level.CONCEPT else ids
    relations = []
    for _ in range(draw(st.integers(0, 4)) if ends else 0):
        kind, head, tail = (draw(st.sampled_from(each)) for each in (RELATION_TYPES, ends, ends))
        relations.append(
            Relation(kind, head_concept=head, tail_concept=tail)
            if level is Level.CONCEPT
            else Relation(kind, head=head, tail=tail)
        )
    directed = draw(st.sampled_from([True, True, False]))
    return Document(id, TEXT, tuple(entities), tuple(relations), split="test", directed=directed, level=level)


@st.composite
def predicted_entities(draw, id="d1"):
    rows = []
    for i in range(draw(st.integers(0, 6))):
        start, end = draw(spans())
        string = draw(st.sampled_from([TEXT[start:end], TEXT[start:end].upper(), "absent"]))
        how = draw(st.sampled_from(["exact", "exact", "exact", "fuzzy", "none"]))
        span = (None, None) if how == "none" else (start, end)
        rows.append((id, i, draw(st.sampled_from(TYPES)), string, *span, how))
    return pl.DataFrame(rows, schema=RAW_ENTITIES, orient="row")


@st.composite
def predicted_relations(draw, document, entities, id="d1"):
    """Half of the relations are made from a gold relation, perhaps turned, of another type or with another
    argument.
    """
    said = list(entities.select("text", "type").iter_rows())
    gold = [(e.text, e.type) for e in document.entities]
    anything = [*said, *gold, ("ab", None), ("not there", "T1")]
    rows = []
    for i in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(RELATION_TYPES))
        head, tail = draw(st.sampled_from(anything)), draw(st.sampled_from(anything))
        if document.relations and draw(st.booleans()):
            relation = draw(st.sampled_from(document.relations))
            ends = [
                next(((e.text, e.type) for e in document.entities if end == e.id or end in e.concepts), head)
                for end in (relation.head or relation.head_concept, relation.tail or relation.tail_concept)
            ]
            change = draw(st.sampled_from(["nothing", "type", "turn", "head", "tail", "head type"]))
            kind = kind if change == "type" else relation.type
            if change == "turn":
                ends.reverse()
            head = head if change == "head" else ends[0]
            tail = tail if change == "tail" else ends[1]
            head = (head[0], draw(st.sampled_from([*TYPES, None]))) if change == "head type" else head
        rows.append((id, i, kind, *head, *tail))
    return pl.DataFrame(rows, schema=RAW_RELATIONS, orient="row")


@st.composite
def cases(draw, id="d1", level=None):
    """A document and a raw prediction for it."""
    document = draw(documents(id, level))
    entities = draw(predicted_entities(id))
    return document, (entities, draw(predicted_relations(document, entities, id)))


@st.composite
def answers(draw, id="d1"):
    """What any system's file says of a document, as JSON gives it: entities with and without a span, in any
    case; relations between them, between strings, with and without types.
    """
    entities = []
    for i in range(draw(st.integers(0, 5))):
        start, end = draw(spans())
        how = draw(st.sampled_from(["placed", "placed", "string", "absent"]))
        string = {"string": TEXT[start:end].upper(), "absent": "absent"}.get(how, TEXT[start:end])
        place = {"start": start, "end": end} if how == "placed" else {}
        entities.append({"id": f"E{i}", "type": draw(st.sampled_from(TYPES)), "text": string, **place})
    relations = []
    for _ in range(draw(st.integers(0, 6))):
        relation = {"type": draw(st.sampled_from(RELATION_TYPES))}
        for side in ("head", "tail"):
            if entities and draw(st.integers(0, 3)):
                relation[side] = draw(st.sampled_from(entities))["id"]
            else:
                relation[f"{side}_text"] = draw(st.sampled_from(["ab", "not there"]))
                kind = draw(st.sampled_from([*TYPES, None]))
                relation |= {} if kind is None else {f"{side}_type": kind}
        relations.append(relation)
    return {"id": id, "entities": entities, "relations": relations}


@st.composite
def corpora(draw):
    """Up to four documents, each with a raw prediction."""
    return [draw(cases(f"d{i}")) for i in range(draw(st.integers(1, 4)))]


@st.composite
def near_misses(draw, id="d1"):
    """A document of three mentions with relations, and relations that go wrong in one or two ways only."""
    level = draw(st.sampled_from(list(Level)))
    right, wrong = ((0, 2), (9, 11), (15, 16)), ((0, 6), (9, 13), (15, 18))
    types = [draw(st.sampled_from(TYPES)) for _ in right]
    concepts = [(concept,) if level is Level.CONCEPT else () for concept in CONCEPTS]
    entities = tuple(
        Entity(f"T{i}", types[i], *right[i], TEXT[slice(*right[i])], concepts[i]) for i in range(len(right))
    )
    places = st.sampled_from(range(len(right)))
    relations = []
    for _ in range(draw(st.integers(1, 3))):
        kind, head, tail = draw(st.sampled_from(RELATION_TYPES)), draw(places), draw(places)
        relations.append(
            Relation(kind, head_concept=CONCEPTS[head], tail_concept=CONCEPTS[tail])
            if level is Level.CONCEPT
            else Relation(kind, head=f"T{head}", tail=f"T{tail}")
        )
    document = Document(id, TEXT, entities, tuple(relations), split="test", level=level)
    lines = [(*span, kind) for spans in (right, wrong) for span, kind in zip(spans, types, strict=True)]
    said = pl.DataFrame(
        [(id, i, kind, TEXT[start:end], start, end, "exact") for i, (start, end, kind) in enumerate(lines)],
        schema=RAW_ENTITIES,
        orient="row",
    )
    rows = []
    for i in range(draw(st.integers(1, 4))):
        relation = draw(st.sampled_from(relations))
        ends = [
            CONCEPTS.index(end) if level is Level.CONCEPT else int(end[1:])
            for end in (relation.head or relation.head_concept, relation.tail or relation.tail_concept)
        ]
        change = draw(
            st.sampled_from(["type", "turn", "overlap", "type and overlap", "argument type", "both"])
        )
        kind = draw(st.sampled_from(RELATION_TYPES)) if "type" in change.split() else relation.type
        if change == "turn":
            ends.reverse()
        arguments = []
        for side, end in enumerate(ends):
            off = change == "both" or ("overlap" in change and (side == 0 or draw(st.booleans())))
            other = change in ("argument type", "both") and side == draw(st.integers(0, 1))
            string = TEXT[slice(*(wrong if off else right)[end])]
            arguments += [string, draw(st.sampled_from([*TYPES, None])) if other else types[end]]
        rows.append((id, i, kind, *arguments))
    return document, (said, pl.DataFrame(rows, schema=RAW_RELATIONS, orient="row"))
