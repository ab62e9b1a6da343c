import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.scoring.encoding import dense, joint_codes, normalised_codes, ordered_codes, text_codes


def test_columns_share_one_numbering_and_null_is_minus_one():
    (left, right), strings = text_codes([pl.Series(["a", None, "b"]), pl.Series(["b", "c"])])
    assert left[1] == -1
    assert left[2] == right[0]
    assert [strings[int(code)] for code in (left[0], right[0], right[1])] == ["a", "b", "c"]


def test_columns_of_nulls_only_are_all_minus_one():
    (codes,), strings = text_codes([pl.Series([None, None], dtype=pl.String)])
    assert codes.tolist() == [-1, -1]
    assert len(strings) == 0


def test_strings_that_are_the_same_when_normalised_have_one_code():
    left, right = normalised_codes([pl.Series(["Aspirin ", None]), pl.Series(["aspirin", "bleeding"])])
    assert left[0] == right[0]
    assert right[0] != right[1]
    assert left[1] == -1


def test_ordered_codes_do_not_depend_on_the_order_of_rows():
    for rows in (["b", "a", "c"], ["c", "b", "a"]):
        (codes,), names = ordered_codes([pl.Series(rows)])
        assert names == ["a", "b", "c"]
        assert [names[code] for code in codes] == rows


@given(st.lists(st.tuples(*[st.integers(-1, 2**40)] * 4), min_size=1))
def test_tuples_have_one_code_each_also_where_their_product_does_not_fit_64_bits(rows):
    codes = joint_codes(list(np.array(rows, dtype=np.int64).T))
    assert (
        len(set(codes.tolist()))
        == len(set(rows))
        == len({(c, r) for c, r in zip(codes.tolist(), rows, strict=True)})
    )
    assert 0 <= codes.min() <= codes.max() <= 8 * len(rows)


def test_dense_codes_of_nothing_are_nothing():
    assert dense(np.zeros(0, dtype=np.int64)).tolist() == []
