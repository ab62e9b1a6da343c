"""Strings and tuples → dense integer codes, so that sets of millions of items are compared as integers.
Exact: no hashing, so no collisions.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from medner_assets.scoring.normalising import normalised

Codes = np.ndarray
"""One int64 a row; -1 stands for null."""

_SPREAD = 8
"""Codes may spread over this many times the number of rows before they are ranked, which costs a sort."""


def text_codes(columns: Sequence[pl.Series]) -> tuple[list[Codes], pl.Series]:
    """Return each column's codes in one common numbering, and the strings by code. Null → -1.

    The numbering depends on the order of the rows: compare codes, never order by them.
    """
    categories = pl.Categorical(pl.Categories.random())
    coded = [column.cast(pl.String).rename("text").cast(categories) for column in columns]
    distinct = pl.concat([column.unique() for column in coded]).unique().drop_nulls()
    order = distinct.to_physical().to_numpy().astype(np.int64)
    number = np.full(int(order.max(initial=-1)) + 2, -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    # The last place stands for null.
    null = len(number) - 1
    return [number[column.to_physical().fill_null(null).to_numpy()] for column in coded], distinct.cast(
        pl.String
    )


def normalised_codes(columns: Sequence[pl.Series]) -> list[Codes]:
    """Return each column's codes of the normalised strings, in one common numbering. Null → -1."""
    codes, strings = text_codes(columns)
    (form,), _ = text_codes([normalised(strings)])
    form = np.append(form, -1)  # so that code -1 stays -1
    return [form[code] for code in codes]


def ordered_codes(columns: Sequence[pl.Series]) -> tuple[list[Codes], list[str]]:
    """Return codes whose order is that of the strings, whatever the order of the rows; for columns of few
    values.
    """
    codes, strings = text_codes(columns)
    order = strings.arg_sort().to_numpy()
    rank = np.full(len(strings) + 1, -1, dtype=np.int64)
    rank[order] = np.arange(len(strings))
    return [rank[code] for code in codes], strings.gather(order).to_list()


def packed(columns: Sequence[Codes]) -> tuple[Codes, int]:
    """Return one code for each distinct tuple of the columns' values (each ≥ -1), and a bound above all
    codes.

    Equal tuples have equal codes. The codes may lie far apart: compare them, do not index by them.
    """
    joint = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for column in columns:
        width = int(column.max()) + 2 if len(column) else 1
        if size > (2**62) // width:
            joint = dense(joint)
            size = len(joint)
        joint = joint * width + (column + 1)
        size *= width
    return joint, size


def joint_codes(columns: Sequence[Codes]) -> Codes:
    """Return codes as `packed` does, all below a few times the number of rows, so that arrays can be indexed
    by them.
    """
    joint, size = packed(columns)
    return joint if size <= _SPREAD * len(joint) else dense(joint)


def dense(values: Codes) -> Codes:
    """Return the rank of each value among the distinct values, from 0."""
    if not len(values):
        return values.astype(np.int64)
    return pl.Series(values).rank("dense").to_numpy().astype(np.int64) - 1


def integers(column: pl.Series) -> Codes:
    """Return an integer or boolean column as int64, null → -1."""
    return column.cast(pl.Int64).fill_null(-1).to_numpy()
