"""Strings and tuples → dense integer codes, so that sets of millions of items are compared as integers.
Exact: no hashing, so no collisions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from medner_assets.normalising import normalised

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
    categories = pl.Categories.random()
    numbering = pl.Categorical(categories)
    # Kept until the strings are read: Polars forgets a numbering that no column uses any more.
    numbered: list[pl.Series] = []
    found: list[_Column] = []
    for column in columns:
        run = None
        # Document ids come in runs: then only the first of each run is looked up.
        if len(column) >= _SAMPLE and _RUN * int(_starts(column.head(_SAMPLE)).sum()) < _SAMPLE:
            starts = np.flatnonzero(_starts(column))
            run = np.diff(starts, append=len(column))
            column = column.gather(starts)
        numbered.append(column.cast(numbering))
        found.append(_Column.of(numbered[-1], run))
    strings = categories.to_series().rename("text")
    return strings, lambda numbers: [part.rows(numbers) for part in found]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as Polars numbers its strings; nulls: rows without one; run: how often each row stands."""

    code: np.ndarray
    nulls: np.ndarray | None
    run: Codes | None

    @classmethod
    def of(cls, numbered: pl.Series, run: Codes | None) -> Self:
        physical = numbered.to_physical()
        if not numbered.null_count():
            return cls(physical.to_numpy(), None, run)
        return cls(physical.fill_null(0).to_numpy(), numbered.is_null().to_numpy(), run)

    def rows(self, number: Codes) -> Codes:
        """Return `number` of each row, null → -1."""
        if self.nulls is None:
            codes = number[self.code]
        else:
            codes = np.full(len(self.code), -1, dtype=np.int64)
            codes[~self.nulls] = number[self.code[~self.nulls]]
        return codes if self.run is None else np.repeat(codes, self.run)


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
    """Return one code ≥ 0 for each distinct tuple of the columns' values (each ≥ -1), and a bound above all
    codes. Codes are in the order of the tuples.

    Equal tuples have equal codes. The codes may lie far apart: compare them, do not index by them.
    """
    joint = columns[0] + 1
    size = int(joint.max(initial=0)) + 1
    for column in columns[1:]:
        width = int(column.max(initial=0)) + 2
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
