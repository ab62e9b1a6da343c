"""What is known of a pair without reading the text: how many things there are, and what they are called."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from medner_assets.audit.context import HASHED
from medner_assets.audit.pairs import Pair, Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRUCTURE = (
    "kind", "pairs_of_kind", "pairs", "first_type_nodes", "second_type_nodes", "nodes",
    "first_rank", "second_rank", "first_mentions", "second_mentions", "first_share", "second_share", "order",
)  # fmt: skip
"""The columns of `structure`: counts and ranks within the document, none of which depends on a word of it."""


def structure(pairs: Pairs) -> "NDArray[np.float64]":
    """Return (pairs, len(STRUCTURE)) numbers.

    A rank counts nodes of the same type by first mention from 0; a share is of the mentions of all nodes of
    the type.
    """
    rows = np.zeros((len(pairs.rows), len(STRUCTURE)))
    of_kind = Counter((row.document, row.kind) for row in pairs.rows)
    of_document = Counter(row.document for row in pairs.rows)
    ranks: dict[object, int] = {}
    types: Counter[tuple[int, str]] = Counter()
    mentions: Counter[tuple[int, str]] = Counter()
    for position, each in enumerate(pairs.documents):
        for node in each.nodes:
            ranks[position, node.key] = types[position, node.type]
            types[position, node.type] += 1
            mentions[position, node.type] += len(node.places)
    for index, row in enumerate(pairs.rows):
        at, first, second = row.document, row.first, row.second
        rows[index] = (
            row.kind, of_kind[at, row.kind], of_document[at], types[at, first.type], types[at, second.type],
            len(pairs.documents[at].nodes), ranks[at, first.key], ranks[at, second.key], len(first.places),
            len(second.places), len(first.places) / mentions[at, first.type],
            len(second.places) / mentions[at, second.type], first.places[0] < second.places[0],
        )  # fmt: skip
    return rows


def names(row: Pair) -> list[str]:
    """Return the features of the two names: whole, last word and ending, each and together."""
    one, two = row.first.text, row.second.text
    concepts = [
        f"{side} {node.key[1]}"
        for side, node in (("1", row.first), ("2", row.second))
        if node.key[0] == "concept"
    ]
    return [
        f"kind {row.kind}", f"1 {one}", f"2 {two}", f"both {one} + {two}", f"1 word {one.rsplit(' ', 1)[-1]}",
        f"2 word {two.rsplit(' ', 1)[-1]}", f"1 end {one[-4:]}", f"2 end {two[-4:]}", *concepts,
    ]  # fmt: skip


def name_indicators(pairs: Pairs) -> Any:
    """Return (pairs, HASHED) indicators of the two names, a CSR matrix."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction import FeatureHasher

    if not pairs.rows:
        return csr_matrix((0, HASHED))
    hasher = FeatureHasher(HASHED, input_type="string", alternate_sign=False)
    return hasher.transform(names(row) for row in pairs.rows)
