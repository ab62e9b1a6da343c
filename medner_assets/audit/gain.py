"""How much better one ranking is than another: areas under the curve in strata, with intervals over groups.

Inside a stratum only a related row is compared with an unrelated one. Strata are combined with the weights
of van Elteren (1960), related × unrelated / (rows + 1). Each row's influence on the area is that of DeLong,
DeLong and Clarke-Pearson (1988); influences of one group (patient, document) are added, so that rows of one
document count as one piece of evidence.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.turns import Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

Z, ONE_SIDED = 1.959964, 1.644854
"""Standard deviations to the end of a two-sided and of a one-sided 95 % interval."""
LEAST_OPEN = 0.02
"""Where reading nothing leaves less than this open, the share is of this: else noise is divided by nothing.
"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Gain:
    """What the text adds to what needs no reading."""

    text: Estimate
    """Area of the text alone."""
    position: Estimate
    """Area of position alone."""
    read: Estimate
    """Area of position and text."""
    named: Estimate
    """Area of position and names."""
    gain: Estimate
    """`read` minus `position`, paired."""
    share: Estimate
    """`gain` as a share of what `position` leaves open, 1 minus its area."""
    added: Estimate
    """The same share by the plainer of the two readers, whose noise is not damped: what it cannot exclude is
    not excluded."""
    beyond_names: Estimate
    """The same share of what position and names leave open, of position, names and text."""
    z: float | None
    """Standard deviations of the permutation distribution between `text` and 0.5."""
    strata: int
    groups: int
    """Groups with a stratum that compares something."""
    rows: int


@dataclass(frozen=True, slots=True)
class _Strata:
    """The rows that are compared, sorted by stratum."""

    order: "NDArray[np.int64]"
    number: "NDArray[np.int64]"
    """(rows,) the stratum of each row in `order`, from 0."""
    positive: "NDArray[np.bool_]"
    size: "NDArray[np.float64]"
    ones: "NDArray[np.float64]"

    @property
    def weight(self) -> "NDArray[np.float64]":
        """(strata,) van Elteren's weights, which sum to 1."""
        weight = self.ones * (self.size - self.ones) / (self.size + 1)
        return weight / weight.sum()


def gain_of(
    scores: Scores, label: "NDArray[np.bool_]", stratum: "NDArray[np.int64]", owner: "NDArray[np.int64]"
) -> Gain | None:
    """Return the gain over all rows with a score; None where no stratum has both labels.

    label, stratum, owner: (rows,) each; rows of one stratum have the same number.
    """
    usable = np.flatnonzero(~np.isnan(scores.read))
    strata = _strata(usable, label, stratum)
    if strata is None:
        return None
    group, owners = np.unique(owner[strata.order], return_inverse=True)

    def measured(values: "NDArray[np.float64]") -> tuple[float, "NDArray[np.float64]"]:
        area, rows = _area(strata, values[strata.order])
        return area, np.bincount(owners, weights=rows, minlength=len(group)).astype(np.float64)

    text, position, read, added, named, every = map(
        measured,
        (scores.text, scores.position, scores.read, scores.added, scores.named, scores.all),
    )
    return Gain(
        text=_estimate(*text, 0.0, 1.0),
        position=_estimate(*position, 0.0, 1.0),
        read=_estimate(*read, 0.0, 1.0),
        named=_estimate(*named, 0.0, 1.0),
        gain=_estimate(read[0] - position[0], read[1] - position[1], -1.0, 1.0),
        share=_share(position, read),
        added=_share(position, added),
        beyond_names=_share(named, every),
        z=_z(strata, scores.text[strata.order], text[0]),
        strata=len(strata.size),
        groups=len(group),
        rows=len(usable),
    )


def _share(
    without: tuple[float, "NDArray[np.float64]"], beside: tuple[float, "NDArray[np.float64]"]
) -> Estimate:
    """Return (beside - without) / (1 - without) with its interval, by the delta method."""
    left_open = max(1 - without[0], LEAST_OPEN)
    gained = beside[0] - without[0]
    influence = (beside[1] - without[1]) / left_open
    if 1 - without[0] > LEAST_OPEN:
        influence = influence + gained / left_open**2 * without[1]
    return _estimate(gained / left_open, influence, -np.inf, np.inf)


def _strata(
    usable: "NDArray[np.int64]", label: "NDArray[np.bool_]", stratum: "NDArray[np.int64]"
) -> _Strata | None:
    if not len(usable):
        return None
    _, number = np.unique(stratum[usable], return_inverse=True)
    size = np.bincount(number)
    ones = np.bincount(number, weights=label[usable])
    mixed = (ones > 0) & (ones < size)
    chosen = mixed[number]
    if not chosen.any():
        return None
    rows = usable[chosen]
    _, number = np.unique(number[chosen], return_inverse=True)
    by_stratum = np.argsort(number, kind="stable")
    return _Strata(
        rows[by_stratum],
        number[by_stratum],
        label[rows[by_stratum]],
        size[mixed].astype(float),
        ones[mixed].astype(float),
    )


def _area(strata: _Strata, values: "NDArray[np.float64]") -> tuple[float, "NDArray[np.float64]"]:
    """Return the combined area, and (rows,) each row's influence on it, without those of the weights."""
    number, positive = strata.number, strata.positive
    every = _midranks(number, values)
    same = np.empty(len(values))
    for side in (positive, ~positive):
        same[side] = _midranks(number[side], values[side])
    other = np.where(positive, strata.size[number] - strata.ones[number], strata.ones[number])
    placed = (every - same) / other  # share of the other side that stands below, half of what is level
    favour = np.where(positive, placed, 1 - placed)
    area = np.bincount(number, weights=favour * positive) / strata.ones
    own = np.where(positive, strata.ones[number], strata.size[number] - strata.ones[number])
    weight = strata.weight
    combined = min(max(float((weight * area).sum()), 0.0), 1.0)  # 1.0000000000000002 is no share
    # The deviations of one stratum's rows cancel, so a stratum of one group alone varies as a whole.
    whole = weight[number] * (area[number] - combined) / strata.size[number]
    return combined, weight[number] * (favour - area[number]) / own + whole


def _midranks(number: "NDArray[np.int64]", values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return (rows,) ranks from 1 inside each stratum, level values with their mean rank."""
    order = np.lexsort((values, number))
    n, v = number[order], values[order]
    new = np.append(True, (n[1:] != n[:-1]) | (v[1:] != v[:-1]))
    run = np.cumsum(new) - 1
    begins = np.flatnonzero(new)
    ends = np.append(begins[1:], len(n))
    first = np.searchsorted(n, n[begins])
    mean = (begins + ends - 1) / 2 - first + 1
    result = np.empty(len(values))
    result[order] = mean[run]
    return result


def _z(strata: _Strata, values: "NDArray[np.float64]", area: float) -> float | None:
    """Return the stratified Wilcoxon statistic, variance over permutations of labels inside strata."""
    order = np.lexsort((values, strata.number))
    n, v = strata.number[order], values[order]
    begins = np.flatnonzero(np.append(True, (n[1:] != n[:-1]) | (v[1:] != v[:-1])))
    ties = np.diff(np.append(begins, len(n))).astype(float)
    tied = np.bincount(n[begins], weights=ties**3 - ties)
    size, ones = strata.size, strata.ones
    variance = (size + 1 - tied / (size * (size - 1))) / (12 * ones * (size - ones))
    spread = float(np.sqrt((strata.weight**2 * variance).sum()))
    return (area - 0.5) / spread if spread else None


def _estimate(value: float, influence: "NDArray[np.float64]", least: float, most: float) -> Estimate:
    """Return the value with a normal interval from the influences of the groups."""
    count = len(influence)
    spread = float(np.sqrt((influence**2).sum() * count / max(count - 1, 1)))
    if count < 2:
        return Estimate(value, least, most)
    return Estimate(value, max(value - Z * spread, least), min(value + Z * spread, most))
