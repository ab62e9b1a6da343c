"""What relations hold between: the mentions of a document, or at concept level its concepts."""

import bisect
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from medner_assets.audit.sampling import is_kept, share_of
from medner_assets.corpus.sentences import sentence_spans
from medner_assets.normalising import normalise
from medner_assets.schema import Document, Entity, Level, Relation

Key = tuple[str, ...]
"""Identifies a node within its document, the same for gold and for found entities."""
Triple = tuple[str, Key, Key]
"""A relation: its type, the key of its head, the key of its tail; of a symmetric type the keys are sorted."""


@dataclass(frozen=True, slots=True)
class Node:
    """One thing that can be related. `places` are the character spans of its mentions, in text order."""

    key: Key
    type: str
    text: str
    """The first mention, normalised."""
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of one document by first mention, and its gold relations between nodes."""

    document: Document
    nodes: tuple[Node, ...]
    gold: frozenset[Triple]
    gold_between: Mapping[frozenset[Key], tuple[Triple, ...]]
    """`gold` by the two keys that a relation joins."""
    strings: Mapping[Key, tuple[str, str]]
    """(type, normalised string) of every key, of gold mentions too: what a version's relation is scored on.
    """
    mentions: tuple[tuple[int, int, str], ...]
    """(start, end, type) of every mention, in text order: what contexts mask."""
    sentence_starts: tuple[int, ...]
    share: float = 1.0
    """Share of the pairs of nodes that is looked at; `gold` is then that of these pairs only."""
    seed: int = 0
    """What decides which pairs those are."""

    def sentence(self, place: int) -> int:
        """Return the number of the sentence that the character at `place` is in, from 0."""
        return max(0, bisect.bisect_right(self.sentence_starts, place) - 1)


def triple(kind: str, head: Key, tail: Key, symmetric: Collection[str]) -> Triple:
    """Return a relation in the one form in which it is compared."""
    if kind in symmetric and tail < head:
        head, tail = tail, head
    return kind, head, tail


def gold_nodes(document: Document, symmetric: Collection[str], seed: int = 42) -> Nodes:
    """Return the nodes of the gold entities; a relation to what is no entity keeps a key without a node.

    Of a document with more than 2,000 pairs of nodes that many are looked at, drawn with `seed`.
    """
    if document.level == Level.CONCEPT:
        nodes = concept_nodes(document, document.entities)
        ends = {relation: (relation.head_concept, relation.tail_concept) for relation in document.relations}
        pairs: dict[Relation, tuple[Key, Key]] = {
            relation: (("concept", str(head)), ("concept", str(tail)))
            for relation, (head, tail) in ends.items()
        }
    else:
        nodes = mention_nodes(document.entities, document.text)
        keys = {entity.id: mention_key(entity) for entity in document.entities}
        pairs = {
            relation: (
                keys.get(str(relation.head), ("?", "head")),
                keys.get(str(relation.tail), ("?", "tail")),
            )
            for relation in document.relations
        }
    every = symmetric if document.directed else {relation.type for relation in document.relations}
    gold = frozenset(triple(relation.type, head, tail, every) for relation, (head, tail) in pairs.items())
    return _assembled(document, nodes, gold, document.entities, share_of(len(nodes)), seed)


def found_nodes(document: Document, found: tuple[Entity, ...], gold: Nodes) -> Nodes:
    """Return the nodes of entities that a reader found in the text, with the gold relations of `gold`.

    At concept level a found string takes the concepts of the gold mentions with its type and string, as in
    scoring; one without any stands for itself and can only be wrong.
    """
    if document.level == Level.CONCEPT:
        known: dict[tuple[str, str], tuple[str, ...]] = {}
        for entity in document.entities:
            form = (entity.type, normalise(entity.text))
            known[form] = tuple(dict.fromkeys((*known.get(form, ()), *entity.concepts)))
        resolved = tuple(
            Entity(
                each.id, each.type, each.start, each.end, each.text,
                known.get((each.type, normalise(each.text)))
                or (f"string {each.type} {normalise(each.text)}",),
            )
            for each in found
        )  # fmt: skip
        nodes = concept_nodes(document, resolved)
    else:
        nodes = mention_nodes(_as_gold_is(found, document), document.text)
    share = min(gold.share, share_of(len(nodes)))
    return _assembled(document, nodes, gold.gold, found, share, gold.seed)


def _as_gold_is(found: tuple[Entity, ...], document: Document) -> tuple[Entity, ...]:
    """Take the offsets off where gold has none, so that both are compared by their strings."""
    if any(entity.start is None for entity in document.entities):
        return tuple(replace(entity, start=None, end=None) for entity in found)
    return found


def mention_key(entity: Entity) -> Key:
    """Return (type, start, end), or (type, string) where the source has no offsets."""
    if entity.start is None or entity.end is None:
        return entity.type, normalise(entity.text)
    return entity.type, f"{entity.start:09d}", f"{entity.end:09d}"


def mention_nodes(entities: tuple[Entity, ...], text: str) -> list[Node]:
    """Return one node a mention."""
    distinct = {mention_key(entity): entity for entity in entities}
    return [
        Node(key, entity.type, normalise(entity.text), (_place(entity, text),))
        for key, entity in distinct.items()
    ]


def concept_nodes(document: Document, entities: tuple[Entity, ...]) -> list[Node]:
    """Return one node a concept; its type is that of most of its mentions."""
    mentions: dict[str, list[Entity]] = {}
    for entity in entities:
        for concept in dict.fromkeys(entity.concepts):
            mentions.setdefault(concept, []).append(entity)
    nodes = []
    for concept, named in mentions.items():
        placed = sorted((_place(entity, document.text), entity.text) for entity in named)
        common = Counter(entity.type for entity in named).most_common(1)[0][0]
        nodes.append(
            Node(("concept", concept), common, normalise(placed[0][1]), tuple(place for place, _ in placed))
        )
    return nodes


def _assembled(
    document: Document,
    nodes: list[Node],
    gold: frozenset[Triple],
    entities: tuple[Entity, ...],
    share: float,
    seed: int,
) -> Nodes:
    if share < 1:
        gold = frozenset(each for each in gold if is_kept(each[1], each[2], share, seed))
    ordered = tuple(sorted(nodes, key=lambda node: (node.places[0], node.key)))
    mentions = tuple(sorted((*_place(entity, document.text), entity.type) for entity in entities))
    starts = tuple(start for start, _ in sentence_spans(document.text))
    between: dict[frozenset[Key], tuple[Triple, ...]] = {}
    for relation in sorted(gold):
        ends = frozenset(relation[1:])
        between[ends] = (*between.get(ends, ()), relation)
    strings = {mention_key(entity): (entity.type, normalise(entity.text)) for entity in document.entities}
    strings.update({node.key: (node.type, node.text) for node in nodes})
    return Nodes(document, ordered, gold, between, strings, mentions, starts, share, seed)


def _place(entity: Entity, text: str) -> tuple[int, int]:
    if entity.start is not None and entity.end is not None:
        return entity.start, entity.end
    found = max(0, text.find(entity.text))
    return found, found + len(entity.text)
