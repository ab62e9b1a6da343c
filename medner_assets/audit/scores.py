"""Score decisions about pairs: micro F1 over documents with a bootstrap interval over groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.figures import AuditFigure
from medner_assets.audit.nodes import Nodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """(documents,) items of each document: predicted and right, predicted, in gold."""

    right: "NDArray[np.int64]"
    predicted: "NDArray[np.int64]"
    gold: "NDArray[np.int64]"

    @property
    def f1(self) -> float:
        """Micro F1 over all documents; 0 where nothing is right."""
        return float(f1(self.right.sum(), self.predicted.sum(), self.gold.sum()))


def f1(
    right: "np.number | NDArray", predicted: "np.number | NDArray", gold: "np.number | NDArray"
) -> "NDArray":
    """Return 2·right / (predicted + gold), elementwise, and 0 where both are 0."""
    return 2 * np.asarray(right) / np.maximum(np.asarray(predicted) + np.asarray(gold), 1)


def group_numbers(documents: Sequence[Nodes]) -> "NDArray[np.int64]":
    """Return (documents,) the number of each document's group; one without a group is its own."""
    numbers: dict[tuple[bool, str], int] = {}
    keys = [(each.document.group is not None, each.document.group or each.document.id) for each in documents]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def resample_weights(
    groups: "NDArray[np.int64]", seed: int, resamples: int = RESAMPLES
) -> "NDArray[np.int64]":
    """Return (resamples, documents): how often each is drawn when groups are drawn with replacement."""
    count = int(groups.max()) + 1 if len(groups) else 0
    if count == 0:
        return np.zeros((resamples, 0), np.int64)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
    return drawn[:, groups]


def f1_figures(
    probe: str, setting: str, counts: DocumentCounts, weights: "NDArray[np.int64]", meaning: str
) -> list[AuditFigure]:
    """Return precision, recall and F1 of one reader, F1 with its interval."""
    right, predicted, gold = (int(each.sum()) for each in (counts.right, counts.predicted, counts.gold))
    resampled = f1(weights @ counts.right, weights @ counts.predicted, weights @ counts.gold)
    low, high = np.quantile(resampled, (0.025, 0.975))
    return [
        AuditFigure(probe, "f1", counts.f1, meaning, setting, float(low), float(high)),
        AuditFigure(
            probe,
            "precision",
            right / predicted if predicted else 0.0,
            "share of what it relates that is right",
            setting,
        ),
        AuditFigure(
            probe,
            "recall",
            right / gold if gold else 0.0,
            "share of the gold relations that it finds",
            setting,
        ),
    ]
