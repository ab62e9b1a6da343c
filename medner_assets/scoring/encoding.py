"""Strings and tuples → dense integer codes, so that sets of millions of items are compared as integers.
Exact: no hashing, so no collisions.
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from medner_assets.scoring.normalising import normalised

Codes = np.ndarray
"""One int64 a row; -1 stands for null."""

_RUN, _SAMPLE = 4, 1024
"""Runs of equal strings are looked up once if they have this many rows on average in a sample of the first
rows.
"""

_SPREAD = 8
"""Codes may spread over this many times the number of rows before they are ranked, which costs a sort."""


def text_codes(columns: Sequence[pl.Series]) -> tuple[list[Codes], pl.Series]:
    """Return each column's codes in one common numbering, and the strings by code. Null → -1.

    The numbering depends on the order of the rows: compare codes, never order by them.
    """
    strings, rows = _looked_up(columns)
    return rows(np.arange(len(strings))), strings


def _looked_up(columns: Sequence[pl.Series]) -> tuple[pl.Series, Callable[[Codes], list[Codes]]]:
    """Return the distinct strings of the columns, and a function that takes one number a distinct string to
    one number a row, column by column; null → -1.
    """
    categories = pl.Categorical(pl.Categories.random())
    # The coded columns are kept until the end: Polars forgets a numbering that no column uses any more.
    found: list[tuple[pl.Series, Codes | None]] = []
    strings: list[pl.Series] = []
    order = [np.zeros(0, dtype=np.int64)]
    known = np.zeros(0, dtype=bool)
    for column in columns:
        column = column.cast(pl.String).rename("text")
        # Document ids come in runs: then only the first of each run is looked up.
        run = None
        if _RUN * int(_starts(column.head(_SAMPLE)).sum()) < min(len(column), _SAMPLE):
            starts = _starts(column)
            column, run = column.filter(pl.Series(starts)), np.cumsum(starts) - 1
        coded = column.cast(categories)
        found.append((coded, run))
        highest = coded.to_physical().max()
        size = max(len(known), 0 if highest is None else int(str(highest)) + 1)
        known = np.append(known, np.zeros(size - len(known), dtype=bool))
        code = _physical(coded, null=size)
        first = np.full(size + 1, -1, dtype=np.int64)
        first[code[::-1]] = np.arange(len(code) - 1, -1, -1)
        new = np.flatnonzero((first[:size] >= 0) & ~known)
        known[new] = True
        order.append(new)
        strings.append(column.gather(first[new]))

    def rows(numbers: Codes) -> list[Codes]:
        number = np.full(len(known) + 1, -1, dtype=np.int64)
        number[np.concatenate(order)] = numbers
        codes = [(number[_physical(coded, null=len(known))], run) for coded, run in found]
        return [code if run is None else code[run] for code, run in codes]

    return pl.concat(strings), rows


def _physical(coded: pl.Series, null: int) -> np.ndarray:
    return coded.to_physical().fill_null(null).to_numpy()


def _starts(column: pl.Series) -> np.ndarray:
    """Return whether each row differs from the one before."""
    starts = np.ones(len(column), dtype=bool)
    starts[1:] = column.ne_missing(column.shift(1)).to_numpy()[1:]
    return starts


def normalised_codes(columns: Sequence[pl.Series]) -> list[Codes]:
    """Return each column's codes of the normalised strings, in one common numbering. Null → -1."""
    strings, rows = _looked_up(columns)
    (form,), _ = text_codes([normalised(strings)])
    return rows(form)


def ordered_codes(columns: Sequence[pl.Series]) -> tuple[list[Codes], list[str]]:
    """Return codes whose order is that of the strings, whatever the order of the rows; for columns of few
    values.
    """
    strings, rows = _looked_up(columns)
    order = strings.arg_sort().to_numpy()
    rank = np.empty(len(strings), dtype=np.int64)
    rank[order] = np.arange(len(strings))
    return rows(rank), strings.gather(order).to_list()


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
        joint *= width
        joint += column
        joint += 1
        size *= width
    return joint, size


def joint_codes(columns: Sequence[Codes]) -> Codes:
    """Return codes as `packed` does, all below a few times the number of rows, so that arrays can be indexed
    by them.
    """
    joint, size = packed(columns)
    return joint if size <= _SPREAD * len(joint) else dense(joint)


def dense(values: Codes) -> Codes:
    """Return the rank of each value among the distinct values, from 0.

    Fast where the values are nearly sorted, as they are where documents are their most significant part.
    """
    order = np.argsort(values, kind="stable")  # Timsort: it merges runs, of which sorted rows have few
    ordered = values[order]
    rank = np.zeros(len(values), dtype=np.int64)
    rank[1:] = np.cumsum(ordered[1:] != ordered[:-1])
    result = np.empty(len(values), dtype=np.int64)
    result[order] = rank
    return result


def integers(column: pl.Series) -> Codes:
    """Return an integer or boolean column as int64, null → -1."""
    return column.cast(pl.Int64).fill_null(-1).to_numpy()
