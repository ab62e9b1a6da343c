"""Which predicted lines repeat an earlier line of the same completion.

An entity line is a duplicate only beyond the occurrences of its string in the text. Grounding gives the
k-th line with a string its k-th occurrence and each line beyond the last occurrence the last one again, so
a line that has the type, the normalised string and the span of an earlier line is beyond. A relation line
is a duplicate if it repeats type and arguments as written; for a symmetric type in either order.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from medner_assets.scoring.encoding import Codes, joint_codes, packed
from medner_assets.scoring.matching import Mask, first_rows, marked


def duplicate_entities(stage: Codes, item: Codes, start: Codes, end: Codes) -> Mask:
    """Return the mask of duplicate entity rows; rows of one document must stand in the order of their
    ordinals.

    item: codes of (document, type, normalised string). start, end: -1 where the line has no span. A line
    without a span repeats only lines without one: beside a placed line it is a statement of its own.
    """
    statement = joint_codes([stage, item]) if stage.any() else item
    size = int(statement.max(initial=-1)) + 1
    later = ~first_rows(statement, None, size)
    # Only what is said more than once needs a closer look.
    rows = np.flatnonzero(marked(statement[later], size)[statement])
    duplicate = np.zeros(len(statement), dtype=bool)
    duplicate[rows] = ~_is_first([statement[rows], start[rows], end[rows]])
    return duplicate


def duplicate_relations(
    stage: Codes, doc: Codes, kind: Codes, head: Codes, tail: Codes, symmetric: Mask
) -> Mask:
    """Return the mask of duplicate relation rows; rows of one document must stand in the order of their
    ordinals.

    kind: relation type. head, tail: codes of an argument's string as written and its type. symmetric: rows
    whose type has no direction.
    """
    first, second = ordered(head, tail, symmetric)
    return ~_is_first([stage, doc, kind, first, second])


def ordered(head: Codes, tail: Codes, symmetric: Mask) -> tuple[Codes, Codes]:
    """Return the arguments, the smaller code first where the relation is symmetric."""
    turned = symmetric & (head > tail)
    return np.where(turned, tail, head), np.where(turned, head, tail)


def _is_first(columns: Sequence[Codes]) -> Mask:
    return pl.Series(packed(columns)[0]).is_first_distinct().to_numpy()
