"""Match predicted items to gold items: set logic on integer codes, additive counts. Pure: no I/O, no
randomness.
"""

from dataclasses import dataclass

import numpy as np

from medner_assets.scoring.encoding import Codes

Mask = np.ndarray
"""One bool a row."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Additive counts of items: tp + fp are the predicted ones, tp + fn the gold ones."""

    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float:
        """Return tp / (tp + fp), 0.0 where nothing was predicted."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0

    @property
    def recall(self) -> float:
        """Return tp / (tp + fn), 0.0 where gold has nothing."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def f1(self) -> float:
        """Return 2 tp / (2 tp + fp + fn), 0.0 where there is neither gold nor prediction."""
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp else 0.0


@dataclass(frozen=True, slots=True)
class Matched:
    """Which rows count, each distinct item once: tp and fp are predicted rows, fn gold rows."""

    tp: Codes
    fp: Codes
    fn: Codes

    def of(self, predicted: Mask, gold: Mask) -> "Matched":
        """Return the same without the predicted and gold rows that the masks leave out."""
        return Matched(self.tp[predicted[self.tp]], self.fp[predicted[self.fp]], self.fn[gold[self.fn]])

    def by(self, predicted_key: Codes, gold_key: Codes, size: int) -> np.ndarray:
        """Return the counts by a key of the rows (document, type), shape (size, 3): tp, fp, fn."""
        keys = (predicted_key[self.tp], predicted_key[self.fp], gold_key[self.fn])
        return np.stack([np.bincount(key, minlength=size) for key in keys], axis=1)


def match(gold: Codes, predicted: Codes, duplicate: Mask, count_duplicates: bool) -> Matched:
    """Match the items of gold rows and predicted rows; an item's code holds its document, so one call does
    all.

    gold, predicted: item codes ≥ 0, any repeats. duplicate: predicted rows that repeat an earlier line;
    they never match, and each is a false positive of its own if `count_duplicates`.
    """
    size = 1 + max(int(gold.max(initial=-1)), int(predicted.max(initial=-1)))
    live = ~duplicate
    in_gold = marked(gold, size)
    in_predicted = marked(predicted[live] if duplicate.any() else predicted, size)
    first = first_rows(predicted, live, size)
    hit = in_gold[predicted]
    fp = first & ~hit
    if count_duplicates:
        fp |= duplicate
    fn = first_rows(gold, None, size) & ~in_predicted[gold]
    return Matched(np.flatnonzero(first & hit), np.flatnonzero(fp), np.flatnonzero(fn))


def marked(codes: Codes, size: int) -> Mask:
    """Return for each code below `size` whether it occurs in `codes`."""
    present = np.zeros(size, dtype=bool)
    present[codes] = True
    return present


def first_rows(codes: Codes, eligible: Mask | None, size: int) -> Mask:
    """Return the mask of the first eligible row of each code below `size`, in row order; None: all are."""
    # Half the width of a code, so that more of it stays in the caches; rows are far fewer than 2**31.
    first = np.full(size, -1, dtype=np.int32)
    if eligible is None or eligible.all():
        # The last write wins: the earliest row stays.
        first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1, dtype=np.int32)
    else:
        rows = np.flatnonzero(eligible)[::-1]
        first[codes[rows]] = rows
    mask = np.zeros(len(codes), dtype=bool)
    mask[first[first >= 0]] = True
    return mask
