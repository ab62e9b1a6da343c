"""The error classes, and the rows that carry them: what entity and relation classification have in common.

Each predicted row and each gold row gets the class of its item; of an item's rows exactly one carries its
count, so that the counts of all rows are those of `document_scores` under the headline scheme.
docs/scoring.md has examples.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from medner_assets.scoring.encoding import Codes
from medner_assets.scoring.matching import first_rows, marked

ERRORS: tuple[str, ...] = (
    "correct",
    "duplicate",
    "ungrounded",
    "type",
    "boundary",
    "type_boundary",
    "direction",
    "cascaded",
    "spurious",
    "missing",
)
"""In the order in which they are tried; the first that applies counts."""

CODE = {error: code for code, error in enumerate(ERRORS)}


@dataclass(frozen=True, slots=True)
class Mistakes:
    """The wrong items of one stage: which predicted rows and gold rows go together, and why.

    pairs: predicted_row, gold_row (positions in the frames), error; one-to-one by item. ungrounded: items
    whose string is not in the text.
    """

    pairs: pl.DataFrame
    ungrounded: Codes


def no_pairs() -> pl.DataFrame:
    """Return the empty frame of pairs."""
    return pl.DataFrame(schema={"predicted_row": pl.Int64(), "gold_row": pl.Int64(), "error": pl.Int64()})


def numbered(rows: pl.DataFrame, keep: np.ndarray) -> pl.DataFrame:
    """Return the rows that `keep` marks, each with its position as `at`."""
    return rows.filter(pl.Series(keep)).with_columns(at=np.flatnonzero(keep))


def outcome_rows(
    gold: pl.DataFrame,
    predicted: pl.DataFrame,
    correct: tuple[Codes, Codes],
    mistakes: Mistakes,
    count_duplicates: bool,
) -> pl.DataFrame:
    """Return one row for each predicted row, each gold row not paired, and each pair, in document order.

    gold, predicted: rows of one stage with doc, item and (predicted) duplicate, sorted by document. correct:
    predicted rows and their gold rows with the same item. Returns doc, predicted_row, gold_row (-1: none),
    error (code), tp, fp, fn.
    """
    gold_item, predicted_item = gold["item"].to_numpy(), predicted["item"].to_numpy()
    duplicate = predicted["duplicate"].to_numpy()
    size = 1 + max(int(gold_item.max(initial=-1)), int(predicted_item.max(initial=-1)))
    in_gold, in_predicted = marked(gold_item, size), marked(predicted_item[~duplicate], size)
    predicted_error = np.where(in_gold, CODE["correct"], CODE["spurious"])  # by item
    gold_error = np.where(in_predicted, CODE["correct"], CODE["missing"])
    predicted_error[mistakes.ungrounded] = CODE["ungrounded"]
    why = mistakes.pairs["error"].to_numpy()
    wrong, missed = mistakes.pairs["predicted_row"].to_numpy(), mistakes.pairs["gold_row"].to_numpy()
    predicted_error[predicted_item[wrong]] = why
    gold_error[gold_item[missed]] = why

    partner = np.full(len(predicted_item), -1, dtype=np.int64)
    partner[correct[0]] = correct[1]
    partner[wrong] = missed
    alone = np.ones(len(gold_item), dtype=bool)
    alone[partner[partner >= 0]] = False

    error = predicted_error[predicted_item]
    error[duplicate] = CODE["duplicate"]
    # An item's count sits on its first paired row, else on its first row.
    has_pair = marked(predicted_item[partner >= 0], size)
    counted = first_rows(predicted_item, ~duplicate & ((partner >= 0) | ~has_pair[predicted_item]), size)
    hit = error == CODE["correct"]
    false = counted & ~hit
    if count_duplicates:
        false |= duplicate
    missing_paired = np.zeros(len(predicted_item), dtype=bool)
    missing_paired[wrong] = True
    rest = np.flatnonzero(alone)
    paired_items = marked(gold_item[missed], size)
    lost = first_rows(gold_item, alone & ~in_predicted[gold_item] & ~paired_items[gold_item], size)[rest]
    none = np.full(len(rest), -1, dtype=np.int64)
    nothing = np.zeros(len(rest), dtype=bool)
    doc, rest_doc = predicted["doc"].to_numpy(), gold["doc"].to_numpy()[rest]
    # A document's predicted rows first, in the order of the completion, then what is left of gold.
    place = np.concatenate(
        [
            np.arange(len(doc)) + np.searchsorted(rest_doc, doc, side="left"),
            np.arange(len(rest)) + np.searchsorted(doc, rest_doc, side="right"),
        ]
    )
    columns = {
        "doc": (doc, rest_doc),
        "predicted_row": (np.arange(len(doc)), none),
        "gold_row": (partner, rest),
        "error": (error, gold_error[gold_item[rest]]),
        "tp": (counted & hit, nothing),
        "fp": (false, nothing),
        "fn": (missing_paired, lost),
    }
    return pl.DataFrame({name: _placed(place, *parts) for name, parts in columns.items()})


def _placed(place: Codes, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    merged = np.empty(len(place), dtype=first.dtype)
    merged[place[: len(first)]] = first
    merged[place[len(first) :]] = second
    return merged
