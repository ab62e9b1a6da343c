"""Classify entities at one stage: which rows are right, and which mistake explains which missed mention."""

import polars as pl

from medner_assets.scoring.errors import CODE, Mistakes, no_pairs, outcome_rows
from medner_assets.scoring.matching import marked
from medner_assets.scoring.pairing import overlapping, paired


def entity_outcomes(gold: pl.DataFrame, predicted: pl.DataFrame, count_duplicates: bool) -> pl.DataFrame:
    """Return the outcome rows (see `errors.outcome_rows`) of the entities of one stage under the scheme
    `text`.

    gold, predicted: rows as `entity_rows` makes them, with the item of `text` as item.
    """
    gold, predicted = (
        frame.with_row_index("at").with_columns(pl.col("at").cast(pl.Int64)) for frame in (gold, predicted)
    )
    gold_item, predicted_item = gold["item"].to_numpy(), predicted["item"].to_numpy()
    duplicate = predicted["duplicate"].to_numpy()
    size = 1 + max(int(gold_item.max(initial=-1)), int(predicted_item.max(initial=-1)))
    hit = marked(gold_item, size)[predicted_item]
    found = marked(predicted_item[~duplicate], size)[gold_item]
    correct = _same_mentions(gold.filter(found), predicted.filter(hit & ~duplicate))
    wrong, missed = predicted.filter(~hit & ~duplicate), gold.filter(~found)
    string = predicted["string"].to_numpy()
    placed = marked(string[predicted["start"].to_numpy() >= 0], int(string.max(initial=-1)) + 1)
    in_text = placed[wrong["string"].to_numpy()]
    ungrounded = wrong.filter(~in_text)["item"].unique().to_numpy()
    return outcome_rows(
        gold,
        predicted,
        correct,
        Mistakes(_explained(missed, wrong.filter(in_text)), ungrounded),
        count_duplicates,
    )


def _same_mentions(gold: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """Pair the rows of each item: those with the same span, then the others in text order."""
    keys = ["item", "start", "end"]
    same = predicted.select("at", *keys).join(gold.select("at", *keys).unique(keys, keep="first"), on=keys)
    same = same.select(predicted_row="at", gold_row="at_right")
    gold = gold.join(same, left_on="at", right_on="gold_row", how="anti", maintain_order="left")
    predicted = predicted.join(
        same, left_on="at", right_on="predicted_row", how="anti", maintain_order="left"
    )
    if not (gold.height and predicted.height):
        return same
    turn = pl.int_range(pl.len()).over("item").alias("turn")
    others = predicted.select("at", "item", turn).join(gold.select("at", "item", turn), on=["item", "turn"])
    return pl.concat([same, others.select(predicted_row="at", gold_row="at_right")])


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
    """Pair items of one string whose types differ, in the order of the types; mentions with one span if
    there are.
    """
    turn = pl.int_range(pl.len()).over("string").alias("turn")
    items = [
        frame.unique("item", keep="first", maintain_order=True)
        .sort("string", "type")
        .select("string", "item", turn)
        for frame in (wrong, missed)
    ]
    both = items[0].join(items[1], on=["string", "turn"], suffix="_gold").select("item", "item_gold")
    mentions = wrong.select("item", "at", "start").join(both, on="item")
    rows = mentions.join(missed.select(item_gold="item", gold_row="at", gold_start="start"), on="item_gold")
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
