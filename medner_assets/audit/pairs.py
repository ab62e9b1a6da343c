"""Candidate pairs: two nodes of one document whose types train has related at least once."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.nodes import Node, Nodes, Triple, triple
from medner_assets.audit.sampling import kept_positions

if TYPE_CHECKING:
    from numpy.typing import NDArray

Types = tuple[str, str]
"""The types of a pair's two nodes, sorted."""


@dataclass(frozen=True, slots=True)
class RelationWay:
    """One way in which a pair can be related: the type, and whether its first node is the head."""

    relation: str
    forward: bool


@dataclass(frozen=True, slots=True)
class PairSchema:
    """What train says about which types are related how."""

    ways: dict[Types, Counter[RelationWay]]
    """Gold relations of train by types and way; of equal types both directions, if only with 0."""
    symmetric: frozenset[str]
    kinds: tuple[Types, ...]
    """The pairs of types, sorted; their position is the `kind` of a pair."""
    classes: tuple[RelationWay, ...]
    """All ways, sorted; their position is the class of a related pair."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An unordered candidate pair. `first` has the smaller type, or of equal types the earlier mention."""

    document: int
    kind: int
    first: Node
    second: Node
    gold: frozenset[int]
    """Classes that hold in gold; empty: not related."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """All candidate pairs of some documents, in order of document and first mention."""

    schema: PairSchema
    documents: tuple[Nodes, ...]
    rows: tuple[Pair, ...]

    @property
    def document(self) -> "NDArray[np.int64]":
        """(pairs,) position of the pair's document in `documents`."""
        return np.fromiter((row.document for row in self.rows), np.int64, len(self.rows))

    @property
    def kind(self) -> "NDArray[np.int64]":
        """(pairs,) position of the pair of types in `schema.kinds`."""
        return np.fromiter((row.kind for row in self.rows), np.int64, len(self.rows))

    @property
    def related(self) -> "NDArray[np.bool_]":
        """(pairs,) whether gold relates the pair in any way."""
        return np.fromiter((bool(row.gold) for row in self.rows), np.bool_, len(self.rows))

    @property
    def gold_counts(self) -> "NDArray[np.int64]":
        """(documents,) gold relations, also those that no candidate pair can give."""
        return np.array([len(each.gold) for each in self.documents], np.int64)

    def triple(self, row: int, way: int) -> Triple:
        """Return the relation that pair `row` in class `way` is."""
        pair, chosen = self.rows[row], self.schema.classes[way]
        ends = (pair.first.key, pair.second.key)
        head, tail = ends if chosen.forward else ends[::-1]
        return triple(chosen.relation, head, tail, self.schema.symmetric)


def learn_schema(train: Sequence[Nodes], symmetric: Collection[str]) -> PairSchema:
    """Return the schema of train; a type is symmetric if declared so or in undirected documents only."""
    every = frozenset(symmetric) | _undirected_types(train)
    ways: dict[Types, Counter[RelationWay]] = {}
    for each in train:
        place = {node.key: (position, node) for position, node in enumerate(each.nodes)}
        for ends in each.gold_between:
            found = sorted(
                (place[key] for key in ends if key in place), key=lambda one: (one[1].type, one[0])
            )
            if len(found) < 2:
                continue
            first, second = found[0][1], found[1][1]
            for way in _ways(each, first, second, every):
                counted = ways.setdefault((first.type, second.type), Counter())
                counted[way] += 1
                if first.type == second.type and way.relation not in every:
                    counted[RelationWay(way.relation, not way.forward)] += 0
    classes = sorted(
        {way for counted in ways.values() for way in counted}, key=lambda way: (way.relation, way.forward)
    )
    return PairSchema(ways, every, tuple(sorted(ways)), tuple(classes))


def candidate_pairs(documents: Sequence[Nodes], schema: PairSchema) -> Pairs:
    """Return every pair of nodes whose types are in `schema`."""
    kinds = {types: position for position, types in enumerate(schema.kinds)}
    classes = {way: position for position, way in enumerate(schema.classes)}
    rows = []
    for position, each in enumerate(documents):
        for first, second in _ordered_pairs(each):
            kind = kinds.get((first.type, second.type))
            if kind is None:
                continue
            gold = frozenset(
                classes[way] for way in _ways(each, first, second, schema.symmetric) if way in classes
            )
            rows.append(Pair(position, kind, first, second, gold))
    return Pairs(schema, tuple(documents), tuple(rows))


def pair_counts(documents: Sequence[Nodes], schema: PairSchema) -> "NDArray[np.int64]":
    """Return (documents,) how many candidate pairs each has, without making them."""
    counts = np.zeros(len(documents), np.int64)
    for position, each in enumerate(documents):
        types = Counter(node.type for node in each.nodes)
        total = sum(
            types[one] * (types[one] - 1) // 2 if one == other else types[one] * types[other]
            for one, other in schema.kinds
        )
        counts[position] = round(total * each.share)
    return counts


def sampled(documents: Sequence[Nodes], schema: PairSchema, enough: int, seed: int) -> list[Nodes]:
    """Return all documents, or, with more than `enough` candidate pairs, as many drawn ones as it takes."""
    counts = pair_counts(documents, schema)
    if counts.sum() <= enough:
        return list(documents)
    order = np.random.default_rng(seed).permutation(len(documents))
    kept = np.sort(order[: int(np.searchsorted(np.cumsum(counts[order]), enough)) + 1])
    return [documents[index] for index in kept]


def _ordered_pairs(each: Nodes) -> Iterator[tuple[Node, Node]]:
    nodes = each.nodes
    if each.share < 1:
        for one, other in kept_positions([node.key for node in nodes], each.share, each.seed):
            yield _by_type(nodes[one], nodes[other])
        return
    for position, one_node in enumerate(nodes):
        for other_node in nodes[position + 1 :]:
            yield _by_type(one_node, other_node)


def _by_type(one: Node, other: Node) -> tuple[Node, Node]:
    return (other, one) if other.type < one.type else (one, other)


def _ways(each: Nodes, first: Node, second: Node, symmetric: frozenset[str]) -> list[RelationWay]:
    ways = []
    for relation, head, tail in each.gold_between.get(frozenset((first.key, second.key)), ()):
        ways.append(RelationWay(relation, relation in symmetric or (head, tail) == (first.key, second.key)))
    return ways


def _undirected_types(train: Sequence[Nodes]) -> frozenset[str]:
    undirected = {kind for each in train if not each.document.directed for kind, _, _ in each.gold}
    directed = {kind for each in train if each.document.directed for kind, _, _ in each.gold}
    return frozenset(undirected - directed)
