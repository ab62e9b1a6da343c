"""One-to-one pairing of wrong predictions with missed gold items, and the overlap of spans. Deterministic."""

import numpy as np
import polars as pl

from medner_assets.scoring.encoding import Codes

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
