import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.scoring.pairing import overlapping, paired

SPANS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(1, 6)), max_size=12)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique=True, max_size=30))
def test_pairs_are_those_of_a_loop_that_takes_each_edge_with_free_ends(edges):
    expected, predicted, gold = [], set(), set()
    for left, right in edges:
        if left not in predicted and right not in gold:
            expected.append((left, right))
            predicted.add(left)
            gold.add(right)
    frame = pl.DataFrame(edges, schema={"predicted": pl.Int64, "gold": pl.Int64}, orient="row")
    assert sorted(paired(frame).rows()) == sorted(expected)


def test_a_long_chain_of_blocked_edges_is_paired_in_order():
    chain = [edge for i in range(300) for edge in ((i, i), (i + 1, i))]
    frame = pl.DataFrame(chain[::-1], schema={"predicted": pl.Int64, "gold": pl.Int64}, orient="row")
    assert sorted(paired(frame).rows()) == [(i + 1, i) for i in range(300)]


@given(SPANS, SPANS)
def test_spans_overlap_if_they_share_a_character_of_one_document(left, right):
    expected = sorted(
        (i, j, min(a + m, b + n) - max(a, b))
        for i, (doc, a, m) in enumerate(left)
        for j, (other, b, n) in enumerate(right)
        if doc == other and min(a + m, b + n) > max(a, b)
    )

    def columns(spans):
        doc, start, length = np.array(spans, dtype=np.int64).reshape(-1, 3).T
        return doc, start, start + length

    found = overlapping(*columns(left), *columns(right))
    assert sorted(zip(*(each.tolist() for each in found), strict=True)) == expected
