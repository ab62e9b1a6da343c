"""Classify entities at one stage: which rows are right, and which mistake explains which missed mention."""

import numpy as np
import polars as pl

from medner_assets.scoring.encoding import Codes, dense
from medner_assets.scoring.errors import CODE, Mistakes, no_pairs, numbered, outcome_rows
from medner_assets.scoring.matching import marked
from medner_assets.scoring.pairing import overlapping, paired, paired_in_order


def entity_outcomes(gold: pl.DataFrame, predicted: pl.DataFrame, count_duplicates: bool) -> pl.DataFrame:
    """Return the outcome rows (see `errors.outcome_rows`) of the entities of one stage under the scheme
    `text`.

    gold, predicted: rows as `entity_rows` makes them, with the item of `text` as item.
    """
    gold_item, predicted_item = gold["item"].to_numpy(), predicted["item"].to_numpy()
    live = ~predicted["duplicate"].to_numpy()
    size = 1 + max(int(gold_item.max(initial=-1)), int(predicted_item.max(initial=-1)))
    hit = marked(gold_item, size)[predicted_item]
    found = marked(predicted_item[live], size)[gold_item]
    correct = _same_mentions(gold, np.flatnonzero(found), predicted, np.flatnonzero(hit & live))
    missed, wrong = numbered(gold, ~found), numbered(predicted, ~hit & live)
    string = (
        pl.col("doc") * (1 + max(_highest(gold, "norm"), _highest(predicted, "norm"))) + pl.col("norm")
    ).alias("string")
    missed, wrong = missed.with_columns(string), wrong.with_columns(string)
    placed = predicted.filter(pl.col("start") >= 0).select(string)["string"]
    in_text = (wrong["start"] >= 0) | wrong["string"].is_in(placed.implode())
    ungrounded = wrong.filter(~in_text)["item"].unique().to_numpy()
    mistakes = Mistakes(_explained(missed, wrong.filter(in_text)), ungrounded)
    return outcome_rows(gold, predicted, correct, mistakes, count_duplicates)


def _same_mentions(
    gold: pl.DataFrame, found: Codes, predicted: pl.DataFrame, hit: Codes
) -> tuple[Codes, Codes]:
    """Pair the rows of each item, first those with the same span, then the others in text order."""
    item, gold_item = predicted["item"].to_numpy(), gold["item"].to_numpy()
    span, gold_span = predicted["span"].to_numpy()[hit], gold["span"].to_numpy()[found]
    same, gold_same = paired_in_order(hit, span, found, gold_span)
    one = item[same] == gold_item[gold_same]  # two strings may be one span's: keep the pairs of one item
    same, gold_same = same[one], gold_same[one]
    left = hit[~marked(same, len(item))[hit]]
    gold_left = found[~marked(gold_same, len(gold_item))[found]]
    other, gold_other = paired_in_order(left, item[left], gold_left, gold_item[gold_left])
    return np.concatenate([same, other]), np.concatenate([gold_same, gold_other])


def _highest(rows: pl.DataFrame, column: str) -> int:
    return int(rows[column].to_numpy().max(initial=0))


def _explained(missed: pl.DataFrame, wrong: pl.DataFrame) -> pl.DataFrame:
    """Pair wrong items with missed items, each at most once: same string, then overlap and type, then
    overlap.
    """
    pairs = [no_pairs()]
    if not (missed.height and wrong.height):
        return pairs[0]
    pairs.append(_other_type(missed, wrong))
    missed, wrong = _left(missed, wrong, pairs[-1])
    edges = _overlaps(missed, wrong)
    for error, same_type in (("boundary", True), ("type_boundary", False)):
        best = paired(edges.filter(pl.col("same_type") == same_type))
        pairs.append(best.select("predicted_row", "gold_row", error=pl.lit(CODE[error], dtype=pl.Int64)))
        edges = edges.join(best, on="predicted", how="anti", maintain_order="left")
        edges = edges.join(best, on="gold", how="anti", maintain_order="left")
    return pl.concat(pairs)


def _other_type(missed: pl.DataFrame, wrong: pl.DataFrame) -> pl.DataFrame:
    """Pair items of one string whose types differ, in the order of the types; of their mentions, those with
    one span if there are such.
    """
    wrong = wrong.join(missed, on="string", how="semi", maintain_order="left")
    missed = missed.join(wrong, on="string", how="semi", maintain_order="left")
    items = [
        frame.unique("item", keep="first", maintain_order=True).sort("string", "type")
        for frame in (wrong, missed)
    ]
    keys = dense(np.concatenate([each["string"].to_numpy() for each in items]))
    item, gold_item = paired_in_order(
        items[0]["item"].to_numpy(), keys[: items[0].height],
        items[1]["item"].to_numpy(), keys[items[0].height :],
    )  # fmt: skip
    mentions = wrong.select("item", "at", "start").join(
        pl.DataFrame({"item": item, "gold_item": gold_item}), on="item"
    )
    rows = mentions.join(missed.select(gold_item="item", gold_row="at", gold_start="start"), on="gold_item")
    apart = pl.col("start") != pl.col("gold_start")
    rows = rows.sort(apart, "at", "gold_row").unique("item", keep="first")
    return rows.select(predicted_row="at", gold_row="gold_row", error=pl.lit(CODE["type"], dtype=pl.Int64))


def _left(
    missed: pl.DataFrame, wrong: pl.DataFrame, pairs: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows whose item is in no pair."""
    explained = wrong.join(pairs, left_on="at", right_on="predicted_row", how="semi")
    found = missed.join(pairs, left_on="at", right_on="gold_row", how="semi")
    return (
        missed.join(found, on="item", how="anti", maintain_order="left"),
        wrong.join(explained, on="item", how="anti", maintain_order="left"),
    )


def _overlaps(missed: pl.DataFrame, wrong: pl.DataFrame) -> pl.DataFrame:
    """Return the overlapping items, the longest overlap first: predicted, gold, same_type and the rows that
    overlap.
    """
    missed, wrong = missed.filter(pl.col("start") >= 0), wrong.filter(pl.col("start") >= 0)
    row, other, common = overlapping(
        *(frame[name].to_numpy() for frame in (wrong, missed) for name in ("doc", "start", "end"))
    )
    left, right = wrong[row], missed[other]
    edges = pl.DataFrame(
        {
            "predicted": left["item"], "gold": right["item"], "same_type": left["type"] == right["type"],
            "predicted_row": left["at"], "gold_row": right["at"], "common": common,
            "span": right["end"] - right["start"] + left["end"] - left["start"],
            "start": left["start"], "gold_start": right["start"],
            "type": left["type"], "gold_type": right["type"],
        }
    )  # fmt: skip
    order = ["common", "span", "start", "gold_start", "type", "gold_type", "predicted_row", "gold_row"]
    edges = edges.sort(order, descending=[True] + [False] * (len(order) - 1))
    return edges.unique(["predicted", "gold"], keep="first", maintain_order=True)
