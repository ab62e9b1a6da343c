"""One-to-one pairing of predicted and gold rows, and the overlap of spans. Deterministic."""

import numpy as np
import polars as pl

from medner_assets.scoring.encoding import Codes
from medner_assets.scoring.matching import first_rows, marked

_ROUNDS = 64


def paired(edges: pl.DataFrame) -> pl.DataFrame:
    """Return the edges of a one-to-one pairing, chosen greedily in the order of the rows.

    edges: columns `predicted` and `gold` (codes) and whatever else; best first. The result is what a loop
    gives that takes each edge whose ends are both free. An edge that is the first of both its ends is in
    every round's result of that loop, so rounds of such edges give the same pairing.
    """
    chosen = [edges.clear()]
    for _ in range(_ROUNDS):
        if not edges.height:
            return pl.concat(chosen)
        best = edges.filter(pl.col("predicted").is_first_distinct() & pl.col("gold").is_first_distinct())
        chosen.append(best)
        edges = edges.join(best, on="predicted", how="anti", maintain_order="left").join(
            best, on="gold", how="anti", maintain_order="left"
        )
    # A long chain of edges, each blocked by the one before: finish it one by one.
    taken: set[int] = set()
    given: set[int] = set()
    keep = []
    for predicted, gold in zip(edges["predicted"].to_list(), edges["gold"].to_list(), strict=True):
        free = predicted not in taken and gold not in given
        keep.append(free)
        if free:
            taken.add(predicted)
            given.add(gold)
    return pl.concat([*chosen, edges.filter(pl.Series(keep, dtype=pl.Boolean))])


def paired_in_order(
    predicted: Codes, predicted_key: Codes, gold: Codes, gold_key: Codes
) -> tuple[Codes, Codes]:
    """Pair the k-th predicted row of each key with the k-th gold row of that key; return both rows of each
    pair.

    predicted, gold: row numbers, with one key each; their order says which comes first.
    """
    if not len(predicted) or not len(gold):
        return predicted[:0], gold[:0]
    size = 1 + max(int(predicted_key.max()), int(gold_key.max()))
    first = [first_rows(key, None, size) for key in (predicted_key, gold_key)]
    at = np.full(size, -1, dtype=np.int64)
    at[gold_key[first[1]]] = gold[first[1]]
    partner = at[predicted_key[first[0]]]
    met = partner >= 0
    # Few keys have a second row on both sides, and only these need counting.
    more = [
        marked(key[~is_first], size) for key, is_first in zip((predicted_key, gold_key), first, strict=True)
    ]
    turn = pl.int_range(pl.len()).over("key").alias("turn")
    left, right = (
        pl.DataFrame({"row": row[later], "key": key[later]}).with_columns(turn)
        for row, key, is_first in zip((predicted, gold), (predicted_key, gold_key), first, strict=True)
        for later in [~is_first & (more[0] & more[1])[key]]
    )
    later = left.join(right, on=["key", "turn"])
    return (
        np.concatenate([predicted[first[0]][met], later["row"].to_numpy()]),
        np.concatenate([partner[met], later["row_right"].to_numpy()]),
    )


def overlapping(
    doc: Codes, start: Codes, end: Codes, other_doc: Codes, other_start: Codes, other_end: Codes
) -> tuple[Codes, Codes, Codes]:
    """Return (row, other row, characters in common) of every two spans of one document that overlap.

    Spans are [start, end) with 0 ≤ start < end, in any order.
    """
    if not len(doc) or not len(other_doc):
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, nothing
    width = int(max(end.max(), other_end.max())) + 1
    order = np.argsort(other_doc * width + other_start, kind="stable")
    place = (other_doc * width + other_start)[order]
    longest = np.zeros(int(max(doc.max(), other_doc.max())) + 1, dtype=np.int64)
    np.maximum.at(longest, other_doc, other_end - other_start)
    # A span that overlaps [start, end) starts before `end`, at most the longest span before `start`.
    low = np.searchsorted(place, doc * width + np.maximum(start - longest[doc] + 1, 0))
    high = np.searchsorted(place, doc * width + end)
    many = np.maximum(high - low, 0)
    row = np.repeat(np.arange(len(doc)), many)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    other = order[np.repeat(low, many) + offset]
    common = np.minimum(end[row], other_end[other]) - np.maximum(start[row], other_start[other])
    real = common > 0
    return row[real], other[real], common[real]
