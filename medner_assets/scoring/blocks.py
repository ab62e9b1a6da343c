"""Cut an evaluation into blocks of whole documents: scores and errors of a document depend on no other, so
blocks give the same rows as all at once, and memory is that of one block.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.places import document_codes


def blocks(
    gold: GoldFrames, predicted: PredictedFrames, splits: Sequence[str], rows_at_once: int
) -> Iterator[tuple[GoldFrames, PredictedFrames]]:
    """Yield the scored documents with their rows, in the documents' order, about `rows_at_once` predicted
    rows each.

    splits: the documents that are scored. Raises MednerError if there are none, if a document stands twice,
    or if a row belongs to none of all documents.
    """
    scored = gold.documents["split"].is_in(list(splits)).to_numpy()
    if not scored.any():
        raise MednerError(
            f"gold documents: none in split {', '.join(splits)}: score another split or dataset"
        )
    # The place of each row's document among the scored ones; -1 for documents of other splits.
    place = np.where(scored, np.cumsum(scored) - 1, -1).astype(np.int32)
    codes = [place[code] for code in document_codes(gold, predicted)]
    documents = gold.documents.filter(pl.Series(scored))
    rows = sum(int((code >= 0).sum()) for code in codes[2:])
    many = max(1, -(-rows // rows_at_once))
    size = -(-documents.height // many)
    for low in range(0, documents.height, size):
        yield (
            GoldFrames(
                documents.slice(low, size),
                _within(gold.entities, codes[0], low, low + size),
                _within(gold.relations, codes[1], low, low + size),
            ),
            PredictedFrames(
                _within(predicted.entities, codes[2], low, low + size),
                _within(predicted.relations, codes[3], low, low + size),
            ),
        )


def _within(frame: pl.DataFrame, code: np.ndarray, low: int, high: int) -> pl.DataFrame:
    inside = (code >= low) & (code < high)
    return frame if inside.all() else frame.filter(pl.Series(inside))
