"""Cut an evaluation into blocks of whole documents: scores and errors of a document depend on no other, so
blocks give the same rows as all at once; memory is that of a few blocks, and two are worked on at a time.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.places import document_codes

Result = TypeVar("Result")

ROWS_AT_ONCE = 250_000
"""Predicted rows of a block: a hundred MB of working memory, and little enough for the caches."""
_AT_A_TIME = 2
"""Blocks in work. More would need more memory, and Polars uses the other cores by itself."""


def in_blocks(
    gold: GoldFrames,
    predicted: PredictedFrames,
    splits: Sequence[str],
    work: Callable[[GoldFrames, PredictedFrames], Result],
    rows_at_once: int = ROWS_AT_ONCE,
) -> list[Result]:
    """Return what `work` returns for each block, in the order of the documents. Raises what `blocks` and
    `work` raise.
    """
    done: list[Result] = []
    running: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for block in blocks(gold, predicted, splits, rows_at_once):
            running.append(pool.submit(work, *block))
            if len(running) > _AT_A_TIME:
                done.append(running.popleft().result())
        done += [each.result() for each in running]
    return done


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
    """Return the rows whose document is in [low, high); a slice, which copies nothing, where they stand
    together.
    """
    rows = np.flatnonzero((code >= low) & (code < high))
    if not len(rows):
        return frame.clear()
    if rows[-1] - rows[0] + 1 == len(rows):
        return frame.slice(int(rows[0]), len(rows))
    return frame[rows]
