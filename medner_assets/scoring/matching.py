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
    """Which rows count, each distinct item once: tp and fp mark predicted rows, fn marks gold rows."""

    tp: Mask
    fp: Mask
    fn: Mask

    def of(self, predicted: Mask, gold: Mask) -> "Matched":
        """Return the same without the predicted and gold rows that the masks leave out."""
        return Matched(self.tp & predicted, self.fp & predicted, self.fn & gold)

    def by(self, predicted_key: Codes, gold_key: Codes, size: int) -> np.ndarray:
        """Return the counts by a key of the rows (document, type), shape (size, 3): tp, fp, fn."""
        return np.stack(
            [
                np.bincount(predicted_key[self.tp], minlength=size),
                np.bincount(predicted_key[self.fp], minlength=size),
                np.bincount(gold_key[self.fn], minlength=size),
            ],
            axis=1,
        )


def match(gold: Codes, predicted: Codes, duplicate: Mask, count_duplicates: bool) -> Matched:
    """Match the items of gold rows and predicted rows; an item's code holds its document, so one call does
    all.

    gold, predicted: item codes ≥ 0, any repeats. duplicate: predicted rows that repeat an earlier line;
    they never match, and each is a false positive of its own if `count_duplicates`.
    """
    size = 1 + max(int(gold.max(initial=-1)), int(predicted.max(initial=-1)))
    in_gold = marked(gold, size)
    in_predicted = marked(predicted[~duplicate], size)
    first = first_rows(predicted, ~duplicate, size)
    hit = in_gold[predicted]
    fp = first & ~hit
    if count_duplicates:
        fp |= duplicate
    return Matched(
        tp=first & hit, fp=fp, fn=first_rows(gold, np.ones(len(gold), dtype=bool), size) & ~in_predicted[gold]
    )


def marked(codes: Codes, size: int) -> Mask:
    """Return for each code below `size` whether it occurs in `codes`."""
    present = np.zeros(size, dtype=bool)
    present[codes] = True
    return present


def first_rows(codes: Codes, eligible: Mask, size: int) -> Mask:
    """Return the mask of the first eligible row of each code, in row order."""
    rows = np.flatnonzero(eligible)
    first = np.full(size, -1, dtype=np.int64)
    first[codes[rows][::-1]] = rows[::-1]  # the last write wins, so the earliest row stays
    mask = np.zeros(len(codes), dtype=bool)
    mask[first[first >= 0]] = True
    return mask
