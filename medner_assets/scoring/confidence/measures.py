"""How well probabilities hold and rank: calibration error, reliability, risk against coverage. Pure.

All derive from sums over groups of documents, so that one bootstrap over groups gives every interval.
Sources: Guo et al. 2017 (expected calibration error, 15 bins of equal width); Geifman & El-Yaniv 2017 (area
under the risk–coverage curve). Risk is the share of wrong items among those answered, coverage the share of
predicted items that are answered, the surest first.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from medner_assets.scoring.confidence.calibration import TaskCalibration
from medner_assets.scoring.statistics.bootstrap import percentiles, resampled

BINS = 15
STEPS = 100
"""Steps of coverage: points of the curve."""
RESAMPLES = 2_000

Sums = np.ndarray
"""(…, cells, 3): items, the sum of their probabilities, right ones, of each bin or step."""


@dataclass(frozen=True, slots=True)
class Items:
    """Items of one task with the group of each, 0 to `groups` − 1."""

    probability: np.ndarray
    model_probability: np.ndarray
    right: np.ndarray
    group: np.ndarray
    groups: int

    @classmethod
    def of(cls, rows: pl.DataFrame, documents: pl.DataFrame) -> "Items":
        """Return the items of `sure_items` in these documents (doc_id, group_id), all of one split."""
        names = documents["group_id"].unique(maintain_order=True)
        number = pl.DataFrame({"group_id": names}).with_row_index("group")
        placed = rows.join(documents.select("doc_id", "group_id"), on="doc_id", maintain_order="left")
        placed = placed.join(number, on="group_id", maintain_order="left")
        stated, of_model, right, group = (
            placed[name].to_numpy() for name in ("probability", "model_probability", "right", "group")
        )
        return cls(stated, of_model, right, group, len(names))

    def before_calibration(self) -> "Items":
        """Return the same items with the model's probabilities."""
        return Items(self.model_probability, self.model_probability, self.right, self.group, self.groups)

    def bins(self) -> Sums:
        """Return the sums of each group and bin of probability, (groups, bins, 3)."""
        cell = np.minimum((self.probability * BINS).astype(np.int64), BINS - 1)
        return self._sums(cell, BINS)

    def order(self) -> np.ndarray:
        """Return the items by falling probability; the model's decides where calibration made two equal."""
        return np.lexsort((-self.model_probability, -self.probability))

    def steps(self) -> Sums:
        """Return the sums of each group and step of coverage, (groups, steps, 3), the surest first."""
        cell = np.empty(len(self.right), dtype=np.int64)
        count = min(STEPS, max(1, len(cell)))
        cell[self.order()] = np.arange(len(cell)) * count // max(1, len(cell))
        return self._sums(cell, count)

    def answered(self, threshold: float) -> Sums:
        """Return (groups, 1, 3): items, answered ones, right ones of these."""
        told = self.probability >= threshold
        columns = (np.ones(len(told)), told, told & self.right)
        return np.stack([np.bincount(self.group, each, self.groups) for each in columns], axis=-1)[:, None]

    def _sums(self, cell: np.ndarray, cells: int) -> Sums:
        at = self.group * cells + cell
        columns = (np.ones(len(cell)), self.probability, self.right)
        sums = [np.bincount(at, each, self.groups * cells) for each in columns]
        return np.stack(sums, axis=-1).reshape(self.groups, cells, 3)


def calibration_error(bins: Sums) -> np.ndarray:
    """Return the expected calibration error of sums (…, bins, 3): the mean over items of the distance between
    a bin's mean probability and its share of right items; NaN without items."""
    away = np.abs(bins[..., 1] - bins[..., 2]).sum(axis=-1)
    return _ratio(away, bins[..., 0].sum(axis=-1))


def risks(steps: Sums) -> np.ndarray:
    """Return the risk of answering up to each step of sums (…, steps, 3); NaN before the first item."""
    items, right = steps[..., 0].cumsum(axis=-1), steps[..., 2].cumsum(axis=-1)
    return _ratio(items - right, items)


def area_under_risk(steps: Sums) -> np.ndarray:
    """Return the area under risk over coverage of sums (…, steps, 3): 0 is perfect; NaN without items."""
    items = steps[..., 0]
    return _ratio((np.nan_to_num(risks(steps)) * items).sum(axis=-1), items.sum(axis=-1))


@dataclass(frozen=True, slots=True)
class IntervalFigure:
    """A number with its 95 % bootstrap interval over groups; NaN: not defined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve. items: in the bin, or answered. threshold: the least probability answered."""

    at: float
    figure: IntervalFigure
    items: int
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure a version is of one task, and whether it is right to be."""

    ece: IntervalFigure
    ece_before: IntervalFigure
    """Of the model's probabilities, before calibration."""
    aurc: IntervalFigure
    reliability: tuple[Point, ...]
    """at: mean probability of a bin; figure: its share of right items."""
    reliability_before: tuple[Point, ...]
    risk: tuple[Point, ...]
    """at: coverage; figure: risk."""
    coverage_at: tuple[Point, ...]
    """at: precision asked for; figure: share of items that are answered with the threshold set on dev."""
    precision_at: tuple[Point, ...]
    """Likewise; figure: the precision that they have here."""


def measured(items: Items, calibration: TaskCalibration | None, seed: int) -> Sureness:
    """Return the figures and curves of items that have a probability (at least one); intervals are seeded.

    calibration: says from which probability on answers had a precision on dev; None: no such figures.
    """
    before = items.before_calibration()
    bins, steps = items.bins(), items.steps()
    thresholds = [each for each in (calibration.thresholds if calibration else ()) if each.probability]
    told = [items.answered(each.probability or 0.0) for each in thresholds]
    order = items.order()
    answered = steps.sum(axis=0)[:, 0].cumsum().astype(int)
    risk = _figures(steps, risks, seed)
    return Sureness(
        ece=_figures(bins, calibration_error, seed)[0],
        ece_before=_figures(before.bins(), calibration_error, seed)[0],
        aurc=_figures(steps, area_under_risk, seed)[0],
        reliability=_reliability(bins, seed),
        reliability_before=_reliability(before.bins(), seed),
        risk=tuple(
            Point(n / answered[-1], each, int(n), float(items.probability[order[n - 1]]))
            for n, each in zip(answered, risk, strict=True)
        ),
        coverage_at=tuple(
            Point(each.precision, _figures(sums, lambda s: _ratio(s[..., 1], s[..., 0]), seed)[0],
                  int(sums[..., 1].sum()), each.probability)
            for each, sums in zip(thresholds, told, strict=True)
        ),
        precision_at=tuple(
            Point(each.precision, _figures(sums, lambda s: _ratio(s[..., 2], s[..., 1]), seed)[0],
                  int(sums[..., 1].sum()), each.probability)
            for each, sums in zip(thresholds, told, strict=True)
        ),
    )  # fmt: skip


def differences(items: Items, baseline: Items, seed: int) -> dict[str, IntervalFigure]:
    """Return `ece` and `aurc` of items less those of a baseline's on the same documents, paired by group."""
    found = {}
    for name, own, other, measure in (
        ("ece", items.bins(), baseline.bins(), calibration_error),
        ("aurc", items.steps(), baseline.steps(), area_under_risk),
    ):
        cells = own.shape[1]

        def difference(sums: Sums, cells: int = cells, measure=measure) -> np.ndarray:  # type: ignore[no-untyped-def]
            return measure(sums[..., :cells, :]) - measure(sums[..., cells:, :])

        found[name] = _figures(np.concatenate([own, other], axis=1), difference, seed)[0]
    return found


def _reliability(bins: Sums, seed: int) -> tuple[Point, ...]:
    total = bins.sum(axis=0)
    shares = _figures(bins, lambda sums: _ratio(sums[..., 2], sums[..., 0]), seed)
    return tuple(
        Point(float(probability / items), share, int(items))
        for (items, probability, _), share in zip(total, shares, strict=True)
        if items
    )


def _figures(sums: Sums, measure, seed: int) -> list[IntervalFigure]:  # type: ignore[no-untyped-def]
    """Return `measure` of all groups together with its interval; one figure for each value it returns."""
    value = np.atleast_1d(measure(sums.sum(axis=0).astype(float)))
    draws = np.concatenate(
        [np.reshape(measure(drawn), (len(drawn), -1)) for drawn in resampled(sums, seed, RESAMPLES)]
    )
    return [
        IntervalFigure(float(each), *percentiles(own[~np.isnan(own)][:, None])[0].tolist())
        if not np.isnan(each)
        else IntervalFigure(float("nan"), float("nan"), float("nan"))
        for each, own in zip(value, draws.T, strict=True)
    ]


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    above, below = np.asarray(above, float), np.asarray(below, float)
    return np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
